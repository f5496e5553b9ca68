//! Proof `airflow` holds where Airflow verifies the token: in the Execution API. Elsewhere the token of a running task
//! proves no DAG, because any caller can write one.

use dagward_testbed::client::{Client, Request};
use dagward_testbed::upstream::{Answer, Upstream};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask, enforce};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{TASK, code, forged, run, teams, token, verifying, with_token, xcom};

on_every_setup!(
    a_token_acts_for_no_dag_outside_the_execution_api,
    another_service_learns_nothing_of_tasks,
);

const PAYMENTS: &str = "payments";

/// Paths of every surface except `execution`.
const ELSEWHERE: [&str; 6] = [
    "/api/v2/dags/sales_daily",
    "/ui/dags",
    "/auth/menus",
    "/api/v2/nothing",
    "/pages/sales",
    "/",
];

fn of_sales(proof: &Value) -> Value {
    json!({"name": "of-sales", "action": "ALLOW", "rules": [{
        "from": [{"dags": ["sales_*"], "proof": proof}],
        "to": [{"notPaths": ["/execution/*"]}],
    }]})
}

fn a_token_acts_for_no_dag_outside_the_execution_api(setup: Setup) {
    for proof in [json!(["airflow"]), json!(["airflow", "pod"])] {
        let mut policy = teams();
        policy["policies"].as_array_mut().unwrap().push(of_sales(&proof));
        let server = Server::before(Upstream::with(verifying).unwrap(), setup, &policy.to_string());
        let sales = server.peer("airflow", "airflow-worker-sales");
        assert_eq!(code(&ask(&sales, &run(TASK))), "allowed");
        let callers = [
            server.peer("airflow", "airflow-worker-finance"),
            server.peer("ai-agents", "assistant"),
            server.plaintext(),
            sales.clone(),
        ];
        for path in ELSEWHERE {
            for caller in &callers {
                for token in [forged(TASK), token(TASK)] {
                    let request = Request::get(API_SERVER, path).header("authorization", token);
                    assert_eq!(code(&ask(caller, &request)), "no_rule_allows", "{path}");
                }
            }
        }
        assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");
        server.assert_unharmed();
    }
}

/// The service answers with the request's own body, so a caller writes the answer to its own `run`.
fn another_service_learns_nothing_of_tasks(setup: Setup) {
    let airflow = Server::before(Upstream::with(verifying).unwrap(), setup, &teams().to_string());
    let mirror = Upstream::with(|request| Answer {
        body: request.body.clone(),
        ..Answer::json(200, &json!({}))
    });
    let runs =
        json!({"name": "runs", "action": "ALLOW", "rules": [{"to": [{"actions": ["task_instance:run"]}]}]});
    let policy = enforce(&json!([of_sales(&json!(["airflow"])), runs]));
    let payments = airflow.beside(PAYMENTS, mirror.unwrap(), &policy.to_string());
    let thief: Client = payments.peer("airflow", "airflow-worker-finance");
    let named = |task: &str, path: &str| Request {
        host: PAYMENTS.to_owned(),
        ..with_token("PATCH", path, task)
    };
    let answer = json!({"dag_run": {"dag_id": "sales_daily", "run_id": "r"}});
    let path = format!("/execution/task-instances/{TASK}/run");
    assert_eq!(
        ask(&thief, &named(TASK, &path).body(answer.to_string())).status,
        200
    );
    assert_eq!(code(&ask(&thief, &named(TASK, "/v1/payments"))), "no_rule_allows");
    payments.assert_unharmed();
}
