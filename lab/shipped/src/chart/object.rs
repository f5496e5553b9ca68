//! The facts of the chart's objects that matter to the files of `examples/`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An object of Kubernetes, or the pods that an object creates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// Its kind and facts.
    #[serde(flatten)]
    pub kind: Kind,
}

/// The kind of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The pods of a workload or, under the name `task`, of the Kubernetes executor.
    Pods(Pods),
    /// A Service.
    Service(Service),
    /// A ServiceAccount, and whether its pods get a token of Kubernetes.
    Account(Option<bool>),
    /// A RoleBinding, and the accounts in it.
    Binding(Vec<String>),
    /// Airflow's settings of the remote log store.
    Settings(BTreeMap<String, String>),
    /// A NetworkPolicy.
    Traffic,
}

/// The pods of a workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pods {
    /// The service account.
    pub account: String,
    /// Whether the pod gets a token of Kubernetes, if the pod sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<bool>,
    /// The labels by which files of `examples/` select pods.
    pub labels: BTreeMap<String, String>,
    /// The names of the annotations that Istio reads.
    pub annotations: Vec<String>,
    /// The user id, if the pod sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// The group id, if the pod sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<i64>,
    /// The Secrets that the pod mounts as volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// Init containers and containers.
    pub containers: Vec<Container>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Whether it is an init container.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub init: bool,
    /// The ports that it declares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// The user id, if the container sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// The group id, if the container sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<i64>,
    /// Whether it can gain privileges; true unless the container forbids it.
    pub escalates: bool,
    /// The capabilities that it adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adds: Vec<String>,
    /// The variables that come from Secrets, each with its Secret and the key in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// The Secrets that are mounted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<String>,
}

/// A port of a container or of a Service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// The port of the pods, if a Service names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The protocol, if it is not TCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// `appProtocol`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
}

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Service {
    /// The labels of its pods.
    pub selector: BTreeMap<String, String>,
    /// Its ports.
    pub ports: Vec<Port>,
}

impl Object {
    /// Whether the API server would treat both as one object.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let (one, two) = (&self.kind, &other.kind);
        self.name == other.name && std::mem::discriminant(one) == std::mem::discriminant(two)
    }

    /// The pods, if the object creates some.
    pub fn pods(&self) -> Option<&Pods> {
        match &self.kind {
            Kind::Pods(pods) => Some(pods),
            _ => None,
        }
    }

    /// The Service, if it is one.
    pub fn service(&self) -> Option<&Service> {
        match &self.kind {
            Kind::Service(service) => Some(service),
            _ => None,
        }
    }
}

impl Pods {
    /// The component according to the chart's label; empty for PostgreSQL.
    pub fn component(&self) -> &str {
        self.labels.get("component").map_or("", String::as_str)
    }

    /// Whether code of DAG authors runs here as a task.
    pub fn runs_tasks(&self) -> bool {
        self.component() == "worker"
    }

    /// Whether they get a sidecar in a namespace where injection is on.
    pub fn in_mesh(&self) -> bool {
        self.labels
            .get("sidecar.istio.io/inject")
            .is_none_or(|inject| inject != "false")
    }

    /// The Secrets that a container gets as variables or as files, as `secret/key` or as `secret`.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let containers = self.containers.iter();
        let own = containers.flat_map(|container| container.secrets.values().chain(&container.mounts));
        own.chain(&self.volumes).map(String::as_str)
    }
}
