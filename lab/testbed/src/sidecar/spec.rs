//! What a sidecar is to be.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::plugin::Plugin;
use crate::certs::Identity;
use crate::envoy;

/// The system chooses the port.
pub(super) const ANY_PORT: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// A sidecar in plain words. [`Spec::new`] gives the usual values; the fields are there to be changed.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The pod it stands beside.
    pub node: Node,
    /// Its certificate.
    pub identity: Identity,
    /// Envoy's version.
    pub version: String,
    /// Worker threads.
    pub concurrency: u32,
    /// The CPU to run on, for measurements; any if `None`.
    pub cpu: Option<usize>,
    /// Where the inbound listener is to be; with port 0 the system chooses.
    pub inbound_address: SocketAddr,
    /// Where the outbound listener is to be; with port 0 the system chooses.
    pub outbound_address: SocketAddr,
    /// The app behind, if it takes requests.
    pub inbound: Option<Inbound>,
    /// A second server in the same pod, on a port of its own.
    pub beside: Option<Inbound>,
    /// Where the app's requests go; there is an outbound listener if there is a destination.
    pub outbound: Vec<Destination>,
    /// What only filters ask, by the name of its cluster.
    pub asked_by_filters: Vec<Destination>,
    /// Listeners that an EnvoyFilter adds, as Envoy's `Listener` in JSON.
    pub listeners: Vec<Value>,
    /// Clusters that one adds.
    pub clusters: Vec<Value>,
    /// Write an access log; measurements go without.
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
    /// Where it listens.
    pub app: SocketAddr,
    /// The port by which the mesh knows it, as in `inbound|8080||`.
    pub port: u16,
    /// Take plaintext beside mutual TLS, as a `PERMISSIVE` PeerAuthentication does.
    pub permissive: bool,
    /// Take requests through HBONE as well, on a port of its own, as a waypoint does.
    pub hbone: bool,
    /// Speak HTTP/2 to the app.
    pub http2: bool,
    /// The services behind, if this is a waypoint. What goes to no host of theirs goes to the app.
    pub services: Vec<Service>,
}

/// A service behind a waypoint.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name; the namespace is `airflow`.
    pub name: String,
    /// Where its app listens.
    pub app: SocketAddr,
}

/// A place where an app's requests go.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Hosts that lead there; `*` for all that are left.
    pub hosts: Vec<String>,
    /// Where it is.
    pub address: SocketAddr,
    /// Its further endpoints, which take turns with the first.
    pub more: Vec<SocketAddr>,
    /// Istio's name of the cluster.
    pub cluster: String,
    /// How to speak to it.
    pub tls: Tls,
    /// Speak HTTP/2 to it.
    pub http2: bool,
}

/// How an outbound cluster speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Mutual TLS of the mesh.
    Mesh,
    /// TLS that shows no certificate, as a DestinationRule's `SIMPLE`; the file has the authorities that are trusted, in PEM.
    Simple(PathBuf),
    /// Plaintext, as to a place outside the mesh.
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

    /// With one more annotation.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.push((key.to_owned(), value.to_owned()));
        self
    }

    /// With one more label.
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
    /// The app at `app`, known to the mesh by the port it listens on; mutual TLS is required.
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

    /// The same, plaintext taken too.
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
    /// The service `service.namespace` of the mesh on `port`, whose sidecar is at `address`.
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

    /// The same over TLS, begun by the sidecar.
    pub fn external_tls(host: &str, port: u16, address: SocketAddr, authorities: &Path) -> Self {
        Self {
            tls: Tls::Simple(authorities.to_owned()),
            ..Self::external(host, port, address)
        }
    }

    /// Whatever is left, outside the mesh and named by nobody.
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
