//! The real parts as processes: Envoy, Airflow, Istio, certificates, load.
//!
//! Everything installed or made lives under `target/` of the workspace. Every process that is
//! started here ends with its handle, and with this process however that ends
//! (see [`process`]). Network traffic stays on loopback and in network namespaces that are made here.
//!
//! | room | what it is for |
//! |---|---|
//! | [`paths`], [`cache`], [`progress`], [`table`] | where things lie, install once, say what takes long, print a result |
//! | [`python`], [`debian`], [`go`], [`envoy`], [`module`] | the programs: a virtual environment, Debian's packages, Go modules, Envoy, the filter as wasm |
//! | [`process`], [`port`], [`owner`], `guard` | a child with a log, a readiness check and a certain end; a port that outlives it; whose something is; what is done when this process dies |
//! | [`image`], [`registry`] | the module as an OCI image, and a registry to push it to |
//! | [`wheel`] | the command-line tool for pip |
//! | [`certs`] | a mesh CA and SPIFFE certificates, good ones and malformed ones |
//! | [`jwt`], [`oidc`] | tokens, honest ones and malformed ones, and a real OpenID provider |
//! | [`sidecar`], [`admin`] | Envoy configured as Istio configures a sidecar, and what it reports |
//! | [`airflow`] | Airflow, and the sidecars around it |
//! | [`istio`] | a whole Istio: Kubernetes' API server, istiod, injected pods |
//! | [`manifest`], [`teams`], [`chart`], [`story`] | the files that users apply, the map of teams in them, Airflow's Helm chart with their values, and the main job on a quick mesh |
//! | [`upstream`], [`client`], [`load`] | the app behind, one request, many requests |
//! | [`mod@bench`] | what the filter costs |

pub mod admin;
pub mod airflow;
pub mod bench;
pub mod cache;
pub mod certs;
pub mod chart;
pub mod client;
pub mod debian;
pub mod envoy;
pub mod go;
mod guard;
pub mod image;
pub mod istio;
pub mod jwt;
pub mod load;
pub mod manifest;
pub mod module;
pub mod oidc;
pub mod owner;
pub mod paths;
pub mod port;
pub mod process;
pub mod progress;
pub mod python;
pub mod registry;
mod runtime;
pub mod s3;
pub mod sidecar;
pub mod story;
pub mod table;
pub mod teams;
mod tls;
pub mod upstream;
pub mod wait;
pub mod wheel;
