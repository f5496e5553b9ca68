//! Real programs as processes, and clients for them.
//!
//! Network traffic stays on loopback and in network namespaces that this crate makes.
//!
//! | module | what it contains |
//! |---|---|
//! | [`envoy`], [`sidecar`], [`admin`] | Envoy, configured as Istio configures a sidecar, and its reports |
//! | [`airflow`] | Airflow, and the sidecars around it |
//! | [`certs`] | a mesh CA and SPIFFE certificates, good ones and malformed ones |
//! | [`oidc`], [`registry`], [`s3`] | an OpenID provider, a registry of images, a log store |
//! | [`upstream`], [`client`], [`load`], [`netns`] | the app behind, one request, many requests, and the network namespace that they start from |

pub mod admin;
pub mod airflow;
pub mod certs;
pub mod client;
pub mod envoy;
pub mod load;
pub mod netns;
pub mod oidc;
pub mod port;
pub mod registry;
pub mod runtime;
pub mod s3;
pub mod sidecar;
pub mod tls;
pub mod upstream;
