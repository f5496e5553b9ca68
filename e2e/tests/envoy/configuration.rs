//! Documents that the filter refuses, and the policy that is in force then.

use std::time::Duration;

use dagward_testbed::client::{Client, Request};
use dagward_testbed::sidecar::{Sidecar, Update};
use dagward_workbench::wait;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, allow_all, ask, enforce, refusal};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(
    a_bad_first_document_refuses_everything,
    a_bad_update_leaves_the_policy_in_force,
    an_open_plugin_refuses_nothing_for_a_bad_document,
    a_rollback_ends_every_refusal,
    a_bad_document_does_not_begin_to_enforce
);

/// The `pluginName` of a plugin to enforce with.
const CLOSED: &str = "dagward";

/// The `pluginName` under which a bad document refuses no request.
const OPEN: &str = "dagward-open";

const SOON: Duration = Duration::from_secs(60);

/// A document with five mistakes.
fn bad() -> String {
    json!({"apiVersion": "dagward/v2", "mode": "enforced", "policies": [
        {"name": "a", "action": "ALLOW", "rules": [{"to": [{"actions": ["dag:reed"]}]}]},
        {"name": "b", "action": "ALLOW", "rule": []},
    ]})
    .to_string()
}

fn request() -> Request {
    Request::get(API_SERVER, "/api/v2/dags/etl")
}

/// Repeats the request until the answer has this status: workers take an update one by one.
fn becomes(peer: &Client, status: u16) {
    wait::until("the update", SOON, || {
        Ok((peer.send(&request())?.status == status).then_some(()))
    })
    .unwrap();
}

