//! The certificate alone identifies the caller.

use dagward_testbed::client::{Client, Request};
use serde_json::json;

use crate::mesh::{API_SERVER, Server, ask, enforce, refusal};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(
    the_certificate_decides,
    headers_do_not_identify_a_caller,
    malformed_identities_are_refused
);

/// Only the api-server's worker may read its DAGs.
fn workers_only() -> serde_json::Value {
    enforce(&json!([{
        "name": "workers",
        "action": "ALLOW",
        "rules": [{"from": [{"serviceAccounts": ["airflow/airflow-worker"]}]}],
    }]))
}

fn request() -> Request {
    Request::get(API_SERVER, "/api/v2/dags/etl")
}

fn the_certificate_decides(setup: Setup) {
    let server = Server::start(setup, &workers_only());
    assert_eq!(
        ask(&server.peer("airflow", "airflow-worker"), &request()).status,
        200
    );
    let denied = (403, "no_rule_allows".to_owned());
    for (namespace, account) in [("airflow", "other"), ("default", "airflow-worker")] {
        let response = ask(&server.peer(namespace, account), &request());
        assert_eq!(refusal(&response), denied, "{namespace}/{account}");
    }
    assert_eq!(refusal(&ask(&server.plaintext(), &request())), denied);
    assert_eq!(server.app.counts().started, 1);

    let callers: Vec<_> = server
        .counted(4)
        .iter()
        .map(|series| {
            (
                series.label("caller").to_owned(),
                series.label("decision").to_owned(),
            )
        })
        .collect();
    for (caller, decision) in [
        ("spiffe://cluster.local/ns/airflow/sa/airflow-worker", "allow"),
        ("spiffe://cluster.local/ns/airflow/sa/other", "deny"),
        ("spiffe://cluster.local/ns/default/sa/airflow-worker", "deny"),
        ("", "deny"),
    ] {
        assert!(
            callers.contains(&(caller.to_owned(), decision.to_owned())),
            "{callers:?}"
        );
    }
}

fn headers_do_not_identify_a_caller(setup: Setup) {
    let server = Server::start(setup, &workers_only());
    let worker = "spiffe://cluster.local/ns/airflow/sa/airflow-worker";
    let element = format!("By=spiffe://cluster.local/ns/airflow/sa/x;Hash=00;URI={worker}");
    let forged = request()
        .header("x-forwarded-client-cert", &element)
        .header("x-forwarded-for", "127.0.0.1")
        .header("x-forwarded-proto", "https")
        .header("x-envoy-internal", "true")
        .header("x-envoy-external-address", "127.0.0.1")
        .header(
            "x-envoy-peer-metadata-id",
            "sidecar~1.1.1.1~airflow-worker.airflow~x",
        )
        .header("x-envoy-original-path", "/health")
        .header("x-dagward-principal", worker);
    for client in [server.plaintext(), server.peer("airflow", "other")] {
        assert_eq!(
            refusal(&ask(&client, &forged)),
            (403, "no_rule_allows".to_owned())
        );
    }
    // Forged headers of a stranger do not take away the worker's own identity either.
    let stranger = request().header("x-forwarded-client-cert", "URI=spiffe://evil/ns/a/sa/b");
    assert_eq!(
        ask(&server.peer("airflow", "airflow-worker"), &stranger).status,
        200
    );
    server.counted(3);
}

fn malformed_identities_are_refused(setup: Setup) {
    let server = Server::start(setup, &workers_only());
    let bad = [
        "spiffe://CLUSTER.local/ns/airflow/sa/airflow-worker",
        "SPIFFE://cluster.local/ns/airflow/sa/airflow-worker",
        "spiffe://cluster.local:443/ns/airflow/sa/airflow-worker",
        "spiffe://cluster.local/ns/airflow/sa/airflow-worker?x=y",
        "spiffe://cluster.local/ns/airflow/sa/./airflow-worker",
        "spiffe://cluster.local/ns/airflow/x/../sa/airflow-worker",
        "spiffe://cluster.local/ns/airflow/sa/airflow-worker/",
        "https://cluster.local/ns/airflow/sa/airflow-worker",
    ];
    for uri in bad {
        let response = ask(
            &server.presenting(&server.authority.uri(uri).unwrap()),
            &request(),
        );
        assert_eq!(
            refusal(&response),
            (403, "malformed_identity".to_owned()),
            "{uri}"
        );
    }
    assert_eq!(
        ask(&server.peer("airflow", "airflow-worker"), &request()).status,
        200
    );
    let series = server.counted(bad.len() as u64 + 1);
    let malformed: f64 = series
        .iter()
        .filter(|series| series.carries(&[("decision", "malformed"), ("caller", ""), ("code_class", "4xx")]))
        .map(|series| series.value)
        .sum();
    assert_eq!(malformed, bad.len() as f64);
    assert_eq!(server.app.counts().started, 1);
    server.assert_unharmed();
}

/// Istio's authority never issues a certificate with two, and the proxy shows a filter only the first one.
#[test]
fn of_two_names_the_first_counts() {
    let server = Server::start(Setup::DEFAULT, &workers_only());
    let (worker, other) = (
        "spiffe://cluster.local/ns/airflow/sa/airflow-worker",
        "spiffe://cluster.local/ns/airflow/sa/other",
    );
    for (uris, status) in [([worker, other], 200), ([other, worker], 403)] {
        let peer = server.presenting(&server.authority.uris(&uris).unwrap());
        assert_eq!(ask(&peer, &request()).status, status, "{uris:?}");
    }
    server.counted(2);
    server.assert_unharmed();
}

#[test]
fn tls_without_a_client_certificate_is_refused() {
    let server = Server::start(Setup::DEFAULT, &workers_only());
    let identity = server.authority.service_account("airflow", "x").unwrap();
    let client = Client::anonymous(server.sidecar.inbound().unwrap(), &identity).unwrap();
    assert!(client.send(&request()).is_err());
    server.counted(0);
}
