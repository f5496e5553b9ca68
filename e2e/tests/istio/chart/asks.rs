//! The requests between Airflow's components, and requests that no component sends.

use dagward_testbed::client::Request;

use crate::airflow::{API_SERVER, health, heartbeat, run, with_token, xcom};

pub(super) const SALES: &str = "airflow-worker-sales";
pub(super) const ML: &str = "airflow-worker-ml";
pub(super) const TRIGGERER: &str = "airflow-triggerer";
pub(super) const DAG_PROCESSOR: &str = "airflow-dag-processor";
pub(super) const REDIS: &str = "airflow-redis";
pub(super) const GATEWAY: &str = "gateway";

/// A request of one pod to a Service.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) request: Request,
    /// Whether it passes once the policy is enforced. In shadow mode all requests pass.
    pub(super) allowed: bool,
}

/// The requests with any executor. `number` selects other task ids.
pub(super) fn with_any(log_store: &str, number: u8) -> Vec<Ask> {
    let task = |kind: u8| format!("0199f0a0-0000-7000-8000-0000000000{number}{kind}");
    let (own, other) = (task(1), task(2));
    let connection = |id: &str| Request::get("", &format!("/execution/connections/{id}"));
    let by_own = |request| with_token(request, &own);
    let people = || Request::get("", "/api/v2/dags");
    vec![
        ask(SALES, API_SERVER, health(), true),
        // Before `run`.
        ask(SALES, API_SERVER, by_own(connection(log_store)), true),
        ask(SALES, API_SERVER, run(&own), true),
        ask(SALES, API_SERVER, heartbeat(&own), true),
        ask(SALES, API_SERVER, by_own(xcom("sales_daily")), true),
        ask(SALES, API_SERVER, by_own(connection("sales_db")), true),
        ask(SALES, API_SERVER, by_own(xcom("ml_train")), false),
        ask(SALES, API_SERVER, by_own(connection("ml_db")), false),
        ask(SALES, API_SERVER, people(), false),
        // Airflow's answer names a task of team sales.
        ask(ML, API_SERVER, run(&other), false),
        ask(ML, API_SERVER, by_own(xcom("sales_daily")), false),
        ask(TRIGGERER, API_SERVER, xcom("sales_daily"), false),
        ask(DAG_PROCESSOR, API_SERVER, xcom("sales_daily"), false),
        ask(GATEWAY, API_SERVER, people(), true),
        ask(GATEWAY, API_SERVER, xcom("sales_daily"), false),
        ask(API_SERVER, TRIGGERER, log(), true),
        ask(SALES, TRIGGERER, log(), false),
    ]
}

/// The requests that Celery's workers add.
pub(super) fn with_celery() -> Vec<Ask> {
    vec![
        ask(API_SERVER, SALES, log(), true),
        ask(ML, SALES, log(), false),
        ask(SALES, REDIS, Request::get("", "/"), true),
    ]
}

fn ask(from: &'static str, to: &'static str, request: Request, allowed: bool) -> Ask {
    Ask {
        from,
        to,
        request,
        allowed,
    }
}

fn log() -> Request {
    let path = "/log/dag_id=sales_daily/run_id=r1/task_id=load/attempt=1.log";
    Request::get("", path)
}
