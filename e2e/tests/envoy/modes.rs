//! The modes: `observe` stamps and measures, `shadow` reports the refusals, `enforce` refuses.

use dagward_testbed::client::Request;
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, ask, refusal};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(only_enforce_refuses, a_policy_can_be_in_shadow_alone);

fn document(mode: &str, policy_mode: &str) -> Value {
    json!({"apiVersion": "dagward/v1", "mode": mode, "policies": [
        {"name": "etl", "action": "ALLOW", "rules": [{"to": [{"dags": ["etl"]}]}]},
        {"name": "no-writes", "mode": policy_mode, "action": "DENY", "rules": [{"to": [{"methods": ["PATCH"]}]}]},
    ]})
}

/// An allowed request, one that no rule allows, one that a rule denies, and a malformed one.
fn requests() -> [Request; 4] {
    [
        Request::get(API_SERVER, "/api/v2/dags/etl"),
        Request::get(API_SERVER, "/api/v2/dags/pay"),
        Request::new("PATCH", API_SERVER, "/api/v2/dags/etl"),
        Request::get(API_SERVER, "/api/v2/dags/etl;x"),
    ]
}

fn only_enforce_refuses(setup: Setup) {
    for (mode, statuses, decided, metric) in [
        ("observe", [200, 200, 200, 200], ["observed"; 4], None),
        (
            "shadow",
            [200, 200, 200, 200],
            ["allowed", "shadow_denied", "shadow_denied", "shadow_denied"],
            Some("dagward_shadow_denied_total"),
        ),
        (
            "enforce",
            [200, 403, 403, 403],
            ["allowed", "no_rule_allows", "denied_by_rule", "malformed_path"],
            Some("dagward_denied_total"),
        ),
    ] {
        let server = Server::start(setup, &document(mode, "enforce"));
        let peer = server.peer("airflow", "airflow-worker");
        for (number, request) in requests().iter().enumerate() {
            let response = ask(&peer, request);
            assert_eq!(response.status, statuses[number], "{mode}: {request:?}");
            // One after the other, so that the log has them in this order.
            let log = server.sidecar.access_log_of(number + 1).unwrap();
            assert_eq!(log[number]["dagward_decision"], decided[number], "{mode}");
        }
        server.counted(4);
        for name in ["dagward_shadow_denied_total", "dagward_denied_total"] {
            for (policy, reason) in [
                ("", "no_rule_allows"),
                ("no-writes", "denied_by_rule"),
                ("", "malformed_path"),
            ] {
                let labels = [("policy", policy), ("reason", reason)];
                let count = server.sidecar.admin().metric(name, &labels).unwrap();
                let expected = if metric == Some(name) { 1.0 } else { 0.0 };
                assert_eq!(count, expected, "{mode}: {name} {labels:?}");
            }
        }
    }
}

fn a_policy_can_be_in_shadow_alone(setup: Setup) {
    let server = Server::start(setup, &document("enforce", "shadow"));
    let peer = server.peer("airflow", "airflow-worker");
    let [allowed, denied, shadowed, _] = requests();
    assert_eq!(ask(&peer, &allowed).status, 200);
    assert_eq!(refusal(&ask(&peer, &denied)), (403, "no_rule_allows".to_owned()));
    assert_eq!(ask(&peer, &shadowed).status, 200);
    server.counted(3);
    let admin = server.sidecar.admin();
    let labels = [("policy", "no-writes"), ("reason", "denied_by_rule")];
    assert_eq!(admin.metric("dagward_shadow_denied_total", &labels).unwrap(), 1.0);
    assert_eq!(admin.metric("dagward_shadow_denied_total", &[]).unwrap(), 1.0);
    assert_eq!(admin.metric("dagward_denied_total", &labels).unwrap(), 0.0);
}
