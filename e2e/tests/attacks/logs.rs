//! The log servers: they give any task's log to every caller that can sign a token with Airflow's one key.

use serde_json::json;

use crate::attempt::Attempt;
use crate::attempt::Proof::Contains;
use crate::outcome::{are_refused_with, succeed_without};

/// A log of team sales, as the log server of its worker has it.
const LOG: &str = "dag_id=sales_daily/run_id=victim/task_id=extract/attempt=1.log";

/// From inside a task of team ml.
pub(crate) fn attempts() -> Vec<Attempt> {
    let from_worker = |name| {
        Attempt::without_token(name, &format!("GET /log/{LOG}")).header("host: airflow-worker-sales:8793")
    };
    vec![
        // The configuration of every component has the key.
        from_worker("reads a log from another's worker")
            .header("authorization: {signed}")
            .signs(
                ["api", "secret_key"],
                json!({"aud": "task-instance-logs", "filename": LOG}),
            )
            .gives(200, Contains("extract")),
        // The log server requires a token.
        from_worker("reads a log without the key").cannot(403),
        Attempt::without_token(
            "reads a log by the REST API",
            "GET /api/v2/dags/sales_daily/dagRuns/victim/taskInstances/extract/logs/1",
        )
        .header("accept: application/json")
        .gives(200, Contains("content")),
    ]
}

#[test]
fn airflow_alone_shows_a_task_the_logs_of_others() {
    succeed_without(&attempts());
}

#[test]
fn a_task_sees_no_log_of_another_team() {
    are_refused_with(&attempts());
}
