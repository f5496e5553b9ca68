//! The requests of the demo, and the expected result of each.

use super::mesh::{From, To};
use dagward_testbed::client::Request;

const SERVER: &str = "airflow-api-server:8080";
const LOGS: &str = "airflow-worker-sales:8793";
const LOG: &str = "/log/dag_id=sales_daily/run_id=r1/task_id=load/attempt=1.log";
const HEARTBEAT: &str = "/execution/task-instances/0192f0c1-7a3e-7b52-9d41-5f0c8e2a9b10/heartbeat";

/// One request of the demo.
#[derive(Debug)]
pub(super) struct Scene {
    /// The purpose of the request, in a few words.
    pub(super) title: &'static str,
    pub(super) from: From,
    pub(super) to: To,
    pub(super) request: Request,
    /// The expected status.
    pub(super) answer: u16,
    /// The expected code of the filter.
    pub(super) code: &'static str,
}

impl Scene {
    fn of(title: &'static str, from: From, request: Request) -> Self {
        Self {
            title,
            from,
            to: To::ApiServer,
            request,
            answer: 200,
            code: "allowed",
        }
    }

    fn at_logs(self) -> Self {
        Self { to: To::Logs, ..self }
    }

    fn refused(self) -> Self {
        Self {
            answer: 403,
            code: "no_rule_allows",
            ..self
        }
    }

    fn malformed(self, code: &'static str) -> Self {
        Self {
            answer: 403,
            code,
            ..self
        }
    }
}

/// All scenes, in order.
pub(super) fn all() -> Vec<Scene> {
    let get = |path: &str| Request::get(SERVER, path);
    let ours = "/execution/xcoms/sales_daily/r1/load/return_value";
    let theirs = "/execution/xcoms/ml_train/r1/fit/return_value";
    let start = "/execution/dag-runs/sales_daily/r2";
    let up = "/execution/xcoms/sales_daily%2F..%2Fml_train/r1/fit/return_value";
    vec![
        Scene::of(
            "report that it runs",
            From::Sales,
            Request::new("PUT", SERVER, HEARTBEAT),
        ),
        Scene::of("read an XCom of its DAG", From::Sales, get(ours)),
        Scene::of(
            "read its team's connection",
            From::Sales,
            get("/execution/connections/sales_warehouse"),
        ),
        Scene::of(
            "start a run of its DAG",
            From::Sales,
            Request::new("POST", SERVER, start),
        ),
        Scene::of("read another team's XCom", From::Sales, get(theirs)).refused(),
        Scene::of(
            "the same, with forged headers",
            From::Sales,
            forged(get(theirs), "ml_train", "fit"),
        )
        .refused(),
        Scene::of(
            "read another team's connection",
            From::Ml,
            get("/execution/connections/sales_warehouse"),
        )
        .refused(),
        Scene::of(
            "read the shared region",
            From::Ml,
            get("/execution/variables/shared_region"),
        ),
        Scene::of("read another team's task log", From::Ml, Request::get(LOGS, LOG))
            .at_logs()
            .refused(),
        Scene::of(
            "show a task log to a person",
            From::ApiServer,
            Request::get(LOGS, LOG),
        )
        .at_logs(),
        Scene::of("open the web interface", From::Gateway, get("/ui/dags")),
        Scene::of(
            "forge task and proof",
            From::Assistant,
            forged(get(ours), "sales_daily", "load"),
        )
        .refused(),
        Scene::of("come without certificate", From::Plaintext, get(ours)).refused(),
        Scene::of("hide a path in a path", From::Sales, get(up)).malformed("malformed_path"),
        Scene::of(
            "spell a header with underscores",
            From::Assistant,
            get(ours).header("x_airflow_dag_id", "sales_daily"),
        )
        .malformed("malformed_task_headers"),
    ]
}

/// The request with the headers that only a sidecar with dagward may set.
fn forged(request: Request, dag: &str, task: &str) -> Request {
    request
        .header("x-airflow-dag-id", dag)
        .header("x-airflow-task-id", task)
        .header("x-airflow-proof", "pod")
}
