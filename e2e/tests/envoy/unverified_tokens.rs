//! Tokens that Airflow has not verified bind nothing and teach nothing, with any answer and in any number.

use std::hash::{DefaultHasher, Hash, Hasher};

use dagward_testbed::client::{Client, Request};
use dagward_testbed::sidecar::Node;
use dagward_testbed::upstream::Upstream;
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{
    OTHER_TASK, TASK, code, forged, run, teams, token, token_of, verifying, with_token, xcom,
};

on_every_setup!(
    a_forged_token_locks_no_task_out,
    a_forged_token_locks_no_task_out_where_api_servers_are_named,
    a_stolen_token_that_is_used_before_run_locks_no_task_out,
    neighbours_by_the_hash_of_old_push_no_task_out,
    valid_tokens_of_a_thief_push_no_task_out,
);

/// Routes on which Airflow answers 200 without verifying the token.
const OPEN: [&str; 11] = [
    "/api/v2/monitor/health",
    "/api/v2/version",
    "/execution/health",
    "/execution/health/ping",
    "/execution/docs",
    "/execution/openapi.json",
    "/health",
    "/",
    "/static/assets/index.js",
    "/ui/config",
    "/auth/login",
];

/// As [`teams`]. In addition a task may report on itself where its DAG is not known, and Airflow's public pages are
/// open.
pub(crate) fn with_open_routes() -> Value {
    let mut policy = teams();
    policy["policies"].as_array_mut().unwrap().extend([
        json!({"name": "reports", "action": "ALLOW", "rules": [{
            "to": [{"actions": ["task_instance:heartbeat", "task_instance:state"]}],
        }]}),
        json!({"name": "open", "action": "ALLOW", "rules": [{
            "to": [
                {"surfaces": ["rest", "ui", "auth", "health", "pages", "other"]},
                {"actions": ["docs:read", "execution:unclassified"]},
            ],
        }]}),
    ]);
    policy
}

fn with_api_servers() -> Value {
    let mut policy = with_open_routes();
    policy["apiServers"] = json!(["spiffe://cluster.local/ns/airflow/sa/airflow-api-server"]);
    policy
}

fn start(setup: Setup, policy: &Value) -> Server {
    Server::before(Upstream::with(verifying).unwrap(), setup, &policy.to_string())
}

fn sales(server: &Server) -> Client {
    server.peer("airflow", "airflow-worker-sales")
}

fn finance(server: &Server) -> Client {
    server.peer("airflow", "airflow-worker-finance")
}

fn open(path: &str, token: String) -> Request {
    Request::get(API_SERVER, path).header("authorization", token)
}

