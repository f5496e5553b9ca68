//! The sidecars around Airflow: one before the api-server, one beside each task.

use std::net::SocketAddr;
use std::thread;

use anyhow::{Context, Result, anyhow};

use super::Airflow;
use crate::certs::Authority;
use crate::sidecar::{Destination, Inbound, Node, Plugin, Sidecar, Spec};
use dagward_workbench::progress;

const NAMESPACE: &str = "airflow";

const SERVER: &str = "airflow-api-server";

/// The api-server's port in the mesh.
const PORT: u16 = 8080;

/// The name of a worker's pod, and the executor's key for it.
const WORKER: (&str, &str) = ("worker", "*");

/// The pod of a task instance, as KubernetesExecutor makes it for the first try; or that of a Celery
/// worker, which runs any task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// DAG.
    pub dag: String,
    /// Run.
    pub run: String,
    /// Task.
    pub task: String,
    /// The service account that it runs as.
    pub service_account: String,
    /// The DAG, run and task of its annotations, if it has any.
    pub annotations: Option<[String; 3]>,
}

/// Running sidecars. They end with their handle.
#[derive(Debug)]
pub struct Mesh {
    server: Sidecar,
    pods: Vec<(Pod, Sidecar)>,
    // The sidecars read the certificates' files.
    authority: Authority,
}

impl Pod {
    /// The pod of `task` in `run` of `dag`, as the worker of `team`.
    pub fn new(team: &str, dag: &str, run: &str, task: &str) -> Self {
        Self {
            dag: dag.to_owned(),
            run: run.to_owned(),
            task: task.to_owned(),
            service_account: format!("airflow-worker-{team}"),
            annotations: Some([dag, run, task].map(str::to_owned)),
        }
    }

    /// The pod of a worker that runs each task without a pod of its own, as `service_account`.
    pub fn worker(service_account: &str) -> Self {
        let none = String::new;
        Self {
            dag: none(),
            run: none(),
            task: none(),
            service_account: service_account.to_owned(),
            annotations: None,
        }
    }

    /// The same pod with the annotations of another task; `pod_override` allows an author to write
    /// them.
    pub fn annotated(self, dag: &str, run: &str, task: &str) -> Self {
        Self {
            annotations: Some([dag, run, task].map(str::to_owned)),
            ..self
        }
    }

    /// The same pod without annotations, like the pod of a Celery worker, which runs any task of
    /// its queue.
    pub fn unannotated(self) -> Self {
        Self {
            annotations: None,
            ..self
        }
    }

    /// The executor's key for the pod.
    pub(super) fn key(&self) -> String {
        match self.is_worker() {
            true => WORKER.1.to_owned(),
            false => format!("{}/{}/{}", self.dag, self.run, self.task),
        }
    }

    fn is_worker(&self) -> bool {
        self.dag.is_empty()
    }

    fn node(&self) -> Node {
        let name = match self.is_worker() {
            true => WORKER.0.to_owned(),
            false => format!("{}-{}", self.dag, self.task).replace('_', "-"),
        };
        let node = Node::new(&name, NAMESPACE, &self.service_account);
        let Some([dag, run, task]) = &self.annotations else {
            return node;
        };
        node.label("kubernetes_executor", "True")
            .annotation("dag_id", dag)
            .annotation("task_id", task)
            .annotation("run_id", run)
            .annotation("try_number", "1")
    }
}

impl Mesh {
    /// Starts a sidecar before `airflow`'s api-server and one for each of `pods`, all with
    /// `plugin`, and makes the executor run the tasks behind their sidecars.
    pub fn start(airflow: &Airflow, pods: &[Pod], plugin: Option<&Plugin>) -> Result<Self> {
        Self::start_among(airflow, pods, plugin, &[])
    }

    /// Like [`start`](Self::start), but the pods also reach `others`.
    pub fn start_among(
        airflow: &Airflow,
        pods: &[Pod],
        plugin: Option<&Plugin>,
        others: &[Destination],
    ) -> Result<Self> {
        Self::start_all(airflow, pods, plugin, others, &[])
    }

    /// Like [`start`](Self::start), but the filter in the api-server's sidecar fetches keys from
    /// `asked`.
    pub fn start_asking(
        airflow: &Airflow,
        pods: &[Pod],
        plugin: &Plugin,
        asked: &[Destination],
    ) -> Result<Self> {
        Self::start_all(airflow, pods, Some(plugin), &[], asked)
    }

    fn start_all(
        airflow: &Airflow,
        pods: &[Pod],
        plugin: Option<&Plugin>,
        others: &[Destination],
        asked: &[Destination],
    ) -> Result<Self> {
        progress::during("starting the sidecars", |_| {
            let authority = Authority::new()?;
            let server = server(&authority, airflow.address(), plugin, asked)?;
            let airflow_itself = Destination::mesh(SERVER, NAMESPACE, PORT, server.inbound()?);
            let destinations = [&[airflow_itself], others].concat();
            let pods = thread::scope(|scope| {
                let start = |pod: &Pod| Ok((pod.clone(), worker(&authority, pod, &destinations, plugin)?));
                let starting: Vec<_> = pods.iter().map(|pod| scope.spawn(move || start(pod))).collect();
                let started = starting.into_iter().map(|thread| thread.join());
                started
                    .map(|sidecar| sidecar.map_err(|_| anyhow!("a sidecar's start panicked"))?)
                    .collect::<Result<Vec<_>>>()
            })?;
            let assigned: Result<Vec<_>> = pods
                .iter()
                .map(|(pod, sidecar)| Ok((pod, sidecar.outbound()?)))
                .collect();
            airflow.assign(&assigned?)?;
            Ok(Self {
                server,
                pods,
                authority,
            })
        })
    }

    /// The api-server's sidecar.
    pub fn server(&self) -> &Sidecar {
        &self.server
    }

    /// The authority that signs the certificates of the mesh.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The pods with their sidecars.
    pub fn pods(&self) -> impl Iterator<Item = (&Pod, &Sidecar)> {
        self.pods.iter().map(|(pod, sidecar)| (pod, sidecar))
    }

    /// The sidecar of one pod.
    pub fn sidecar(&self, pod: &Pod) -> Result<&Sidecar> {
        let mut pods = self.pods();
        let (_, sidecar) = pods.find(|(other, _)| *other == pod).context("no such pod")?;
        Ok(sidecar)
    }
}

fn server(
    authority: &Authority,
    app: SocketAddr,
    plugin: Option<&Plugin>,
    asked: &[Destination],
) -> Result<Sidecar> {
    let inbound = Inbound {
        port: PORT,
        ..Inbound::strict(app)
    };
    let identity = authority.service_account(NAMESPACE, SERVER)?;
    Sidecar::start(Spec {
        inbound: Some(inbound),
        asked_by_filters: asked.to_vec(),
        plugin: plugin.cloned(),
        ..Spec::new(Node::new(SERVER, NAMESPACE, SERVER), &identity)
    })
}

fn worker(
    authority: &Authority,
    pod: &Pod,
    destinations: &[Destination],
    plugin: Option<&Plugin>,
) -> Result<Sidecar> {
    let identity = authority.service_account(NAMESPACE, &pod.service_account)?;
    Sidecar::start(Spec {
        outbound: destinations.to_vec(),
        plugin: plugin.cloned(),
        ..Spec::new(pod.node(), &identity)
    })
}
