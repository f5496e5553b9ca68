//! Airflow's own teams: learned from answers, for the token and for the DAG.

use serde_json::{Value, json};

use super::mesh::{Came, Proxy, bearer, task};
use crate::caller::Principal;

const POLICY: &str = r#"{"apiVersion":"dagward/v1","mode":"enforce","policies":[
  {"name":"teams","action":"ALLOW","rules":[
    {"from":[{"teams":["{team}"],"proof":["airflow"]}],"to":[{"teams":["{team}"]}]},
    {"from":[{"notTeams":["*"],"proof":["airflow"]}],"to":[{"notTeams":["*"]}]}]}]}"#;

fn worker() -> Option<Principal> {
    Principal::parse("spiffe://td/ns/airflow/sa/worker").ok()
}

fn answer(dag: &str, conf: &str, team: &Value) -> String {
    format!(
        r#"{{"dag_run":{{"dag_id":"{dag}","run_id":"r","conf":"{conf}","note":null,"team_name":{team}}},"max_tries":0}}"#
    )
}

/// The task with this number starts, and Airflow answers in these chunks.
fn start(proxy: &mut Proxy, number: u64, chunks: &[&[u8]]) -> Came {
    let run = format!("PATCH /execution/task-instances/{}/run", task(number));
    let token = bearer(&task(number));
    proxy.exchange(worker().as_ref(), &run, &[("authorization", &token)], 200, chunks)
}

/// Whether the task with this number may read the runs of `dag`.
fn reads(proxy: &mut Proxy, number: u64, dag: &str) -> bool {
    let state = format!("GET /execution/dag-runs/{dag}/r/state");
    let token = bearer(&task(number));
    let came = proxy.exchange(
        worker().as_ref(),
        &state,
        &[("authorization", &token)],
        200,
        &[b"done"],
    );
    came == Came::Answered(200, "done".to_owned())
}

fn refused() -> Came {
    Came::RefusedInAnswer("no_rule_allows".to_owned())
}

#[test]
fn an_answer_is_held_until_it_has_named_the_team() {
    let whole = answer("orders", "c", &json!("sales"));
    let team = whole.find("team_name").unwrap();
    for cut in [10, team, team + 15, whole.len() - 20] {
        let mut proxy = Proxy::new("enforce", false).under(POLICY);
        let (first, rest) = whole.as_bytes().split_at(cut);
        assert_eq!(
            start(&mut proxy, 1, &[first, rest]),
            Came::Answered(200, whole.clone()),
            "{cut}"
        );
        assert!(reads(&mut proxy, 1, "orders"), "{cut}");
    }
}

#[test]
fn another_dag_has_the_team_that_its_last_task_s_answer_named() {
    let mut proxy = Proxy::new("enforce", false).under(POLICY);
    let starts = |proxy: &mut Proxy, number, dag: &str, team: Value| {
        let whole = answer(dag, "", &team);
        assert_eq!(
            start(proxy, number, &[whole.as_bytes()]),
            Came::Answered(200, whole)
        );
    };
    starts(&mut proxy, 1, "orders", json!("sales"));
    starts(&mut proxy, 2, "cleanup", Value::Null);
    assert!(!reads(&mut proxy, 1, "crm") && !reads(&mut proxy, 2, "crm"));
    for (number, team, of_sales, of_none) in [
        (3, json!("sales"), true, false),
        (4, json!("science"), false, false),
        (5, Value::Null, false, true),
        (6, json!("sales"), true, false),
    ] {
        starts(&mut proxy, number, "crm", team);
        assert_eq!(reads(&mut proxy, 1, "crm"), of_sales, "{number}");
        assert_eq!(reads(&mut proxy, 2, "crm"), of_none, "{number}");
    }
    // The facts survive a change of the policy.
    let mut proxy = proxy.under(&POLICY.replace("\"teams\",\"action\"", "\"other\",\"action\""));
    assert!(reads(&mut proxy, 1, "crm"));
}

/// The caller chooses the version of the API in which Airflow answers, and the text of `conf`.
#[test]
fn no_caller_hides_its_team() {
    let mut proxy = Proxy::new("enforce", false).under(POLICY);
    let named = answer("orders", "", &json!("sales"));
    let unnamed = named.replace(r#","team_name":"sales"}"#, "}");
    let bulky = answer("orders", &"x".repeat(70_000), &json!("sales"));
    let twice = named.replace(r#","team_name""#, r#","team_name":null,"team_name""#);
    for (number, body) in (1..).zip([unnamed, bulky, twice]) {
        assert_eq!(start(&mut proxy, number, &[body.as_bytes()]), refused());
        assert!(!reads(&mut proxy, number, "orders"));
    }
    // It does not change the team of the DAG either.
    assert_eq!(
        start(&mut proxy, 4, &[named.as_bytes()]),
        Came::Answered(200, named.clone())
    );
    let crm = answer("crm", "", &json!("sales"));
    assert_eq!(
        start(&mut proxy, 5, &[crm.as_bytes()]),
        Came::Answered(200, crm.clone())
    );
    let old = crm.replace(r#","team_name":"sales"}"#, "}");
    assert_eq!(start(&mut proxy, 6, &[old.as_bytes()]), refused());
    assert!(reads(&mut proxy, 4, "crm"));
}

/// Without a rule on teams, or with a list of them, no answer is held for one, and no team of a DAG is kept.
#[test]
fn teams_cost_nothing_where_no_rule_looks_at_them() {
    let listed = POLICY.replacen(
        r#""policies""#,
        r#""teams":[{"name":"sales","dags":["orders"]}],"policies""#,
        1,
    );
    let by_dag = POLICY
        .replace(r#""teams":["{team}"]"#, r#""dags":["orders"]"#)
        .replace("notTeams", "notDags")
        .replace('*', "finance");
    for document in [listed, by_dag] {
        let mut proxy = Proxy::new("enforce", false).under(&document);
        let whole = answer("orders", "", &json!("science"));
        let (first, rest) = whole.as_bytes().split_at(whole.find("conf").unwrap());
        assert_eq!(
            start(&mut proxy, 1, &[first, rest]),
            Came::Answered(200, whole.clone())
        );
        assert_eq!(proxy.host.store.values("dagward.teams").len(), 0);
    }
}
