//! A complete Istio on this machine without containers: the real API server, the real istiod with
//! its webhooks and its CA, and pods with injected sidecars, captured traffic and certificates of
//! their own.
//!
//! It needs Linux, root and Go; [`missing`] says what this machine lacks.
//!
//! | module | what it contains |
//! |---|---|
//! | [`network`], [`container`], `images` | a pod's network, a container's file system, and its images |
//! | [`release`] | the releases of Istio and Kubernetes that run |
//! | [`kubernetes`], [`api`], `watch` | etcd and the API server, and their clients |
//! | [`kubelet`], `controllers`, `names` | the work of a node and of the controllers, which this process does |
//! | [`istiod`], [`proxies`] | Istio's control plane, and the updates that proxies reject |
//! | [`kept`], `exec` | a cluster for interactive use, and commands in its containers |
//! | [`airflow`] | Airflow with its Kubernetes executor, as pods |

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

pub mod airflow;
pub mod api;
pub mod container;
mod controllers;
mod exec;
mod fields;
mod images;
pub mod istiod;
pub mod kept;
pub mod kubelet;
pub mod kubernetes;
mod names;
pub mod network;
pub mod proxies;
pub mod release;
mod requirements;
mod watch;

use api::Api;
use dagward_testbed::netns::Netns;
use fields::{is_ready, text};
use istiod::Istiod;
use kubelet::Kubelet;
use kubernetes::Kubernetes;
use network::{Namespace, Network};
use proxies::Proxies;
use release::Istio;

pub use images::install_all as install_sidecars;
pub use requirements::missing;

use dagward_publish::image::{Image, Scheme};
use dagward_testbed::registry::Registry;
use dagward_workbench::paths;

/// The time until a pod must be ready: usually seconds, more if many pods start on a busy machine.
const READY: Duration = Duration::from_secs(300);

/// A pod that is ready.
#[derive(Debug, Clone)]
pub struct Pod {
    /// Its address.
    pub address: Ipv4Addr,
    /// Its network namespace.
    pub netns: Netns,
}

/// A running cluster with Istio. It ends with its handle.
#[derive(Debug)]
pub struct Cluster {
    // In the order in which they end.
    _kubelet: Kubelet,
    istiod: Istiod,
    kubernetes: Kubernetes,
    registry: Registry,
    network: Arc<Network>,
}

impl Cluster {
    /// Starts the cluster; builds its programs if necessary.
    pub fn start() -> Result<Self> {
        Self::install()?;
        paths::sweep()?;
        let network = Arc::new(Network::new()?);
        let host = network.address();
        let kubernetes = Kubernetes::start(host)?;
        let kubelet = Kubelet::start(&kubernetes, &network)?;
        Ok(Self {
            _kubelet: kubelet,
            istiod: Istiod::start(&kubernetes, host)?,
            kubernetes,
            registry: Registry::start_on(host.into())?,
            network,
        })
    }

    /// Builds all programs, if necessary.
    pub fn install() -> Result<()> {
        Kubernetes::install()?;
        Istiod::install()?;
        images::install()
    }

    /// The API server.
    pub fn kubernetes(&self) -> &Kubernetes {
        &self.kubernetes
    }

    /// `istioctl`, as an administrator.
    pub fn istioctl(&self) -> Command {
        self.istiod.istioctl()
    }

    /// The release of Istio that runs.
    pub fn release(&self) -> Istio {
        self.istiod.release()
    }

    /// Istio's control plane.
    pub fn istiod(&mut self) -> &mut Istiod {
        &mut self.istiod
    }

    /// The proxies that are connected to istiod.
    pub fn proxies(&self) -> Proxies {
        Proxies::new(self.api(), self.istiod.address())
    }

    /// The registry that pods reach.
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Pushes a module as an image with this tag, and returns its two forms as a WasmPlugin's
    /// `url`.
    pub fn publish(&self, module: &Path, tag: &str) -> Result<[String; 2]> {
        let reference = format!("{}/dagward:{tag}", self.registry.address());
        let pushed = Image::of(module)?.push(&reference, Scheme::Http)?;
        Ok([pushed.image, pushed.artifact].map(|reference| format!("oci://{reference}")))
    }

    /// The API, as an administrator.
    pub fn api(&self) -> &Api {
        self.kubernetes.api()
    }

    /// A pod, once it is ready: its address and its network namespace.
    pub fn pod(&self, namespace: &str, name: &str) -> Result<Pod> {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        let ready = |pod: &Value| {
            is_ready(pod)
                .then(|| text(pod, "/status/podIP").map(str::to_owned))
                .flatten()
        };
        // A sidecar that rejects its first listeners is never ready.
        let found = self.api().when(&path, READY, ready);
        let found = found.map_err(|error| self.proxies().explain(namespace, error));
        let address = found?.parse()?;
        Ok(Pod {
            address,
            netns: self.network.netns(address),
        })
    }

    /// The address and first port at which pods reach a service.
    pub fn service(&self, namespace: &str, name: &str) -> Result<SocketAddr> {
        let service = self
            .api()
            .get(&format!("/api/v1/namespaces/{namespace}/services/{name}"))?;
        let address: Ipv4Addr = text(&service, "/spec/clusterIP").unwrap_or_default().parse()?;
        let port = service.pointer("/spec/ports/0/port").and_then(Value::as_u64);
        let port = port.context("a service without a port")?;
        Ok((address, u16::try_from(port)?).into())
    }

    /// A network namespace without a pod, for a client outside the mesh.
    pub fn outside(&self) -> Result<(Namespace, Netns)> {
        let namespace = self.network.namespace()?;
        let netns = self.network.netns(namespace.address());
        Ok((namespace, netns))
    }

    /// The pods' network.
    pub fn network(&self) -> &Network {
        &self.network
    }
}
