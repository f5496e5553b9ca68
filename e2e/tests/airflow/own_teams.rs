//! Airflow's own teams, on one account for all workers: what Airflow itself keeps apart, and what the policy
//! `airflow-teams.yaml` keeps apart.

use dagward_releases::Release;
use dagward_testbed::airflow::{Airflow, Mesh, Pod, Rest};
use serde_json::{Value, json};

use crate::policies;
use crate::shipped::{requests, succeeds};

/// The attempts on another team's objects that Airflow itself refuses, and those that it lets pass.
const GUARDED: [&str; 3] = ["xcom", "variable", "connection"];
const OPEN: [&str; 4] = ["state", "count", "clear", "trigger"];

#[test]
fn airflow_s_own_teams_keep_apart() {
    teams_keep_apart(Release::V3_3);
}

#[test]
fn airflow_s_own_teams_keep_apart_on_the_newest_pre_release() {
    teams_keep_apart(Release::V3_4);
}

fn teams_keep_apart(release: Release) {
    let airflow = Airflow::with_own_teams(release).unwrap();
    let people = airflow.rest().unwrap();
    let region = json!({"key": "region", "value": "emea", "team_name": "sales"});
    let crm = json!({"connection_id": "crm", "conn_type": "http", "team_name": "sales"});
    for (path, object) in [("variables", region), ("connections", crm)] {
        let made = people.post(&format!("/api/v2/{path}"), &object).unwrap();
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let worker = [Pod::worker("airflow-worker")];
    if release == Release::V3_3 {
        airflow_leaves_runs_open(&airflow, &worker, &people);
    }

    let mesh = Mesh::start(&airflow, &worker, Some(&policies::airflow_teams())).unwrap();
    let outcomes = spy(&people, "stranger");
    for name in GUARDED.iter().chain(&OPEN) {
        refused(&outcomes, name);
    }
    let seen = requests(mesh.server());
    for path in [
        "/execution/dag-runs/crm_sync/open/state",
        "/execution/dag-runs/count?dag_id=crm_sync",
        "/execution/dag-runs/crm_sync/open",
        "/execution/dag-runs/crm_sync/forged-stranger",
        // No task of it has started at this proxy, so its team is not known.
        "/execution/dag-runs/count?dag_id=churn_model",
    ] {
        assert_eq!(decision(&seen, path), "no_rule_allows", "{path}: {seen:#?}");
    }
    assert_eq!(people.run_state("crm_sync", "forged-stranger").unwrap(), None);

    for dag in ["churn_model", "crm_sync", "cleanup"] {
        people.trigger(dag, "own", &json!({})).unwrap();
    }
    for dag in ["churn_model", "crm_sync", "cleanup"] {
        assert_eq!(people.finished(dag, "own").unwrap(), "success", "{dag}");
    }
    // Its last task starts another DAG of the team.
    succeeds(&people, "orders_ingest", "own", &json!({}));
    assert_eq!(people.finished("crm_sync", "of-own").unwrap(), "success");
    let synced = people.result("crm_sync", "of-own", "sync").unwrap();
    assert_eq!(synced, json!({"region": "emea", "orders": [19, 23]}));
    let outcomes = spy(&people, "teammate");
    for name in GUARDED.iter().chain(&OPEN) {
        refused(&outcomes, name);
    }
    let teammate = outcomes["teammate"].as_str().unwrap();
    assert!(teammate.starts_with("got count=1"), "{outcomes}");

    for request in requests(mesh.server()) {
        let refused = request["dagward_decision"] != "allowed";
        assert!(!refused || request["dagward_dag_id"] == "churn_spy", "{request}");
    }
}

/// Without the filter, `[core] multi_team` guards variables, connections and XComs, and no run.
fn airflow_leaves_runs_open(airflow: &Airflow, worker: &[Pod], people: &Rest) {
    let _open = Mesh::start(airflow, worker, None).unwrap();
    succeeds(people, "crm_sync", "open", &json!({}));
    let outcomes = spy(people, "open");
    for name in GUARDED {
        refused(&outcomes, name);
    }
    for name in OPEN {
        let outcome = outcomes[name].as_str().unwrap();
        assert!(outcome.starts_with("got "), "{name}: {outcomes}");
    }
    for run in ["open", "forged-open"] {
        assert_eq!(people.finished("crm_sync", run).unwrap(), "success", "{run}");
    }
}

/// The outcomes of what a task of team science tries on objects of team sales.
fn spy(people: &Rest, run: &str) -> Value {
    let conf = json!({"victim_run": "open", "forged_run": format!("forged-{run}")});
    succeeds(people, "churn_spy", run, &conf);
    people.result("churn_spy", run, "spy").unwrap()
}

fn refused(outcomes: &Value, name: &str) {
    let outcome = outcomes[name].as_str().unwrap();
    assert!(outcome.starts_with("refused: "), "{name}: {outcomes}");
}

/// The decision on the last request for `path`.
fn decision<'a>(requests: &'a [Value], path: &str) -> &'a str {
    let mut last_first = requests.iter().rev();
    let request = last_first.find(|request| {
        request["path"]
            .as_str()
            .is_some_and(|seen| seen.starts_with(path))
    });
    request.unwrap_or_else(|| panic!("no request for {path}: {requests:#?}"))["dagward_decision"]
        .as_str()
        .unwrap()
}
