//! Routes whose body says what the request is about: the proxy holds the whole body back, and then decides.

use std::time::Duration;

use dagward_testbed::client::{Client, Request, Response};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask, enforce, refusal};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(
    every_id_in_the_body_counts,
    a_body_that_cannot_be_read_is_refused_where_it_counts,
    a_body_that_decides_nothing_is_not_held,
    a_body_is_decided_however_it_comes,
    trailers_do_not_slip_a_body_past
);

/// The longest time for an answer. The answer ends with its connection.
const QUIET: Duration = Duration::from_secs(60);

/// The access of team `ml` to its own DAGs and connections.
fn own() -> Value {
    enforce(&json!([{"name": "own", "action": "ALLOW", "rules": [{
        "from": [{"principals": ["spiffe://cluster.local/ns/airflow/sa/airflow-worker-ml"]}],
        "to": [
            {"dags": ["ml_*"]},
            {"connections": ["ml_*"]},
            {"actions": ["xcom:create"], "dags": ["*"]},
        ],
    }]}]))
}

/// The same, with people who have all access on a surface, and agents who do not have all of it.
fn own_and_people() -> Value {
    let mut document = own();
    let policies = document["policies"].as_array_mut().unwrap();
    policies.push(json!({"name": "people", "action": "ALLOW", "rules": [{
        "from": [{"namespaces": ["istio-ingress", "agents"]}], "to": [{"surfaces": ["rest"]}]}]}));
    policies.push(json!({"name": "agents", "action": "DENY", "rules": [{
        "from": [{"namespaces": ["agents"]}], "to": [{"variables": ["finance_*"]}]}]}));
    document
}

fn mine(server: &Server) -> Client {
    server.peer("airflow", "airflow-worker-ml")
}

fn send(method: &str, path: &str, body: &str) -> Request {
    Request::new(method, API_SERVER, path)
        .header("content-type", "application/json")
        .body(body.as_bytes())
}

fn outcome(response: &Response) -> (u16, String) {
    match response.status {
        200 => (200, String::new()),
        _ => refusal(response),
    }
}

