//! An Airflow in a namespace of the mesh: an api-server behind its sidecar, and the pods that ask it.

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

/// The api-server: its pod, its account and its service.
pub(crate) const API_SERVER: &str = "airflow-api-server";

/// The longest that a change may take to get from the API server to what a sidecar does.
pub(crate) const SOON: Duration = Duration::from_secs(300);

const PORT: u16 = 8080;

/// In the place of a host that the caller fills in.
const ANY: &str = "";

/// A running api-server.
pub(crate) struct Airflow<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) namespace: &'a str,
    pub(crate) server: Pod,
    pub(crate) app: Upstream,
}

/// A pod that asks it through the pod's sidecar.
pub(crate) struct Caller {
    pub(crate) pod: Pod,
    pub(crate) client: Client,
    /// The api-server's name, as any namespace knows it.
    host: String,
    namespace: String,
    proxies: Proxies,
}

impl<'a> Airflow<'a> {
    /// An api-server and these pods, all of them in `namespace`.
    pub(crate) fn start(scene: &'a Scene, namespace: &'a str, pods: &[Value]) -> Self {
        let server = [
            service(namespace, API_SERVER, "http", PORT),
            pod(namespace, API_SERVER, API_SERVER),
        ];
        Self::with(scene, namespace, server, pods)
    }

    /// The same with labels in the metrics of the api-server's sidecar.
    pub(crate) fn measured(scene: &'a Scene, namespace: &'a str, pods: &[Value]) -> Self {
        let server = [
            service(namespace, API_SERVER, "http", PORT),
            measured(pod(namespace, API_SERVER, API_SERVER)),
        ];
        Self::with(scene, namespace, server, pods)
    }

    /// The same with the api-server's service and pod as given.
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

    /// The app in an api-server's pod.
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
        // Endpoints come to a sidecar after its pod is ready.
        let answer = || Ok(caller.tries(&health()).filter(|answer| answer.status != 503));
        let what = "the api-server's endpoint";
        caller.proxies.until(namespace, what, SOON, answer).unwrap();
        self.app.clear();
        caller
    }

    /// The same, whatever its sidecar knows already.
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

    /// What the sidecar of a pod has written, as `kubectl logs` shows it.
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
    /// The request, to the api-server.
    pub(crate) fn addressed(&self, request: &Request) -> Request {
        Request {
            host: self.host.clone(),
            ..request.clone()
        }
    }

    /// Asks the api-server.
    pub(crate) fn ask(&self, request: &Request) -> Response {
        self.client.send(&self.addressed(request)).unwrap()
    }

    /// The same where there may be nobody to answer.
    pub(crate) fn tries(&self, request: &Request) -> Option<Response> {
        self.client
            .clone()
            .within(Duration::from_secs(5))
            .send(&self.addressed(request))
            .ok()
    }

    /// Asks until the answer has this status, and gives the statuses of all answers before; 0 for
    /// none. A failure says what the proxies of the api-server's namespace reject.
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

/// What a sidecar tells Prometheus.
pub(crate) fn metrics(pod: &Pod) -> Admin {
    // Istio's port for scrapes, which needs no certificate. Envoy's process is not asked for, so it needs no id.
    Admin::new((pod.address, 15090).into(), 0)
}

/// As a real Airflow: `run` names the task's DAG. To all else it says what came.
fn answer(request: &Received) -> Answer {
    match request.path.rsplit('/').next() {
        Some("run") => Answer::json(
            200,
            &json!({"dag_run": {"dag_id": "sales_daily", "run_id": "r1", "conf": {}}, "max_tries": 0}),
        ),
        _ => Answer::echo(request),
    }
}

/// What anyone may ask.
pub(crate) fn health() -> Request {
    Request::get(ANY, "/api/v2/monitor/health")
}

/// Reads an XCom of a DAG.
pub(crate) fn xcom(dag: &str) -> Request {
    Request::get(ANY, &format!("/execution/xcoms/{dag}/r1/load/return_value"))
}

/// Starts a task.
pub(crate) fn run(task: &str) -> Request {
    let path = format!("/execution/task-instances/{task}/run");
    let request = with_token(Request::new("PATCH", ANY, &path), task);
    request.body(r#"{"state": "running", "pid": 1}"#)
}

/// Says that a task is alive.
pub(crate) fn heartbeat(task: &str) -> Request {
    let path = format!("/execution/task-instances/{task}/heartbeat");
    with_token(Request::new("PUT", ANY, &path), task)
}

/// A request with a task's token.
pub(crate) fn with_token(request: Request, task: &str) -> Request {
    let claims = URL_SAFE_NO_PAD.encode(json!({"sub": task, "scope": "execution"}).to_string());
    request.header("authorization", format!("Bearer e30.{claims}.c2ln"))
}

/// The word in brackets behind a refusal's message.
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
