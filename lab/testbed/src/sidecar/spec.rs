//! The description of a sidecar.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::plugin::Plugin;
use crate::certs::Identity;
use crate::envoy;

/// Lets the system choose the port.
pub(super) const ANY_PORT: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// The settings of a sidecar. [`Spec::new`] gives the usual values; callers change the fields.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The pod of the sidecar.
    pub node: Node,
    /// Its certificate.
    pub identity: Identity,
    /// Envoy's version.
    pub version: String,
    /// Worker threads.
    pub concurrency: u32,
    /// The CPU to run on, for measurements; any if `None`.
    pub cpu: Option<usize>,
    /// The address of the inbound listener; with port 0 the system chooses a port.
    pub inbound_address: SocketAddr,
    /// The address of the outbound listener; with port 0 the system chooses a port.
    pub outbound_address: SocketAddr,
    /// The app behind, if it takes requests.
    pub inbound: Option<Inbound>,
    /// A second server in the same pod, on a port of its own.
    pub beside: Option<Inbound>,
    /// The destinations of the app's requests; without one there is no outbound listener.
    pub outbound: Vec<Destination>,
    /// Destinations for filters only, by the name of their cluster.
    pub asked_by_filters: Vec<Destination>,
    /// Listeners that an EnvoyFilter adds, as Envoy's `Listener` in JSON.
    pub listeners: Vec<Value>,
    /// Clusters that an EnvoyFilter adds.
    pub clusters: Vec<Value>,
    /// Whether to write an access log; measurements leave it out.
    pub access_log: bool,
    /// HTTP filters before the plugin, as Envoy's `HttpFilter` in JSON; on both listeners.
    pub filters: Vec<Value>,
    /// The wasm plugin, on both listeners.
    pub plugin: Option<Plugin>,
}

/// The pod, as Istio describes it in the node's metadata.
#[derive(Debug, Clone)]
pub struct Node {
    /// Pod name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Service account.
    pub service_account: String,
    /// Pod labels.
    pub labels: Vec<(String, String)>,
    /// Pod annotations.
    pub annotations: Vec<(String, String)>,
}

/// The app behind a sidecar.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// The app's address.
    pub app: SocketAddr,
    /// The app's port in the mesh, as in `inbound|8080||`.
    pub port: u16,
    /// Whether to accept plaintext beside mutual TLS, as a `PERMISSIVE` PeerAuthentication does.
    pub permissive: bool,
    /// Whether to accept requests through HBONE as well, on a port of its own, as a waypoint does.
    pub hbone: bool,
    /// Whether to use HTTP/2 to the app.
    pub http2: bool,
    /// The services behind it, if this is a waypoint. Requests to other hosts go to the app.
    pub services: Vec<Service>,
}

/// A service behind a waypoint.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name; the namespace is `airflow`.
    pub name: String,
    /// The address of its app.
    pub app: SocketAddr,
}

/// A destination of an app's requests.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Hosts that lead there; `*` matches all remaining hosts.
    pub hosts: Vec<String>,
    /// Its address.
    pub address: SocketAddr,
    /// Its further endpoints, which take turns with the first.
    pub more: Vec<SocketAddr>,
    /// Istio's name for the cluster.
    pub cluster: String,
    /// Its TLS mode.
    pub tls: Tls,
    /// Whether to use HTTP/2.
    pub http2: bool,
}

/// The TLS mode of an outbound cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Mutual TLS of the mesh.
    Mesh,
    /// TLS without a client certificate, like a DestinationRule's `SIMPLE`; the file contains the
    /// trusted authorities, in PEM.
    Simple(PathBuf),
    /// Plaintext, as to a destination outside the mesh.
    Plain,
}

