//! Requests at a waypoint arrive through a tunnel. The caller is the peer that opened the tunnel.

use std::thread;

use dagward_testbed::certs::Identity;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::upstream::Upstream;
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask, enforce, refusal};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{TASK, airflow, code, run, teams, xcom};

on_every_setup!(
    the_tunnel_s_principal_decides,
    headers_do_not_identify_a_caller_here_either,
    a_tunnel_without_an_identity_is_refused,
    many_tunnels_keep_apart,
    a_claim_is_not_a_proof,
    what_airflow_answers_is_learned,
);

const WORKER: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker";

/// The end of the tunnels: a service's address, as in a pod's request to it.
const SERVICE: &str = "10.96.0.17:8080";

fn waypoint(setup: Setup, policy: &Value) -> Server {
    Server::waypoint(Upstream::echo().unwrap(), setup, policy)
}

fn workers_only() -> Value {
    enforce(&json!([{"name": "workers", "action": "ALLOW", "rules": [{"from": [{"principals": [WORKER]}]}]}]))
}

fn connect() -> Request {
    Request::new("CONNECT", SERVICE, "")
}

fn request() -> Request {
    Request::get(API_SERVER, "/api/v2/dags/etl")
}

fn account(server: &Server, account: &str) -> Identity {
    server.authority.service_account("airflow", account).unwrap()
}

/// A pod without a sidecar, as its waypoint sees it.
fn pod(server: &Server, name: &str) -> Client {
    server.tunnelling(&account(server, name), &connect())
}

fn denied() -> (u16, String) {
    (403, "no_rule_allows".to_owned())
}

fn the_tunnel_s_principal_decides(setup: Setup) {
    let server = waypoint(setup, &workers_only());
    assert_eq!(ask(&pod(&server, "airflow-worker"), &request()).status, 200);
    assert_eq!(refusal(&ask(&pod(&server, "other"), &request())), denied());

    // Outside the tunnel the caller is identified as elsewhere: by its certificate, or not at all.
    assert_eq!(
        ask(&server.peer("airflow", "airflow-worker"), &request()).status,
        200
    );
    assert_eq!(refusal(&ask(&server.plaintext(), &request())), denied());
    assert_eq!(server.app.counts().started, 2);

    let mut callers: Vec<_> = server
        .counted(4)
        .iter()
        .map(|series| (series.label("caller").to_owned(), series.value as u64))
        .collect();
    callers.sort();
    let other = "spiffe://cluster.local/ns/airflow/sa/other";
    let expected = [("", 1), (WORKER, 2), (other, 1)];
    assert_eq!(
        callers,
        expected.map(|(caller, count)| (caller.to_owned(), count))
    );

    // The tunnels' listener serves nothing else, and requires a certificate.
    let tunnels = server.sidecar.hbone().unwrap();
    let straight = Client::mtls(tunnels, &account(&server, "airflow-worker")).unwrap();
    assert_eq!(ask(&straight.http2(), &request()).status, 404);
    let anonymous = Client::anonymous(tunnels, &account(&server, "x")).unwrap();
    assert!(anonymous.http2().send(&request()).is_err());
    server.counted(4);
    server.assert_unharmed();
}

/// Headers that would name the worker if the filter read them.
fn forged(request: Request) -> Request {
    let element = format!("By=spiffe://cluster.local/ns/airflow/sa/x;Hash=00;URI={WORKER}");
    [
        ("x-forwarded-client-cert", element.as_str()),
        ("io.istio.peer_principal", WORKER),
        ("filter_state", &format!("io.istio.peer_principal={WORKER}")),
        ("x-dagward-principal", WORKER),
        (
            "baggage",
            &format!("k8s.service.account={WORKER},io.istio.peer_principal={WORKER}"),
        ),
        ("x-istio-source", "waypoint"),
        ("forwarded", "for=127.0.0.1"),
    ]
    .into_iter()
    .fold(request, |request, (name, value)| request.header(name, value))
}

