//! An Airflow in a namespace of the mesh: an api-server behind its sidecar, and pods that call it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dagward_cluster::Pod;
use dagward_cluster::proxies::Proxies;
use dagward_testbed::admin::Admin;
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::upstream::{Answer, Received, Upstream};
use serde_json::{Value, json};

use crate::objects::{measured, pod, service};
use crate::scene::Scene;

/// The name of the api-server's pod, account and service.
pub(crate) const API_SERVER: &str = "airflow-api-server";

/// The time within which a change at the API server must take effect in the sidecars.
pub(crate) const SOON: Duration = Duration::from_secs(300);

const PORT: u16 = 8080;

/// A placeholder for a host that the caller fills in.
const ANY: &str = "";

/// A running api-server.
pub(crate) struct Airflow<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) namespace: &'a str,
    pub(crate) server: Pod,
    pub(crate) app: Upstream,
}

/// A pod that calls the api-server through the pod's sidecar.
pub(crate) struct Caller {
    pub(crate) pod: Pod,
    pub(crate) client: Client,
    /// The api-server's full host name, which works in every namespace.
    host: String,
    namespace: String,
    proxies: Proxies,
}

impl<'a> Airflow<'a> {
    /// Starts an api-server and these pods, all of them in `namespace`.
    pub(crate) fn start(scene: &'a Scene, namespace: &'a str, pods: &[Value]) -> Self {
        let server = [
            service(namespace, API_SERVER, "http", PORT),
            pod(namespace, API_SERVER, API_SERVER),
        ];
        Self::with(scene, namespace, server, pods)
    }

    /// The same, with labels in the metrics of the api-server's sidecar.
    pub(crate) fn measured(scene: &'a Scene, namespace: &'a str, pods: &[Value]) -> Self {
        let server = [
            service(namespace, API_SERVER, "http", PORT),
            measured(pod(namespace, API_SERVER, API_SERVER)),
        ];
        Self::with(scene, namespace, server, pods)
    }

    /// The same, with the given service and pod of the api-server.
    pub(crate) fn with(scene: &'a Scene, namespace: &'a str, server: [Value; 2], pods: &[Value]) -> Self {
        scene.apply(&[&server, pods].concat());
        let server = scene.cluster.pod(namespace, API_SERVER).unwrap();
        Self {
            scene,
            namespace,
            app: Self::serve(&server),
            server,
        }
    }

    /// Starts the app in an api-server's pod.
    pub(crate) fn serve(server: &Pod) -> Upstream {
        Upstream::within(&server.netns, PORT, answer).unwrap()
    }

    /// A pod of this namespace as a caller, once its sidecar knows the api-server.
    pub(crate) fn caller(&self, pod: &str) -> Caller {
        self.caller_of(self.namespace, pod)
    }

    /// The same for a pod of any namespace.
    pub(crate) fn caller_of(&self, namespace: &str, pod: &str) -> Caller {
        let caller = self.caller_at_once(namespace, pod);
        // A sidecar gets endpoints after its pod is ready.
        let answer = || Ok(caller.tries(&health()).filter(|answer| answer.status != 503));
        let what = "the api-server's endpoint";
        caller.proxies.until(namespace, what, SOON, answer).unwrap();
        self.app.clear();
        caller
    }

    /// The same, without waiting for the sidecar.
    pub(crate) fn caller_at_once(&self, namespace: &str, pod: &str) -> Caller {
        let pod = self.scene.cluster.pod(namespace, pod).unwrap();
        let service = self.scene.cluster.service(self.namespace, API_SERVER).unwrap();
        Caller {
            client: Client::plain(service).from(&pod.netns),
            pod,
            namespace: self.namespace.to_owned(),
            proxies: self.scene.cluster.proxies(),
            host: format!("{API_SERVER}.{}:{PORT}", self.namespace),
        }
    }

    /// The log of a pod's sidecar, as `kubectl logs` shows it.
    pub(crate) fn log(&self, pod: &str) -> String {
        let mut kubectl = self.scene.cluster.kubernetes().kubectl();
        kubectl.args([
            "logs",
            "--namespace",
            self.namespace,
            pod,
            "--container",
            "istio-proxy",
        ]);
        let output = kubectl.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Caller {
    /// The request, addressed to the api-server.
    pub(crate) fn addressed(&self, request: &Request) -> Request {
        Request {
            host: self.host.clone(),
            ..request.clone()
        }
    }

    /// Sends a request to the api-server.
    pub(crate) fn ask(&self, request: &Request) -> Response {
        self.client.send(&self.addressed(request)).unwrap()
    }

    /// The same for a server that may not answer.
    pub(crate) fn tries(&self, request: &Request) -> Option<Response> {
        self.client
            .clone()
            .within(Duration::from_secs(5))
            .send(&self.addressed(request))
            .ok()
    }

    /// Repeats the request until the answer has this status. Returns the statuses of all answers before; 0 stands for
    /// no answer. On failure it names the configuration that the proxies of the api-server's namespace reject.
    pub(crate) fn until(&self, request: &Request, status: u16) -> Vec<u16> {
        let mut before = Vec::new();
        let what = format!("{status}");
        let result = self.proxies.until(&self.namespace, &what, SOON, || {
            let found = self.tries(request).map_or(0, |answer| answer.status);
            if found != status {
                before.push(found);
            }
            Ok((found == status).then_some(()))
        });
        result.unwrap();
        before
    }
}

/// The metrics that a sidecar gives to Prometheus.
pub(crate) fn metrics(pod: &Pod) -> Admin {
    // Istio's port for scrapes, which needs no certificate. The tests do not use the process id here.
    Admin::new((pod.address, 15090).into(), 0)
}

/// Answers as a real Airflow does: the answer to `run` names the task's DAG. The answer to any other request describes
/// the request.
fn answer(request: &Received) -> Answer {
    match request.path.rsplit('/').next() {
        Some("run") => Answer::json(
            200,
            &json!({"dag_run": {"dag_id": "sales_daily", "run_id": "r1", "conf": {}}, "max_tries": 0}),
        ),
        _ => Answer::echo(request),
    }
}

/// A request that every caller may send.
pub(crate) fn health() -> Request {
    Request::get(ANY, "/api/v2/monitor/health")
}

/// A request that reads an XCom of a DAG.
pub(crate) fn xcom(dag: &str) -> Request {
    Request::get(ANY, &format!("/execution/xcoms/{dag}/r1/load/return_value"))
}

/// A request that starts a task.
pub(crate) fn run(task: &str) -> Request {
    let path = format!("/execution/task-instances/{task}/run");
    let request = with_token(Request::new("PATCH", ANY, &path), task);
    request.body(r#"{"state": "running", "pid": 1}"#)
}

/// A task's heartbeat.
pub(crate) fn heartbeat(task: &str) -> Request {
    let path = format!("/execution/task-instances/{task}/heartbeat");
    with_token(Request::new("PUT", ANY, &path), task)
}

/// A request with a task's token.
pub(crate) fn with_token(request: Request, task: &str) -> Request {
    let claims = URL_SAFE_NO_PAD.encode(json!({"sub": task, "scope": "execution"}).to_string());
    request.header("authorization", format!("Bearer e30.{claims}.c2ln"))
}

/// The code in brackets behind a refusal's message.
pub(crate) fn code(answer: &Response) -> String {
    let body = answer.json().unwrap();
    let message = body["detail"]["message"].as_str().unwrap().to_owned();
    message
        .rsplit_once('(')
        .unwrap()
        .1
        .trim_end_matches(')')
        .to_owned()
}
