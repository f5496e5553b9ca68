//! The token of a running task of team sales, on routes where Airflow does not verify tokens of tasks. A rule there
//! that requires the DAG with proof `airflow` must not accept it.

use serde_json::{Value, json};

use crate::attempt::Attempt;
use crate::attempt::Proof::Contains;
use crate::outcome::{are_refused_with, succeed_without};

/// The rule that the operator adds for tasks of team sales.
pub(crate) fn rule() -> Value {
    json!({
        "name": "tasks-of-sales-read-the-rest-api",
        "action": "ALLOW",
        "rules": [{
            "from": [{"dags": ["sales_*"], "proof": ["airflow"]}],
            "to": [{"surfaces": ["rest", "ui", "pages"], "methods": ["GET"]}],
        }],
    })
}

/// The token of the running task, and one without a valid signature.
pub(crate) fn attempts() -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for (whose, token) in [("a forged", "forged"), ("a stolen", "token")] {
        let with = |what: &str, path: &str| {
            let name = String::leak(format!("{whose} token acts for sales at {what}"));
            Attempt::without_token(name, &format!("GET {path}"))
                .header(&format!("authorization: Bearer {{{token}}}"))
        };
        attempts.extend([
            with("the version", "/api/v2/version").gives(200, Contains("3.3.2")),
            with("the pages", "/").gives(200, Contains("<html")),
            // Airflow itself does not accept a task as a user.
            with("a DAG", "/api/v2/dags/sales_daily").cannot(403),
            with("the web interface's DAGs", "/ui/dags").cannot(403),
        ]);
    }
    attempts
}

#[test]
fn airflow_alone_answers_whatever_the_token_says() {
    succeed_without(&attempts());
}

#[test]
fn a_task_s_token_proves_no_dag_outside_the_execution_api() {
    are_refused_with(&attempts());
}
