//! A task of one team that requests the other team's data.

use dagward_demo::airflow::{ATTACK, FORGED, QUEUED, SMUGGLED};
use dagward_testbed::client::Response;

use crate::DEMO;

#[test]
fn without_the_filter_airflow_gives_it_all() {
    let attack = &DEMO.unguarded;
    assert_eq!(attack.run, "success");
    assert_eq!(attack.outcomes["read"], "got [19, 23]");
    assert!(
        attack.outcomes["trigger"]
            .as_str()
            .unwrap()
            .starts_with("got ok=True"),
        "{attack:?}"
    );
    assert!(attack.forged.is_some(), "{attack:?}");
}

#[test]
fn with_the_filter_it_gets_nothing() {
    let attack = &DEMO.guarded.attack;
    for attempt in ["read", "trigger"] {
        let outcome = attack.outcomes[attempt].as_str().unwrap();
        assert!(outcome.starts_with("refused"), "{attempt}: {outcome}");
        assert!(outcome.contains("'status_code': 403"), "{attempt}: {outcome}");
        assert!(outcome.contains("dagward_denied"), "{attempt}: {outcome}");
    }
    assert_eq!(attack.forged, None, "the run `{FORGED}` must not exist");
}

#[test]
fn in_a_pod_of_the_other_team_its_code_never_starts() {
    let free = &DEMO.unguarded_smuggled;
    assert_eq!(free.run, "success");
    assert_eq!(free.result.as_ref().unwrap()["read"], "got [19, 23]");
    for (smuggled, run, code) in [
        (&DEMO.guarded.smuggled, SMUGGLED, "task_conflict"),
        (&DEMO.guarded.queued, QUEUED, "no_rule_allows"),
    ] {
        assert_eq!(
            (smuggled.run.as_str(), &smuggled.result),
            ("failed", &None),
            "{run}"
        );
        let mut requests = DEMO.guarded.requests.iter();
        let refused = requests.find(|request| {
            let path = request["path"].as_str().unwrap_or_default();
            path.ends_with("/run") && request["dagward_decision"] == code
        });
        assert!(refused.is_some(), "{run}: {:#?}", DEMO.guarded.requests);
    }
}

#[test]
fn its_log_says_why_and_names_the_request() {
    let log = &DEMO.guarded.attack.log;
    assert!(log.contains("dagward_denied"), "{log}");
    for request in refused_attempts() {
        let id = request["request_id"].as_str().unwrap();
        assert!(log.contains(id), "{id} in {log}");
    }
}

#[test]
fn its_own_work_goes_on() {
    assert_eq!(DEMO.guarded.attack.run, "success");
}

#[test]
fn what_was_refused_never_reached_airflow() {
    let refused: Vec<_> = refused_attempts().collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    for request in refused {
        assert_eq!(request["dagward_decision"], "no_rule_allows", "{request}");
        let reached = DEMO.guarded.airflow_log.iter();
        assert_eq!(
            reached
                .filter(|line| line["request_id"] == request["request_id"])
                .count(),
            0,
            "{request}"
        );
    }
}

#[test]
fn the_other_teams_pods_are_refused_whatever_they_say_they_are() {
    for response in [&DEMO.guarded.stranger, &DEMO.guarded.impostor] {
        assert_denied(response);
    }
    let mut impostor = DEMO.guarded.requests.iter();
    let request = impostor
        .find(|request| request["dagward_run_id"] == "impostor")
        .unwrap();
    assert_eq!(request["dagward_dag_id"], "sales_daily", "{request}");
    assert_eq!(request["dagward_decision"], "no_rule_allows", "{request}");
}

/// The requests of the rogue task that were refused.
fn refused_attempts() -> impl Iterator<Item = &'static serde_json::Value> {
    let requests = DEMO.guarded.requests.iter();
    requests.filter(|request| request["dagward_run_id"] == ATTACK && request["response_code"] == 403)
}

fn assert_denied(response: &Response) {
    assert_eq!(response.status, 403, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/json"));
    let body = response.json().unwrap();
    assert_eq!(body["detail"]["reason"], "dagward_denied", "{body}");
    assert!(body["detail"]["request_id"].is_string(), "{body}");
}
