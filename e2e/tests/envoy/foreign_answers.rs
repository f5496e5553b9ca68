//! Answers to `run` that do not come from an api-server: those of another service behind the same waypoint, and of
//! another server in the same pod. A thief writes them. They must not decide which DAG a token acts for, or bind it to
//! a peer.

use dagward_testbed::client::{Client, Request};
use dagward_testbed::upstream::{Answer, Received, Upstream};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{TASK, code, run, verifying, with_token, xcom};
use crate::unverified_tokens::with_open_routes;

on_every_setup!(
    another_service_behind_a_waypoint_teaches_nothing,
    another_server_in_the_pod_teaches_nothing,
    another_server_in_the_pod_of_a_named_api_server_teaches_nothing,
);

/// A service of the thief.
const ROGUE: &str = "rogue";

/// A server that answers with the request's body.
fn mirror() -> Upstream {
    let mirror = |request: &Received| Answer {
        body: request.body.clone(),
        ..Answer::json(200, &json!({}))
    };
    Upstream::with(mirror).unwrap()
}

/// A `run` to the thief's server. Its answer claims that sales' task belongs to finance's DAG.
fn dictated(host: &str) -> Request {
    let path = format!("/execution/task-instances/{TASK}/run");
    let answer = json!({"dag_run": {"dag_id": "finance_daily", "run_id": "r"}});
    Request {
        host: host.to_owned(),
        ..with_token("PATCH", &path, TASK).body(answer.to_string())
    }
}

/// Asserts that the dictated answer gains `thief` nothing at the api-server, and costs `owner` nothing.
fn assert_nothing_learned(server: &Server, thief: &Client, owner: &Client) {
    let as_finance = xcom("finance_daily", TASK);
    // The code depends on whether sidecars vouch for tokens.
    assert_ne!(code(&ask(thief, &as_finance)), "allowed");
    assert_eq!(code(&ask(owner, &run(TASK))), "allowed");
    assert_eq!(code(&ask(owner, &xcom("sales_daily", TASK))), "allowed");
    assert_eq!(code(&ask(thief, &as_finance)), "token_owned_by_another");
    server.assert_unharmed();
}

fn another_service_behind_a_waypoint_teaches_nothing(setup: Setup) {
    let mut policy = with_open_routes();
    // Where no answer can name the DAG, the filter decides `run` without one.
    let runs = json!({"name": "runs", "action": "ALLOW", "rules": [{
        "from": [{"serviceAccounts": ["airflow/airflow-worker-finance"]}],
        "to": [{"actions": ["task_instance:run"]}],
    }]});
    policy["policies"].as_array_mut().unwrap().push(runs);
    policy["apiServerHosts"] = json!(["airflow-api-server.airflow.svc.cluster.local"]);
    let (airflow, rogue) = (Upstream::with(verifying).unwrap(), mirror());
    let server = Server::waypoint_of(&[(API_SERVER, &airflow), (ROGUE, &rogue)], setup, &policy);
    let account = |team: &str| {
        let account = format!("airflow-worker-{team}");
        server.authority.service_account("airflow", &account).unwrap()
    };
    let connect = Request::new("CONNECT", "10.96.0.17:8080", "");
    let [thief, owner] = ["finance", "sales"].map(|team| server.tunnelling(&account(team), &connect));
    let answer = ask(&thief, &dictated(ROGUE));
    assert_eq!(rogue.counts().completed, 1, "{}", answer.text());
    assert_nothing_learned(&server, &thief, &owner);
}

fn another_server_in_the_pod_teaches_nothing(setup: Setup) {
    dictate_in_a_shared_pod(setup, &with_open_routes());
}

fn another_server_in_the_pod_of_a_named_api_server_teaches_nothing(setup: Setup) {
    let mut policy = with_open_routes();
    policy["apiServers"] = json!(["spiffe://cluster.local/ns/airflow/sa/airflow-api-server"]);
    dictate_in_a_shared_pod(setup, &policy);
}

/// A pod that holds an api-server and runs tasks. One of the tasks has started the thief's server.
fn dictate_in_a_shared_pod(setup: Setup, policy: &Value) {
    let rogue = mirror();
    let airflow = Upstream::with(verifying).unwrap();
    let server = Server::shared(airflow, &rogue, setup, policy);
    let [thief, owner] =
        ["finance", "sales"].map(|team| server.peer("airflow", &format!("airflow-worker-{team}")));
    let accomplice = server.peer_beside("airflow", "airflow-worker-finance");
    let answer = ask(&accomplice, &dictated(API_SERVER));
    assert_eq!(rogue.counts().completed, 1, "{}", answer.text());
    assert_nothing_learned(&server, &thief, &owner);
}
