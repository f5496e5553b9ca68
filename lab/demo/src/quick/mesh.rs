//! The mesh of the demo: the callers, the services, and their sidecars.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use dagward_testbed::admin::Sample;
use dagward_testbed::certs::{Authority, Identity};
use dagward_testbed::client::Client;
use dagward_testbed::sidecar::{Destination, Inbound, Node, Plugin, Sidecar, Spec};
use dagward_testbed::upstream::Upstream;
use dagward_workbench::wait;

/// The namespace of all sidecars.
const AIRFLOW: &str = "airflow";

/// Long enough for the metrics to appear: Envoy updates histograms every five seconds.
const COUNTED: Duration = Duration::from_secs(300);

/// The caller of a request, and its way into the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// A task of team sales, through its pod's sidecar.
    Sales,
    /// A task of team ml, through its pod's sidecar.
    Ml,
    /// The api-server, through its sidecar.
    ApiServer,
    /// The ingress gateway, on behalf of a person.
    Gateway,
    /// A workload of another namespace with a certificate of the mesh, but without dagward.
    Assistant,
    /// A caller without a certificate.
    Plaintext,
}

/// The service that a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// The api-server.
    ApiServer,
    /// The log server of a worker of team sales.
    Logs,
}

/// The running mesh. The sidecars end before the services behind them.
pub(super) struct Mesh {
    sales: Sidecar,
    ml: Sidecar,
    server: Sidecar,
    logs: Sidecar,
    gateway: Identity,
    assistant: Identity,
    services: [Upstream; 2],
    _authority: Authority,
}

impl Mesh {
    /// Starts services and sidecars, with the module in all sidecars.
    pub(super) fn start(module: &Path, policy: &str) -> Result<Self> {
        let authority = Authority::new()?;
        let services = [Upstream::echo()?, Upstream::echo()?];
        let [airflow, files] = &services;
        let start = |node: Node, inbound: Option<&Upstream>, outbound: Vec<Destination>| {
            let identity = authority.service_account(AIRFLOW, &node.service_account)?;
            Sidecar::start(Spec {
                inbound: inbound.map(|app| Inbound::permissive(app.address())),
                outbound,
                plugin: Some(Plugin::new(module, policy)),
                ..Spec::new(node, &identity)
            })
        };
        let logs = start(worker("sales", "sales_daily", "load", 0), Some(files), Vec::new())?;
        let for_logs = Destination::mesh("airflow-worker-sales", AIRFLOW, 8793, logs.inbound()?);
        let node = Node::new("airflow-api-server-0", AIRFLOW, "airflow-api-server");
        let server = start(node, Some(airflow), vec![for_logs.clone()])?;
        let to_server = Destination::mesh("airflow-api-server", AIRFLOW, 8080, server.inbound()?);
        let both = vec![to_server, for_logs];
        Ok(Self {
            sales: start(worker("sales", "sales_daily", "load", 1), None, both.clone())?,
            ml: start(worker("ml", "ml_train", "fit", 0), None, both)?,
            server,
            logs,
            gateway: authority.service_account("istio-ingress", "gateway")?,
            assistant: authority.service_account("ai-agents", "assistant")?,
            services,
            _authority: authority,
        })
    }

    /// The client with which `from` reaches the mesh.
    pub(super) fn client(&self, from: From) -> Result<Client> {
        let server = self.server.inbound()?;
        Ok(match from {
            From::Sales => Client::plain(self.sales.outbound()?),
            From::Ml => Client::plain(self.ml.outbound()?),
            From::ApiServer => Client::plain(self.server.outbound()?),
            From::Gateway => Client::mtls(server, &self.gateway)?,
            From::Assistant => Client::mtls(server, &self.assistant)?,
            From::Plaintext => Client::plain(server),
        })
    }

    /// The sidecar that decides requests to `to`.
    pub(super) fn decider(&self, to: To) -> &Sidecar {
        match to {
            To::ApiServer => &self.server,
            To::Logs => &self.logs,
        }
    }

    /// The number of requests that reached the services.
    pub(super) fn reached(&self) -> usize {
        self.services.iter().map(|service| service.received().len()).sum()
    }

    /// The metrics of all sidecars, once they contain every one of `decided` requests, with its
    /// duration.
    pub(super) fn metrics(&self, decided: usize) -> Result<Vec<Sample>> {
        wait::until("the metrics", COUNTED, || {
            let mut samples = Vec::new();
            for sidecar in [&self.sales, &self.ml, &self.server, &self.logs] {
                samples.extend(sidecar.admin().metrics()?);
            }
            samples.retain(|sample| sample.name.starts_with("dagward_"));
            let inbound = sum(&samples, "dagward_requests_total", &[("direction", "inbound")]);
            let requests = sum(&samples, "dagward_requests_total", &[]);
            let durations = sum(&samples, "dagward_request_duration_milliseconds_count", &[]);
            Ok((inbound >= decided as f64 && durations >= requests).then_some(samples))
        })
    }
}

fn sum(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let matching = samples
        .iter()
        .filter(|sample| sample.name == name && sample.carries(labels));
    matching.map(|sample| sample.value).sum()
}

/// A worker pod of the Kubernetes executor, with the annotations that Airflow gives it.
fn worker(team: &str, dag: &str, task: &str, number: u32) -> Node {
    let account = format!("airflow-worker-{team}");
    Node::new(&format!("{account}-{number}"), AIRFLOW, &account)
        .annotation("dag_id", dag)
        .annotation("task_id", task)
        .annotation("run_id", "manual__2026-11-01")
        .annotation("try_number", "1")
}