impl Spec {
    /// A sidecar of Envoy's default version with one worker, no listeners and no plugin yet.
    pub fn new(node: Node, identity: &Identity) -> Self {
        Self {
            node,
            identity: identity.clone(),
            version: envoy::DEFAULT_VERSION.to_owned(),
            concurrency: 1,
            cpu: None,
            inbound_address: ANY_PORT.into(),
            outbound_address: ANY_PORT.into(),
            inbound: None,
            beside: None,
            outbound: Vec::new(),
            asked_by_filters: Vec::new(),
            listeners: Vec::new(),
            clusters: Vec::new(),
            access_log: true,
            filters: Vec::new(),
            plugin: None,
        }
    }

    pub(super) fn takes_hbone(&self) -> bool {
        self.inbound.as_ref().is_some_and(|inbound| inbound.hbone)
    }
}

impl Node {
    /// A pod `name` without labels and annotations.
    pub fn new(name: &str, namespace: &str, service_account: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
            labels: Vec::new(),
            annotations: Vec::new(),
        }
    }

    /// Adds an annotation.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Adds a label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let object = |pairs: &[(String, String)]| -> Value {
            pairs
                .iter()
                .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
                .collect()
        };
        json!({
            "id": format!("sidecar~127.0.0.1~{}.{}~{}.svc.cluster.local", self.name, self.namespace, self.namespace),
            "cluster": format!("{}.{}", self.service_account, self.namespace),
            "metadata": {
                "NAME": self.name,
                "NAMESPACE": self.namespace,
                "SERVICE_ACCOUNT": self.service_account,
                "LABELS": object(&self.labels),
                "ANNOTATIONS": object(&self.annotations),
                "CLUSTER_ID": "Kubernetes",
                "MESH_ID": "cluster.local",
            },
        })
    }
}

impl Inbound {
    /// The app at `app`, whose port in the mesh is the port it listens on; mutual TLS is required.
    pub fn strict(app: SocketAddr) -> Self {
        Self {
            app,
            port: app.port(),
            permissive: false,
            hbone: false,
            http2: false,
            services: Vec::new(),
        }
    }

    /// Like [`strict`](Self::strict), but also accepts plaintext.
    pub fn permissive(app: SocketAddr) -> Self {
        Self {
            permissive: true,
            ..Self::strict(app)
        }
    }
}

impl Service {
    pub(super) fn host(&self) -> String {
        format!("{}.airflow.svc.cluster.local", self.name)
    }
}

impl Destination {
    /// The service `service.namespace` of the mesh on `port`, with its sidecar at `address`.
    pub fn mesh(service: &str, namespace: &str, port: u16, address: SocketAddr) -> Self {
        let host = format!("{service}.{namespace}.svc.cluster.local");
        let short = [service.to_owned(), format!("{service}.{namespace}"), host.clone()];
        let with_port = short.iter().map(|name| format!("{name}:{port}"));
        let hosts = short.iter().cloned().chain(with_port).collect();
        Self {
            hosts,
            address,
            more: Vec::new(),
            cluster: format!("outbound|{port}||{host}"),
            tls: Tls::Mesh,
            http2: false,
        }
    }

    /// A host outside the mesh that a ServiceEntry names.
    pub fn external(host: &str, port: u16, address: SocketAddr) -> Self {
        let hosts = vec![host.to_owned(), format!("{host}:{port}")];
        Self {
            hosts,
            address,
            more: Vec::new(),
            cluster: format!("outbound|{port}||{host}"),
            tls: Tls::Plain,
            http2: false,
        }
    }

    /// Like [`external`](Self::external), over TLS that the sidecar starts.
    pub fn external_tls(host: &str, port: u16, address: SocketAddr, authorities: &Path) -> Self {
        Self {
            tls: Tls::Simple(authorities.to_owned()),
            ..Self::external(host, port, address)
        }
    }

    /// All remaining hosts: outside the mesh and without a ServiceEntry.
    pub fn passthrough(address: SocketAddr) -> Self {
        let hosts = vec!["*".to_owned()];
        Self {
            hosts,
            address,
            more: Vec::new(),
            cluster: "PassthroughCluster".to_owned(),
            tls: Tls::Plain,
            http2: false,
        }
    }
}