/// The mode and the status of the one configuration that is in force.
fn config_info(sidecar: &Sidecar) -> (String, String) {
    let metrics = sidecar.admin().metrics().unwrap();
    let mut current = metrics
        .iter()
        .filter(|sample| sample.name == "dagward_config_info" && sample.value == 1.0);
    let one = current.next().unwrap();
    assert_eq!(one.labels.len(), 4, "{one:?}");
    assert_eq!(one.label("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(one.label("signatures"), "proxy");
    assert!(current.next().is_none(), "{metrics:?}");
    (one.label("mode").to_owned(), one.label("status").to_owned())
}

fn shows(sidecar: &Sidecar, mode: &str, status: &str) {
    wait::until("dagward_config_info", SOON, || {
        let current = config_info(sidecar);
        Ok((current == (mode.to_owned(), status.to_owned())).then_some(()))
    })
    .unwrap();
}

fn a_bad_first_document_refuses_everything(setup: Setup) {
    let mut server = Server::configured(setup, &bad());
    let peer = server.peer("airflow", "airflow-worker");
    for request in [
        request(),
        Request::get(API_SERVER, "/"),
        Request::new("POST", API_SERVER, "/x").body("y"),
    ] {
        assert_eq!(refusal(&ask(&peer, &request)), (403, "config_refused".to_owned()));
    }
    assert_eq!(server.app.counts().started, 0);
    assert_eq!(
        config_info(&server.sidecar),
        ("none".to_owned(), "refused".to_owned())
    );
    let denied = [("policy", ""), ("reason", "config_refused")];
    server.counted(3);
    assert_eq!(
        server
            .sidecar
            .admin()
            .metric("dagward_denied_total", &denied)
            .unwrap(),
        3.0
    );

    let log = server.sidecar.process().output().unwrap();
    for line in [
        "the policy document is refused, every request is refused until a good one comes; 5 errors:",
        "dagward: apiVersion: ",
        "dagward: mode: ",
        "dagward: policies[0].rules[0].to[0].actions[0]: ",
        "dagward: policies[1].rule: ",
        "dagward: policies[1]: `rules` is missing",
    ] {
        assert!(log.contains(line), "no `{line}` in {log}");
    }

    assert_eq!(
        server.sidecar.update(&allow_all().to_string()).unwrap(),
        Update::Taken
    );
    becomes(&peer, 200);
    shows(&server.sidecar, "enforce", "current");
    server.assert_unharmed();
}

fn a_bad_update_leaves_the_policy_in_force(setup: Setup) {
    let some = enforce(&json!([{"name": "etl", "action": "ALLOW", "rules": [{"to": [{"dags": ["etl"]}]}]}]));
    let mut server = Server::start(setup, &some);
    let peer = server.peer("airflow", "airflow-worker");
    let other = Request::get(API_SERVER, "/api/v2/dags/pay");
    for bad in [bad().as_str(), "", "{", "[]", "\u{0}"] {
        // The filter refuses, and not Envoy, which would not give the reason.
        assert_eq!(server.sidecar.update(bad).unwrap(), Update::Taken);
        shows(&server.sidecar, "enforce", "update_refused");
        for _ in 0..8 {
            assert_eq!(ask(&peer, &request()).status, 200, "after `{bad}`");
            assert_eq!(refusal(&ask(&peer, &other)), (403, "no_rule_allows".to_owned()));
        }
    }
    let log = server.sidecar.process().output().unwrap();
    assert!(log.contains("the last good one stays in force"), "{log}");

    let none = enforce(&json!([]));
    assert_eq!(server.sidecar.update(&none.to_string()).unwrap(), Update::Taken);
    becomes(&peer, 403);
    shows(&server.sidecar, "enforce", "current");
    server.assert_unharmed();
}

fn an_open_plugin_refuses_nothing_for_a_bad_document(setup: Setup) {
    for bad in ["", "{", "[]", bad().as_str()] {
        let mut server = Server::named(setup, OPEN, bad);
        let peer = server.peer("airflow", "airflow-worker");
        for peer in [&peer, &server.plaintext()] {
            let write = Request::new("POST", API_SERVER, "/x").body("y");
            for request in [request(), Request::get(API_SERVER, "//;"), write] {
                assert_eq!(ask(peer, &request).status, 200, "after `{bad}`");
            }
        }
        shows(&server.sidecar, "observe", "passing");
        let log = server.sidecar.process().output().unwrap();
        let line = "the policy document is refused, every request passes until a good one comes";
        assert!(log.contains(line), "{log}");

        let none = enforce(&json!([])).to_string();
        let shadow = none.replace("enforce", "shadow");
        assert_eq!(server.sidecar.update(&shadow).unwrap(), Update::Taken);
        shows(&server.sidecar, "shadow", "current");
        // Envoy reuses a plugin with the same bytes for as long as its old connections drain.
        assert_eq!(server.sidecar.update(&format!("{bad} ")).unwrap(), Update::Taken);
        shows(&server.sidecar, "shadow", "update_refused");
        assert_eq!(ask(&peer, &request()).status, 200);
        server.assert_unharmed();
    }
}

/// Before the rollback a policy is enforced, or none has ever loaded. The new document is bad, too.
fn a_rollback_ends_every_refusal(setup: Setup) {
    let none = enforce(&json!([])).to_string();
    for first in [none.as_str(), bad().as_str()] {
        let mut server = Server::named(setup, CLOSED, first);
        let peer = server.peer("airflow", "airflow-worker");
        becomes(&peer, 403);
        assert_eq!(server.sidecar.select(OPEN, &bad()).unwrap(), Update::Taken);
        becomes(&peer, 200);
        shows(&server.sidecar, "observe", "passing");

        // The way forward again: the policy that was enforced before is the last good one. There may be none.
        assert_eq!(server.sidecar.select(CLOSED, &bad()).unwrap(), Update::Taken);
        becomes(&peer, 403);
        let (mode, status) = match first == none {
            true => ("enforce", "update_refused"),
            false => ("none", "refused"),
        };
        shows(&server.sidecar, mode, status);
        server.assert_unharmed();
    }
}

/// The change from the base to the overlay that enforces, with a document that does not load. The running policy stays
/// in force. The metric and the log say that it refuses nothing. A proxy that starts now has no last good document and
/// refuses everything.
fn a_bad_document_does_not_begin_to_enforce(setup: Setup) {
    let none = enforce(&json!([])).to_string();
    for mode in ["observe", "shadow"] {
        let mut server = Server::named(setup, OPEN, &none.replace("enforce", mode));
        let peer = server.peer("airflow", "airflow-worker");
        shows(&server.sidecar, mode, "current");
        assert_eq!(server.sidecar.select(CLOSED, &bad()).unwrap(), Update::Taken);
        shows(&server.sidecar, mode, "update_refused");
        assert_eq!(ask(&peer, &request()).status, 200);
        let log = server.sidecar.process().output().unwrap();
        let line = format!("the last good one stays in force with mode {mode}; 5 errors:");
        assert!(log.contains(&line), "no `{line}` in {log}");

        assert_eq!(server.sidecar.select(CLOSED, &none).unwrap(), Update::Taken);
        becomes(&peer, 403);
        shows(&server.sidecar, "enforce", "current");
        server.assert_unharmed();
    }
}

#[test]
fn an_empty_configuration_is_a_bad_one() {
    for configuration in ["", "{}"] {
        let server = Server::configured(Setup::DEFAULT, configuration);
        let answer = ask(&server.plaintext(), &request());
        assert_eq!(
            refusal(&answer),
            (403, "config_refused".to_owned()),
            "`{configuration}`"
        );
        let log = server.sidecar.process().output().unwrap();
        assert!(
            log.contains("apiVersion: dagward/v1") || log.contains("`dagward/v1`"),
            "{log}"
        );
    }
}
