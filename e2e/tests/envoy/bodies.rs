//! Requests that end early, and refusals while the body is still arriving.

use std::time::Duration;

use dagward_testbed::client::Request;
use dagward_workbench::wait;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, ask, enforce, refusal};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(
    a_request_may_end_before_its_body,
    a_refusal_does_not_wait_for_the_body,
    large_bodies_are_refused_and_passed
);

/// The longest time for an answer. The answer ends with its connection.
const QUIET: Duration = Duration::from_secs(60);

fn some() -> serde_json::Value {
    enforce(&json!([{"name": "some", "action": "ALLOW", "rules": [{"to": [{"paths": ["/allowed"]}]}]}]))
}

/// The head of a request that announces more body than it sends.
fn unfinished(path: &str, framing: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: {API_SERVER}\r\n{framing}\r\n\r\n")
}

const CHUNKED: &str = "transfer-encoding: chunked";
const LENGTH: &str = "content-length: 100000000";

fn a_request_may_end_before_its_body(setup: Setup) {
    let server = Server::start(setup, &some());
    let mut ended = 0;
    for (framing, piece) in [(LENGTH, "half"), (CHUNKED, "5\r\nha"), (CHUNKED, "4\r\nhalf\r\n")] {
        let request = unfinished("/allowed", framing) + piece;
        let open = server.wire().open(request.as_bytes()).unwrap();
        ended += 1;
        wait::until("the app to have it", QUIET, || {
            Ok((server.app.counts().started == ended).then_some(()))
        })
        .unwrap();
        drop(open);
        server.counted(ended);
    }
    wait::until("the app to be done with them", QUIET, || {
        let counts = server.app.counts();
        Ok((counts.aborted + counts.completed == counts.started).then_some(()))
    })
    .unwrap();
    // Envoy 1.36 resets an HTTP/2 stream without an error, and the app takes that for the body's end.
    assert!(
        server
            .app
            .received()
            .iter()
            .all(|received| received.body.len() <= "half".len())
    );

    let peer = server.peer("airflow", "airflow-worker");
    assert_eq!(ask(&peer, &Request::get(API_SERVER, "/allowed")).status, 200);
    let series = server.counted(ended + 1);
    assert!(
        series.iter().any(
            |series| series.carries(&[("code_class", ""), ("decision", "allow")]) && series.value == 3.0
        ),
        "{series:?}"
    );
    // Bytes that a request announced and did not send are not counted.
    let bytes = server
        .sidecar
        .admin()
        .metric("dagward_request_bytes_total", &[])
        .unwrap();
    assert!(bytes < 10_000.0, "{bytes}");
    server.assert_unharmed();
}

fn a_refusal_does_not_wait_for_the_body(setup: Setup) {
    let server = Server::start(setup, &some());
    for (framing, piece) in [(LENGTH, "half"), (LENGTH, ""), (CHUNKED, "4\r\nhalf\r\n")] {
        let request = unfinished("/other", framing) + piece;
        let answer = server.wire().raw(request.as_bytes(), QUIET).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 403 ") && answer.contains("no_rule_allows"),
            "{answer}"
        );
    }
    assert_eq!(server.app.counts().started, 0);
    server.counted(3);
    server.assert_unharmed();
}

fn large_bodies_are_refused_and_passed(setup: Setup) {
    let server = Server::start(setup, &some());
    let peer = server.peer("airflow", "airflow-worker");
    let body = vec![b'x'; 8 << 20];
    let post = |path: &str| Request::new("POST", API_SERVER, path).body(&body);
    let passed = ask(&peer, &post("/allowed"));
    assert_eq!(passed.json().unwrap()["body_length"], body.len());
    // The proxy may close the connection while the client still writes. Then the client gets no answer.
    match peer.send(&post("/other")) {
        Ok(response) => assert_eq!(refusal(&response), (403, "no_rule_allows".to_owned())),
        Err(error) => println!("the answer was lost: {error:#}"),
    }
    let series = server.counted(2);
    assert!(
        series
            .iter()
            .any(|series| series.carries(&[("decision", "deny"), ("code_class", "4xx")]))
    );
    assert_eq!(server.app.counts().started, 1);
    server.assert_unharmed();
}
