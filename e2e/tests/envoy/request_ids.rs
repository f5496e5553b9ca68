//! `x-request-id` and similar headers: kept, replaced or created, and the same everywhere.

use dagward_testbed::client::{Client, Request};
use dagward_testbed::sidecar::Node;
use dagward_testbed::upstream::{Answer, Upstream};
use serde_json::json;

use crate::mesh::{API_SERVER, Server, allow_all, ask, enforce};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::token;

on_every_setup!(
    a_request_has_one_id_everywhere,
    correlation_ids_are_filled_and_never_overwritten,
    what_belongs_to_airflow_is_left_alone
);

const VALID: &str = "12345678-1234-4123-8123-123456789abc";

/// A document that allows only `/x`.
fn some() -> serde_json::Value {
    enforce(&json!([{"name": "x", "action": "ALLOW", "rules": [{"to": [{"paths": ["/x"]}]}]}]))
}

fn is_uuid(id: &str) -> bool {
    dagward::caller::id::is_uuid(id.as_bytes())
}

fn a_request_has_one_id_everywhere(setup: Setup) {
    let server = Server::start(setup, &some());
    let peer = server.peer("airflow", "airflow-worker");
    // The request's ids, and whether the resulting id is the first of them.
    let cases: [(&[&str], bool); 8] = [
        (&[], false),
        (&[VALID], true),
        // An id as nginx makes it, and a ULID.
        (&["12345678123441238123123456789abc"], true),
        (&["01ARZ3NDEKTSV4RRFFQ69G5FAV"], true),
        (&["no id"], false),
        (&["<script>\u{e9}"], false),
        (&[VALID, VALID], false),
        (&["12345678-1234-9123-8123 123456789abc"], false),
    ];
    for path in ["/x", "/y"] {
        for (ids, kept) in cases {
            let request = ids.iter().fold(Request::get(API_SERVER, path), |request, id| {
                request.header("x-request-id", id)
            });
            let response = ask(&peer, &request);
            assert_eq!(response.header_values("x-request-id").len(), 1, "{ids:?}");
            let id = response.header("x-request-id").unwrap();
            assert!(kept || is_uuid(id), "{ids:?} became {id}");
            assert_eq!(ids.first() == Some(&id), kept, "{ids:?} became {id}");
            if path == "/x" {
                let received = server.last();
                let values: Vec<_> = received
                    .headers
                    .iter()
                    .filter(|(name, _)| name == "x-request-id")
                    .collect();
                assert_eq!(values.len(), 1);
                assert_eq!(received.header("x-request-id"), Some(id), "{ids:?}");
            } else {
                assert_eq!(response.json().unwrap()["detail"]["request_id"], id);
            }
        }
    }
    server.counted(16);
}

/// The version digit of the id is Envoy's sampling decision, which the next hop reads.
#[test]
fn a_new_id_keeps_the_sampling_decision() {
    let server = Server::start(Setup::DEFAULT, &some());
    let peer = server.peer("airflow", "airflow-worker");
    for nibble in ["4", "9", "a", "b"] {
        let bad = format!("12345678-1234-{nibble}123-8123 123456789abc");
        let response = ask(
            &peer,
            &Request::get(API_SERVER, "/x").header("x-request-id", &bad),
        );
        let id = response.header("x-request-id").unwrap();
        assert!(is_uuid(id) && id.get(14..15) == Some(nibble), "{bad} became {id}");
    }
}

#[test]
fn both_sidecars_agree_on_the_id() {
    let server = Server::start(Setup::DEFAULT, &some());
    let worker = server.worker(Node::new("w", "airflow", "airflow-worker"), &allow_all());
    for id in [VALID, "an id"] {
        let request = Request::get(API_SERVER, "/x").header("x-request-id", id);
        let response = ask(&worker.app(), &request);
        assert_eq!(
            response.header("x-request-id"),
            server.last().header("x-request-id")
        );
    }
    let log = |sidecar: &dagward_testbed::sidecar::Sidecar| {
        sidecar
            .access_log_of(2)
            .unwrap()
            .iter()
            .map(|entry| entry["request_id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(log(&worker.sidecar), log(&server.sidecar));
}

fn correlation_ids_are_filled_and_never_overwritten(setup: Setup) {
    let server = Server::start(setup, &allow_all());
    let peer = server.peer("airflow", "airflow-worker");
    let variable = || Request::get(API_SERVER, "/execution/variables/x").header("x-request-id", VALID);
    for (request, expected) in [
        (variable(), Some(VALID)),
        (
            variable().header("correlation-id", "the task's"),
            Some("the task's"),
        ),
        (Request::get(API_SERVER, "/api/v2/dags/etl"), None),
        (Request::get(API_SERVER, "/elsewhere"), None),
    ] {
        assert_eq!(ask(&peer, &request).status, 200);
        assert_eq!(
            server.last().header("correlation-id"),
            expected,
            "{}",
            request.path
        );
    }
}

fn what_belongs_to_airflow_is_left_alone(setup: Setup) {
    let app = Upstream::with(|_| Answer {
        headers: vec![
            ("refreshed-api-token".to_owned(), "fresh".to_owned()),
            ("x-request-id".to_owned(), "the app's".to_owned()),
        ],
        ..Answer::json(200, &json!({}))
    });
    let server = Server::before(app.unwrap(), setup, &allow_all().to_string());
    let peer: Client = server.peer("airflow", "airflow-worker");
    let authorization = token("019ab1c2-7d11-7b3f-a3c4-5d6e7f809112");
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = Request::get(API_SERVER, "/execution/variables/x")
        .header("traceparent", trace)
        .header("tracestate", "a=b")
        .header("airflow-api-version", "2025-04-28")
        .header("authorization", &authorization)
        .header("x-request-id", VALID);
    let response = ask(&peer, &request);
    assert_eq!(response.header_values("refreshed-api-token"), [b"fresh"]);
    // The app's own id would not help: the logs of both sidecars have the request's.
    assert_eq!(response.header_values("x-request-id"), [VALID.as_bytes()]);
    let received = server.last();
    for (name, value) in [
        ("traceparent", trace),
        ("tracestate", "a=b"),
        ("airflow-api-version", "2025-04-28"),
        ("authorization", &authorization),
    ] {
        assert_eq!(received.header(name), Some(value), "{name}");
    }
}
