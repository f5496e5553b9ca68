//! Special cases of HTTP: `HEAD`, `Expect`, trailers, upgrades, gRPC.

use std::time::Duration;

use dagward_testbed::client::{Request, Response};
use dagward_testbed::upstream::{Answer, Upstream};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask, enforce, refusal};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(
    head_has_no_body,
    trailers_pass_and_do_not_count,
    expectations_are_met
);

const QUIET: Duration = Duration::from_secs(5);

/// A document that allows everything under `/allowed`, and the api-server's data of DAG `etl`.
fn some() -> Value {
    enforce(&json!([{"name": "some", "action": "ALLOW", "rules": [
        {"to": [{"paths": ["/allowed*"]}, {"dags": ["etl"]}]},
    ]}]))
}

fn head_has_no_body(setup: Setup) {
    // Envoy resets the HTTP/2 stream of an app that still sends a body.
    let app = Upstream::with(|_| Answer {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
        trailers: Vec::new(),
        ends: true,
    });
    let server = Server::before(app.unwrap(), setup, &some().to_string());
    let peer = server.peer("airflow", "airflow-worker");
    for (path, status) in [("/allowed", 200), ("/other", 403), ("/api/v2/dags/a;b", 403)] {
        let response = ask(&peer, &Request::new("HEAD", API_SERVER, path));
        assert_eq!((response.status, response.body.len()), (status, 0), "{path}");
        assert!(response.header("x-request-id").is_some());
    }
    let denied = format!("HEAD /other HTTP/1.1\r\nhost: {API_SERVER}\r\nconnection: close\r\n\r\n");
    let answer = server.wire().raw(denied.as_bytes(), QUIET).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 403 ") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
    server.counted(4);
    server.assert_unharmed();
}

fn trailers_pass_and_do_not_count(setup: Setup) {
    let app = Upstream::with(|request| Answer {
        trailers: vec![("x-checksum".to_owned(), "1".to_owned())],
        ..Answer::json(200, &json!({"trailers": request.trailers.len()}))
    });
    let server = Server::before(app.unwrap(), setup, &some().to_string());
    let peer = server.peer("airflow", "airflow-worker");
    let request = |path: &str| {
        Request::new("POST", API_SERVER, path)
            .body("some")
            .trailer("x-airflow-dag-id", "late")
            .trailer("x-last", b"caf\xe9")
    };
    let allowed = ask(&peer, &request("/allowed"));
    assert_eq!(allowed.status, 200, "{}", allowed.text());
    // Envoy drops the trailers of HTTP/1.1 unless it is configured otherwise, and Istio does not do this.
    let trailers = if setup.http2 { 1 } else { 0 };
    assert_eq!(allowed.trailers.len(), trailers);
    assert_eq!(server.last().trailers.len(), trailers * 2);
    assert_eq!(
        refusal(&ask(&peer, &request("/other"))),
        (403, "no_rule_allows".to_owned())
    );
    let series = server.counted(2);
    assert!(
        series.iter().all(|series| series.label("dag_id").is_empty()),
        "{series:?}"
    );
    server.assert_unharmed();
}

fn expectations_are_met(setup: Setup) {
    let server = Server::start(setup, &some());
    for (path, last) in [("/allowed", "HTTP/1.1 200 "), ("/other", "HTTP/1.1 403 ")] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {API_SERVER}\r\nexpect: 100-continue\r\nconnection: close\r\n\
             content-length: 4\r\n\r\nbody"
        );
        let answer = server.wire().raw(request.as_bytes(), QUIET).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        // Envoy answers `100 Continue` before any filter sees the request.
        let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        assert!(answer.starts_with(last), "{answer}");
    }
    assert_eq!(server.app.counts().started, 1);
    server.counted(2);
    server.assert_unharmed();
}

#[test]
fn a_websocket_is_decided_at_its_upgrade() {
    for setup in Setup::ALL.into_iter().filter(|setup| !setup.http2) {
        let app = Upstream::with(|_| Answer {
            status: 101,
            headers: vec![
                ("connection".to_owned(), "upgrade".to_owned()),
                ("upgrade".to_owned(), "websocket".to_owned()),
            ],
            body: Vec::new(),
            trailers: Vec::new(),
            ends: true,
        });
        let server = Server::before(app.unwrap(), setup, &some().to_string());
        let upgrade = |path: &str| {
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: {API_SERVER}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
            );
            String::from_utf8(server.wire().raw(request.as_bytes(), QUIET).unwrap()).unwrap()
        };
        let denied = upgrade("/other");
        assert!(
            denied.starts_with("HTTP/1.1 403 ") && denied.contains("no_rule_allows"),
            "{denied}"
        );
        assert_eq!(server.app.counts().started, 0);
        let allowed = upgrade("/allowed");
        assert!(allowed.starts_with("HTTP/1.1 101 "), "{allowed}");
        assert_eq!(server.last().header("upgrade"), Some("websocket"));
        let series = server.counted(2);
        assert!(
            series.iter().any(|series| series.label("code_class") == "1xx"),
            "{series:?}"
        );
        server.assert_unharmed();
    }
}

#[test]
fn grpc_gets_its_own_refusal() {
    let grpc_status = |response: &Response| response.header("grpc-status").map(str::to_owned);
    for setup in Setup::ALL.into_iter().filter(|setup| setup.http2) {
        let app = Upstream::with(|_| Answer {
            headers: vec![("content-type".to_owned(), "application/grpc".to_owned())],
            trailers: vec![("grpc-status".to_owned(), "0".to_owned())],
            ..Answer::json(200, &json!({}))
        });
        let server = Server::before(app.unwrap(), setup, &some().to_string());
        let peer = server.peer("airflow", "airflow-worker");
        let call = |path: &str| {
            Request::new("POST", API_SERVER, path)
                .header("content-type", "application/grpc")
                .header("te", "trailers")
                .body([0, 0, 0, 0, 0])
        };
        let allowed = ask(&peer, &call("/allowed.Service/Method"));
        assert_eq!(allowed.status, 200);
        assert_eq!(allowed.trailers, [("grpc-status".to_owned(), b"0".to_vec())]);

        let denied = ask(&peer, &call("/package.Service/Method"));
        assert_eq!((denied.status, grpc_status(&denied)), (200, Some("7".to_owned())));
        assert!(denied.header("grpc-message").unwrap().contains("no_rule_allows"));
        assert_eq!(denied.header_values("content-type"), [b"application/grpc"]);

        let malformed = ask(&peer, &call("/allowed").header("x-airflow-dag-id", "%"));
        assert_eq!(grpc_status(&malformed), Some("3".to_owned()));
        assert_eq!(server.app.counts().started, 1);
        server.counted(3);
        server.assert_unharmed();
    }
}
