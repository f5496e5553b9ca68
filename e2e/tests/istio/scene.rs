//! The cluster that the tests share, and the objects that they create in it.

use std::sync::OnceLock;

use dagward_build as module;
use dagward_cluster::Cluster;
use dagward_cluster::release::Istio;
use dagward_shipped::manifest;
use serde_json::{Value, json};

/// The tag of the filter's image.
const TAG: &str = "0.1.0";

/// A running cluster, and the addresses of the filter's image.
pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    /// The address of the image that every Istio pulls, and of the artifact.
    pub(crate) urls: [String; 2],
}

impl Scene {
    /// A new cluster, for a test that stops a part of it.
    pub(crate) fn own() -> Self {
        let cluster = Cluster::start().unwrap();
        let urls = cluster.publish(&module::build().unwrap().path, TAG).unwrap();
        Self { cluster, urls }
    }

    /// The cluster that all other tests share.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Scene> = OnceLock::new();
        SHARED.get_or_init(Self::own)
    }

    /// A namespace with sidecars, STRICT mutual TLS, and these service accounts.
    pub(crate) fn namespace(&self, name: &str, accounts: &[&str]) {
        let labels = json!({"istio-injection": "enabled"});
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        let strict = json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": "default", "namespace": name},
            "spec": {"mtls": {"mode": "STRICT"}},
        });
        let accounts = accounts.iter().map(|account| {
            let metadata = json!({"name": account, "namespace": name});
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
        });
        let mut items = vec![namespace];
        items.extend(accounts);
        items.push(strict);
        self.apply(&items);
    }

    /// The shipped plugin for another namespace, with its policy enforced.
    pub(crate) fn plugin(&self, namespace: &str) -> Value {
        let mut plugin = manifest::read("wasm-plugin.yaml").unwrap();
        plugin["metadata"]["namespace"] = json!(namespace);
        plugin["spec"]["url"] = json!(self.urls[0]);
        let policy = manifest::enforced("wasm-plugin.yaml").unwrap();
        plugin["spec"]["pluginConfig"] = within(&policy, namespace);
        plugin
    }

    /// Whether it has the lab's newest Istio, with TrafficExtension.
    pub(crate) fn is_newest(&self) -> bool {
        let [newest, ..] = Istio::ALL;
        self.cluster.release() == newest
    }

    /// The number of restarts of a pod's sidecar.
    pub(crate) fn restarts(&self, namespace: &str, pod: &str) -> u64 {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}");
        let pod = self.cluster.api().get(&path).unwrap();
        let statuses = pod["status"]["initContainerStatuses"].as_array().unwrap();
        let sidecar = statuses.iter().find(|status| status["name"] == "istio-proxy");
        sidecar.unwrap()["restartCount"].as_u64().unwrap()
    }

    /// Applies objects as `kubectl apply` does.
    pub(crate) fn apply(&self, items: &[Value]) -> String {
        self.cluster.kubernetes().apply_all(items).unwrap()
    }
}

/// A policy for the namespace `airflow`, rewritten for another namespace.
pub(crate) fn within(policy: &str, namespace: &str) -> Value {
    let policy = policy.replace("ns/airflow/", &format!("ns/{namespace}/"));
    serde_json::from_str(&policy).unwrap()
}