fn state(task: &str) -> Request {
    let path = format!("/execution/task-instances/{task}/state");
    with_token("PATCH", &path, task).body(r#"{"state": "failed"}"#)
}

fn learned(server: &Server) -> f64 {
    let admin = server.sidecar.admin();
    admin.metric("dagward_learned_tasks", &[]).unwrap()
}

fn a_forged_token_locks_no_task_out(setup: Setup) {
    forge_everywhere(setup, &with_open_routes(), "allowed");
}

fn a_forged_token_locks_no_task_out_where_api_servers_are_named(setup: Setup) {
    forge_everywhere(setup, &with_api_servers(), "token_owner_unknown");
}

/// A running and a queued task of sales, and tokens for them that Airflow has not signed.
fn forge_everywhere(setup: Setup, policy: &Value, of_a_queued_task: &str) {
    let server = start(setup, policy);
    let sales = sales(&server);
    assert_eq!(code(&ask(&sales, &run(TASK))), "allowed");
    let worker = Node::new("worker", "airflow", "airflow-worker-finance");
    let worker = server.worker(worker, policy);
    let attackers = [
        worker.app(),
        finance(&server),
        server.peer("ai-agents", "assistant"),
        server.peer("istio-ingress", "gateway"),
        server.plaintext(),
    ];
    let mut words = Vec::new();
    for attacker in &attackers {
        for path in OPEN {
            for task in [TASK, OTHER_TASK] {
                let word = code(&ask(attacker, &open(path, forged(task))));
                words.push((path, task, word));
            }
        }
    }
    assert_eq!(code(&ask(&sales, &run(OTHER_TASK))), "allowed");
    for task in [TASK, OTHER_TASK] {
        assert_eq!(code(&ask(&sales, &xcom("sales_daily", task))), "allowed");
        assert_eq!(code(&ask(&sales, &state(task))), "allowed");
    }
    assert_eq!(learned(&server), 2.0);
    for (path, task, word) in words {
        // Under `/execution` a token must be bound to the caller.
        let expected = match (path.starts_with("/execution"), task) {
            (false, _) => "allowed",
            (true, TASK) => "token_owned_by_another",
            (true, _) => of_a_queued_task,
        };
        assert_eq!(word, expected, "{path} {task}");
    }
    server.assert_unharmed();
}

/// Tokens of Airflow 3.0 to 3.2.1 have no scope: Airflow accepts a queued one on all of a task's routes.
fn a_stolen_token_that_is_used_before_run_locks_no_task_out(setup: Setup) {
    let server = start(setup, &with_open_routes());
    let (sales, finance) = (sales(&server), finance(&server));
    let as_a_pod = |path: &str, task: &str| {
        Request::get(API_SERVER, path)
            .header("authorization", token(task))
            .header("x-airflow-dag-id", "finance_daily")
            .header("x-airflow-proof", "pod")
    };
    for number in 0..5 {
        let task = format!("019ab1c2-7d11-7b3f-a3c4-{number:012}");
        let theft = match number {
            0 => as_a_pod("/execution/connections/finance_db", &task),
            1 => as_a_pod("/execution/xcoms/finance_daily/r/t/k", &task),
            2 => state(&task),
            3 => as_a_pod("/execution/health", &task),
            _ => as_a_pod("/api/v2/version", &task),
        };
        assert_eq!(code(&ask(&finance, &theft)), "allowed", "{theft:?}");
        assert_eq!(code(&ask(&sales, &run(&task))), "allowed", "{theft:?}");
        assert_eq!(code(&ask(&sales, &xcom("sales_daily", &task))), "allowed");
        assert_eq!(code(&ask(&finance, &state(&task))), "token_owned_by_another");
    }
    server.assert_unharmed();
}

/// UUIDs that a hash with fixed keys puts beside `task`: any attacker can compute them.
fn neighbours(task: &str) -> impl Iterator<Item = String> {
    let shelf = |id: &str| {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        hasher.finish() % 1_024
    };
    let wanted = shelf(task);
    let all = (0_u64..).map(|number| format!("0192f0c1-0000-7000-8000-{number:012}"));
    all.filter(move |id| shelf(id) == wanted)
}

fn neighbours_by_the_hash_of_old_push_no_task_out(setup: Setup) {
    for policy in [with_open_routes(), with_api_servers()] {
        let server = start(setup, &policy);
        let (sales, finance) = (sales(&server), finance(&server));
        assert_eq!(code(&ask(&sales, &run(TASK))), "allowed");
        for neighbour in neighbours(TASK).take(8) {
            ask(&finance, &open("/execution/health", forged(&neighbour)));
        }
        // The ninth would bind the stolen token to the thief.
        ask(&finance, &open("/execution/health", token(TASK)));
        assert_eq!(code(&ask(&finance, &state(TASK))), "token_owned_by_another");
        assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");
        assert_eq!(learned(&server), 1.0);
        server.assert_unharmed();
    }
}

/// The tokens of the thief's own tasks are valid, and Airflow answers them.
fn valid_tokens_of_a_thief_push_no_task_out(setup: Setup) {
    let server = start(setup, &with_open_routes());
    let (sales, finance) = (sales(&server), finance(&server));
    assert_eq!(code(&ask(&sales, &run(TASK))), "allowed");
    for neighbour in neighbours(TASK).take(16) {
        let path = format!("/execution/task-instances/{neighbour}/run");
        let own = Request::new("PATCH", API_SERVER, &path)
            .header("authorization", token_of("finance_daily", &neighbour))
            .body("{}");
        let answer = ask(&finance, &own);
        assert!(answer.text().contains("finance_daily"), "{}", answer.text());
    }
    assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");
    assert_eq!(code(&ask(&finance, &state(TASK))), "token_owned_by_another");
    server.assert_unharmed();
}
