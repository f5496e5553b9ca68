//! The exact answer to a refused caller.

use dagward_testbed::client::Request;
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask, enforce};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(
    a_refusal_is_airflow_s_own_error,
    the_access_log_says_what_was_decided
);

fn document() -> Value {
    enforce(&json!([
        {"name": "own-dags", "action": "ALLOW", "rules": [{
            "from": [{"namespaces": ["airflow"]}], "to": [{"dags": ["etl"]}, {"surfaces": ["other"]}],
        }]},
        {"name": "no-deletes", "action": "DENY", "rules": [{"to": [{"methods": ["DELETE"]}]}]},
    ]))
}

fn a_refusal_is_airflow_s_own_error(setup: Setup) {
    let server = Server::start(setup, &document());
    let peer = server.peer("airflow", "airflow-worker");
    let id = "12345678-1234-4123-8123-123456789abc";
    for (request, status, reason, message) in [
        (
            Request::get(API_SERVER, "/api/v2/dags/pay"),
            403,
            "dagward_denied",
            "no policy allows this request (no_rule_allows)",
        ),
        (
            Request::new("DELETE", API_SERVER, "/api/v2/dags/etl"),
            403,
            "dagward_denied",
            "a policy denies this request (denied_by_rule)",
        ),
        (
            Request::get(API_SERVER, "/api/v2/dags/etl;x"),
            403,
            "dagward_malformed",
            "the path can be read in more than one way: the path has a `;` (malformed_path)",
        ),
        (
            Request::get(API_SERVER, "/api/v2/dags/etl").header("x-airflow-dag-id", "%"),
            403,
            "dagward_malformed",
            "the task headers are malformed: `x-airflow-dag-id` is not percent-encoded text of visible ASCII \
             (malformed_task_headers)",
        ),
    ] {
        let response = ask(&peer, &request.header("x-request-id", id));
        assert_eq!(response.status, status);
        assert_eq!(response.header_values("content-type"), [b"application/json"]);
        assert_eq!(response.header_values("x-request-id"), [id.as_bytes()]);
        let body =
            format!(r#"{{"detail":{{"reason":"{reason}","message":"{message}","request_id":"{id}"}}}}"#);
        assert_eq!(response.text(), body);
        assert_eq!(
            response.header("content-length"),
            Some(response.body.len().to_string().as_str())
        );
    }
    assert_eq!(server.app.counts().started, 0);
}

fn the_access_log_says_what_was_decided(setup: Setup) {
    let server = Server::start(setup, &document());
    let peer = server.peer("airflow", "airflow-worker");
    let task = |path: &str| {
        Request::get(API_SERVER, path)
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow-task-id", "load")
            .header("x-airflow-run-id", "r1")
    };
    ask(&peer, &task("/api/v2/dags/etl"));
    ask(&peer, &task("/api/v2/dags/pay"));
    ask(&server.plaintext(), &Request::new("DELETE", API_SERVER, "/x"));

    let caller = "spiffe://cluster.local/ns/airflow/sa/airflow-worker";
    let mut log = server.sidecar.access_log_of(3).unwrap();
    // Workers write in any order.
    log.sort_by_key(|entry| entry["dagward_decision"].to_string());
    let said = |entry: &Value| {
        ["decision", "policy", "caller", "dag_id", "task_id", "run_id"]
            .map(|name| entry[format!("dagward_{name}")].clone())
    };
    assert_eq!(
        said(&log[0]),
        [
            json!("allowed"),
            json!("own-dags"),
            json!(caller),
            json!("etl"),
            json!("load"),
            json!("r1")
        ]
    );
    assert_eq!(
        said(&log[1]),
        [
            json!("denied_by_rule"),
            json!("no-deletes"),
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null
        ]
    );
    assert_eq!(
        said(&log[2]),
        [
            json!("no_rule_allows"),
            Value::Null,
            json!(caller),
            json!("etl"),
            json!("load"),
            json!("r1")
        ]
    );
    assert_eq!(log[1]["response_code_details"], "dagward_denied");
}