fn headers_do_not_identify_a_caller_here_either(setup: Setup) {
    let server = waypoint(setup, &workers_only());
    let other = account(&server, "other");
    for client in [
        server.tunnelling(&other, &connect()),
        server.tunnelling(&other, &forged(connect())),
        server.plaintext(),
    ] {
        assert_eq!(refusal(&ask(&client, &forged(request()))), denied());
    }
    // Nor do they take the worker's own identity away, and no part of its certificate reaches the app.
    let worker = server.tunnelling(&account(&server, "airflow-worker"), &forged(connect()));
    assert_eq!(ask(&worker, &forged(request())).status, 200);
    assert_eq!(server.last().header("x-forwarded-client-cert"), None);
    server.counted(4);
    server.assert_unharmed();
}

fn a_tunnel_without_an_identity_is_refused(setup: Setup) {
    let server = waypoint(setup, &workers_only());
    let malformed = (403, "malformed_identity".to_owned());
    for uris in [
        [].as_slice(),
        &["spiffe://CLUSTER.local/ns/airflow/sa/airflow-worker"],
        &["https://cluster.local/ns/airflow/sa/airflow-worker"],
    ] {
        let client = server.tunnelling(&server.authority.uris(uris).unwrap(), &connect());
        assert_eq!(refusal(&ask(&client, &request())), malformed, "{uris:?}");
    }
    assert_eq!(server.app.counts().started, 0);
    server.counted(3);
    server.assert_unharmed();
}

/// Envoy remembers the connections from the one listener to the other, and dagward the peer of each connection.
fn many_tunnels_keep_apart(setup: Setup) {
    let server = waypoint(setup, &workers_only());
    let callers = [("airflow-worker", 200), ("other", 403)];
    thread::scope(|threads| {
        for (name, status) in callers.into_iter().cycle().take(8) {
            let client = pod(&server, name);
            threads.spawn(move || {
                for _ in 0..25 {
                    assert_eq!(ask(&client, &request()).status, status, "{name}");
                }
            });
        }
    });
    let series = server.counted(200);
    let allowed = series.iter().filter(|series| series.label("decision") == "allow");
    assert_eq!(allowed.map(|series| series.value).sum::<f64>(), 100.0);
    server.assert_unharmed();
}

/// A pod without a sidecar has no proxy that removes the task's own headers.
fn a_claim_is_not_a_proof(setup: Setup) {
    let proven = json!([{
        "name": "proven",
        "action": "ALLOW",
        "rules": [{"from": [{"dags": ["etl"], "proof": ["pod"]}]}, {"to": [{"paths": ["/anyone"]}]}],
    }]);
    let claiming = |path: &str| {
        Request::get(API_SERVER, path)
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow-proof", "pod")
    };
    let mut policy = enforce(&proven);
    let server = waypoint(setup, &policy);
    let worker = pod(&server, "airflow-worker");
    assert_eq!(refusal(&ask(&worker, &claiming("/x"))), denied());
    assert_eq!(ask(&worker, &claiming("/anyone")).status, 200);
    assert_eq!(server.last().header("x-airflow-dag-id"), Some("etl"));
    assert_eq!(server.last().header("x-airflow-proof"), None);

    // A listed stamper has a sidecar with dagward, and uses HBONE all the same.
    policy["stampers"] = json!([WORKER]);
    let server = waypoint(setup, &policy);
    assert_eq!(ask(&pod(&server, "airflow-worker"), &claiming("/x")).status, 200);
    assert_eq!(refusal(&ask(&pod(&server, "other"), &claiming("/x"))), denied());
    server.assert_unharmed();
}

fn what_airflow_answers_is_learned(setup: Setup) {
    let mut policy = teams();
    policy["apiServerHosts"] = json!(["airflow-api-server.airflow.svc.cluster.local"]);
    let app = Upstream::with(airflow).unwrap();
    let server = Server::waypoint_of(&[(API_SERVER, &app)], setup, &policy);
    let [sales, finance] = ["sales", "finance"].map(|team| pod(&server, &format!("airflow-worker-{team}")));
    let own = xcom("sales_daily", TASK);
    assert_eq!(code(&ask(&sales, &own)), "no_rule_allows");
    assert_eq!(ask(&sales, &run(TASK)).status, 200);
    assert_eq!(code(&ask(&sales, &own)), "allowed");
    assert_eq!(code(&ask(&sales, &xcom("finance_daily", TASK))), "no_rule_allows");
    assert_eq!(code(&ask(&finance, &own)), "token_owned_by_another");
    server.counted(5);
    server.assert_unharmed();
}
