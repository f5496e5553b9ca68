//! Airflow in the cluster, in the form of its official Helm chart: each component is a pod with a
//! service account of its own, and the scheduler's Kubernetes executor makes a pod for each task.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::fields::{list, text};
use super::{Cluster, Pod};
use dagward_releases::{Installation, Release};
use dagward_testbed::airflow::Rest;
use dagward_testbed::airflow::postgres::Postgres;
use dagward_testbed::client::Client;
use dagward_workbench::output::output_of;
use dagward_workbench::{progress, wait};

mod manifests;

pub use manifests::NAMESPACE;

use manifests::Manifests;

/// The API path of the namespace's pods.
const PODS: &str = "/api/v1/namespaces/airflow/pods";

/// The time that a pod has to end after it was told to.
const ENDED: Duration = Duration::from_secs(300);

/// A running Airflow.
#[derive(Debug)]
pub struct Airflow<'a> {
    cluster: &'a Cluster,
    _database: Postgres,
    manifests: Manifests,
    server: Pod,
    generation: u32,
}

impl<'a> Airflow<'a> {
    /// Starts Airflow in the namespace `airflow`, which must exist without the components'
    /// accounts, and waits until its API takes requests. It runs the DAGs in `dags`. Tasks run as
    /// `account` unless a DAG or the policy sets another; `policy` is the
    /// `airflow_local_settings.py` of api-server and scheduler.
    pub fn start(cluster: &'a Cluster, dags: &Path, account: &str, policy: Option<&str>) -> Result<Self> {
        let release = Release::V3_3;
        let installation = Installation::ensure(release)?;
        let database = Postgres::of_airflow(&installation, release, Some(cluster.network().address()))?;
        let manifests = Manifests::new(release, dags, &database.uri(), account)?;
        apply(cluster, &manifests.common())?;
        apply(cluster, &[manifests.dag_processor()])?;
        let generation = 1;
        let server = progress::during("starting Airflow", |_| {
            components(cluster, &manifests, generation, policy)
        })?;
        Ok(Self {
            cluster,
            _database: database,
            manifests,
            server,
            generation,
        })
    }

    /// Replaces the api-server and the scheduler by new ones, with another policy or without one.
    pub fn exchange(&mut self, policy: Option<&str>) -> Result<()> {
        let api = self.cluster.api();
        let old = manifests::names(self.generation).map(|name| format!("{PODS}/{name}"));
        for pod in &old {
            api.delete(pod, &json!({}))?;
        }
        for pod in &old {
            wait::until("the pod to end", ENDED, || {
                Ok(api.find(pod)?.is_none().then_some(()))
            })?;
        }
        self.generation += 1;
        self.server = components(self.cluster, &self.manifests, self.generation, policy)?;
        Ok(())
    }

    /// The REST API, called without a sidecar in between, as through a port-forward.
    pub fn rest(&self) -> Result<Rest> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, manifests::PORT));
        Rest::connect(Client::plain(address).from(&self.server.netns))
    }

    /// The pod of the api-server.
    pub fn server(&self) -> &Pod {
        &self.server
    }

    /// The pods that have all of these labels.
    pub fn pods(&self, labels: &[(&str, &str)]) -> Result<Vec<Value>> {
        let labels: Vec<_> = labels
            .iter()
            .map(|(name, value)| format!("{name}%3D{value}"))
            .collect();
        let pods = self
            .cluster
            .api()
            .get(&format!("{PODS}?labelSelector={}", labels.join(",")))?;
        Ok(list(&pods, "/items").to_vec())
    }

    /// The output of a pod's container, as `kubectl logs` shows it.
    pub fn log(&self, pod: &Value, container: &str) -> Result<String> {
        let name = text(pod, "/metadata/name").unwrap_or_default();
        let mut logs = self.cluster.kubernetes().kubectl();
        logs.args(["logs", "--namespace", NAMESPACE, name, "--container", container]);
        output_of(logs, "")
    }
}

/// Starts api-server and scheduler, and returns the api-server once it takes requests.
fn components(
    cluster: &Cluster,
    manifests: &Manifests,
    generation: u32,
    policy: Option<&str>,
) -> Result<Pod> {
    apply(cluster, &manifests.components(generation, policy))?;
    let [server, _] = manifests::names(generation);
    cluster.pod(NAMESPACE, &server)
}

fn apply(cluster: &Cluster, items: &[Value]) -> Result<()> {
    let printed = cluster.kubernetes().apply_all(items)?;
    if printed.lines().count() != items.len() {
        bail!("of {} objects were applied: {printed}", items.len());
    }
    Ok(())
}