fn every_id_in_the_body_counts(setup: Setup) {
    let server = Server::start(setup, &own());
    let peer = mine(&server);
    let bulk = "/api/v2/dags/ml_a/dagRuns/r/taskInstances";
    let (passes, refused) = ((200, String::new()), (403, "no_rule_allows".to_owned()));
    let cases = [
        ("POST", "/api/v2/backfills", r#"{"dag_id": "ml_a"}"#, &passes),
        ("POST", "/api/v2/backfills", r#"{"dag_id": "sales_a"}"#, &refused),
        ("POST", "/api/v2/backfills", "{}", &refused),
        (
            "PATCH",
            bulk,
            r#"{"actions": [{"action": "delete", "entities": ["t"]}]}"#,
            &passes,
        ),
        (
            "PATCH",
            bulk,
            r#"{"actions": [{"action": "delete", "entities": [{"task_id": "t", "dag_id": "sales_a"}]}]}"#,
            &refused,
        ),
        (
            "POST",
            "/api/v2/dags/~/dagRuns/list",
            r#"{"dag_ids": ["ml_a", "ml_b"]}"#,
            &passes,
        ),
        (
            "POST",
            "/api/v2/dags/~/dagRuns/list",
            r#"{"dag_ids": ["ml_a", "sales_a"]}"#,
            &refused,
        ),
        (
            "POST",
            "/api/v2/dags/~/dagRuns/list",
            r#"{"dag_ids": []}"#,
            &refused,
        ),
        (
            "POST",
            "/api/v2/connections",
            r#"{"connection_id": "ml_db"}"#,
            &passes,
        ),
        (
            "POST",
            "/api/v2/connections",
            r#"{"connection_id": "sales_db"}"#,
            &refused,
        ),
    ];
    for (number, (method, path, body, expected)) in (1..).zip(&cases) {
        let response = ask(&peer, &send(method, path, body));
        assert_eq!(&outcome(&response), *expected, "{method} {path} {body}");
        server.counted(number);
    }
    // The app got exactly the bodies of the requests that passed. (Envoy 1.36 resets an HTTP/2 stream without an error,
    // and the app takes that for the end of an empty body.)
    let received = server.app.received();
    let bodies = received.iter().map(|request| request.body.as_slice());
    let passed = cases.iter().filter(|(.., expected)| *expected == &passes);
    let expected: Vec<_> = passed.map(|(_, _, body, _)| body.as_bytes()).collect();
    assert_eq!(
        bodies.filter(|body| !body.is_empty()).collect::<Vec<_>>(),
        expected
    );
    // A request that its headers are enough to refuse does not reach the app at all.
    let started = server.app.counts().started;
    let other = send(
        "PATCH",
        "/api/v2/dags/sales_a/dagRuns/r/taskInstances",
        r#"{"actions": []}"#,
    );
    assert_eq!(outcome(&ask(&peer, &other)), refused);
    assert_eq!(server.app.counts().started, started);
    server.assert_unharmed();
}

fn a_body_that_cannot_be_read_is_refused_where_it_counts(setup: Setup) {
    let server = Server::start(setup, &own());
    let peer = mine(&server);
    let long = format!(r#"{{"dag_id": "ml_a", "x": "{}"}}"#, "x".repeat(64 * 1024));
    let deep = format!(
        r#"{{"dag_id": "ml_a", "x": {}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    for (number, body) in (1..).zip([
        "dag_id=ml_a",
        r#"{"dag_id": "ml_a", "dag_id": "sales_a"}"#,
        r#"{"dag_id": 5}"#,
        r#"{"dag_id": ["ml_a"]}"#,
        r#"["ml_a"]"#,
        "{",
        "\u{1f}\u{8b}\u{8}",
        &long,
        &deep,
    ]) {
        let response = ask(&peer, &send("POST", "/api/v2/backfills", body));
        assert_eq!(
            outcome(&response),
            (403, "malformed_body".to_owned()),
            "{body:.80}"
        );
        server.counted(number);
    }
    // On a route without a deciding body the filter does not look at the body.
    let xcom = send("POST", "/execution/xcoms/ml_a/r/t/k", &long);
    assert_eq!(ask(&peer, &xcom).json().unwrap()["body_length"], long.len());
    server.assert_unharmed();
}

fn a_body_that_decides_nothing_is_not_held(setup: Setup) {
    let server = Server::start(setup, &own_and_people());
    let people = server.peer("istio-ingress", "gateway");
    let agent = server.peer("agents", "assistant");
    let import = |bytes: usize| {
        let value = "x".repeat(bytes);
        format!(
            r#"{{"actions": [{{"action": "create", "entities": [{{"key": "a", "value": "{value}"}}]}}]}}"#
        )
    };
    for body in [&import(5_000_000), "key=a", "{", r#"["a"]"#] {
        let response = ask(&people, &send("PATCH", "/api/v2/variables", body));
        assert_eq!(response.status, 200, "{body:.80}");
        assert_eq!(response.json().unwrap()["body_length"], body.len());
    }
    // A longer one would still be in flight when the refusal closes the connection.
    for body in [&import(64 * 1024), "key=a", "{", r#"["a"]"#] {
        assert_eq!(
            outcome(&ask(&agent, &send("PATCH", "/api/v2/variables", body))),
            (403, "malformed_body".to_owned()),
            "{body:.80}"
        );
    }
    server.assert_unharmed();
}

fn a_body_is_decided_however_it_comes(setup: Setup) {
    let server = Server::start(setup, &own());
    let head =
        |framing: &str| format!("POST /api/v2/backfills HTTP/1.1\r\nhost: {API_SERVER}\r\n{framing}\r\n\r\n");
    let identity = server
        .authority
        .service_account("airflow", "airflow-worker-ml")
        .unwrap();
    let wire = Client::mtls(server.sidecar.inbound().unwrap(), &identity).unwrap();
    for (dag, status) in [("ml_a", "HTTP/1.1 200 "), ("sales_a", "HTTP/1.1 403 ")] {
        let body = format!(r#"{{"dag_id": "{dag}"}}"#);
        let chunks: String = body
            .chars()
            .map(|byte| format!("1\r\n{byte}\r\n"))
            .collect::<String>()
            + "0\r\n\r\n";
        for request in [
            head("transfer-encoding: chunked\r\nconnection: close") + &chunks,
            head(&format!(
                "content-length: {}\r\nexpect: 100-continue\r\nconnection: close",
                body.len()
            )) + &body,
        ] {
            let answer = wire.raw(request.as_bytes(), QUIET).unwrap();
            let answer = String::from_utf8(answer).unwrap();
            let last = answer
                .strip_prefix("HTTP/1.1 100 Continue\r\n\r\n")
                .unwrap_or(&answer);
            assert!(last.starts_with(status), "{request}\n{answer}");
        }
    }
    // A route that needs its body, without one.
    let none = Request::new("POST", API_SERVER, "/api/v2/backfills");
    assert_eq!(
        outcome(&ask(&mine(&server), &none)),
        (403, "no_rule_allows".to_owned())
    );
    server.assert_unharmed();
}

fn trailers_do_not_slip_a_body_past(setup: Setup) {
    let server = Server::start(setup, &own());
    let peer = mine(&server);
    for (dag, expected) in [("ml_a", 200), ("sales_a", 403)] {
        let body = format!(r#"{{"dag_id": "{dag}"}}"#);
        let request = send("POST", "/api/v2/backfills", &body).trailer("x-checksum", "1");
        assert_eq!(ask(&peer, &request).status, expected, "{dag}");
    }
    server.assert_unharmed();
}
