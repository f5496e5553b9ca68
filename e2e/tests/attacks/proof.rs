//! A token of a task that team sales has running, where Airflow verifies no token of a task. A rule there that asks for
//! the DAG with proof `airflow` must not take it for one.

use serde_json::{Value, json};

use crate::attempt::Attempt;
use crate::attempt::Proof::Told;
use crate::outcome::{are_refused_with, succeed_without};

/// What the operator allows to tasks of team sales beside what is shipped.
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

/// The token of the running task, and one that is signed by nobody.
pub(crate) fn attempts() -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for (whose, token) in [("a forged", "forged"), ("a stolen", "token")] {
        let with = |what: &str, path: &str| {
            let name = String::leak(format!("{whose} token acts for sales at {what}"));
            Attempt::without_token(name, &format!("GET {path}"))
                .header(&format!("authorization: Bearer {{{token}}}"))
        };
        attempts.extend([
            with("the version", "/api/v2/version").gives(200, Told("3.3.2")),
            with("the pages", "/").gives(200, Told("<html")),
            // Airflow itself takes no task for a user.
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
