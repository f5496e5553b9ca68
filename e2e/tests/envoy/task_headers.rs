//! The task that a caller acts for: its own sidecar stamps it, or the caller claims it and the filter trusts few
//! claims.

use dagward_testbed::client::Request;
use dagward_testbed::sidecar::Node;
use dagward_testbed::upstream::Received;
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, allow_all, ask, counted, enforce, refusal};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(
    the_pod_s_annotations_are_stamped,
    only_stampers_are_believed,
    a_listed_stamper_is_believed_alone
);

/// Teams act for their own DAGs, with a proof.
fn teams() -> Value {
    enforce(&json!([{
        "name": "teams",
        "action": "ALLOW",
        "rules": [{
            "from": [{
                "principals": ["spiffe://cluster.local/ns/airflow/sa/airflow-worker-{team}"],
                "dags": ["{team}_*"],
                "proof": ["pod"],
            }],
            "to": [{"dags": ["{team}_*"]}],
        }],
    }]))
}

fn sales() -> Node {
    Node::new("sales-0", "airflow", "airflow-worker-sales")
}

fn get(dag_id: &str) -> Request {
    Request::get(
        &format!("{API_SERVER}:8080"),
        &format!("/api/v2/dags/{dag_id}/dagRuns"),
    )
}

/// A request whose application claims to be another team's task.
fn forged(request: Request) -> Request {
    request
        .header("x-airflow-dag-id", "finance_daily")
        .header("x-airflow-dag-id", "finance_hourly")
        .header("x_airflow_dag_id", "finance_daily")
        .header("x-airflow_task-id", "pay")
        .header("x-airflow-ti-id", "01981d2c-8f4e-7c3a-9d5e-0123456789ab")
        .header("x-airflow-proof", "airflow")
        .header("x_airflow_proof", "airflow")
}

/// The task headers that reached the app, in any spelling, sorted by name.
fn task_headers(received: &Received) -> Vec<(String, String)> {
    let mut headers: Vec<_> = received
        .headers
        .iter()
        .filter(|(name, _)| name.replace('_', "-").starts_with("x-airflow-"))
        .map(|(name, value)| (name.clone(), String::from_utf8(value.clone()).unwrap()))
        .collect();
    headers.sort();
    headers
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn the_pod_s_annotations_are_stamped(setup: Setup) {
    let server = Server::start(setup, &teams());
    let node = sales()
        .annotation("dag_id", "sales_daily")
        .annotation("task_id", "größe.load")
        .annotation("run_id", "scheduled__2026-01-01T00:00:00+00:00")
        .annotation("map_index", "3")
        .annotation("try_number", "2")
        .label("dag_id", "finance_daily")
        .label("run_id", "from_a_label");
    let worker = server.worker(node, &allow_all());
    let stamped = pairs(&[
        ("x-airflow-dag-id", "sales_daily"),
        ("x-airflow-map-index", "3"),
        ("x-airflow-proof", "pod"),
        ("x-airflow-run-id", "scheduled__2026-01-01T00:00:00+00:00"),
        ("x-airflow-task-id", "gr%C3%B6%C3%9Fe.load"),
        ("x-airflow-try-number", "2"),
    ]);
    for request in [get("sales_daily"), forged(get("sales_hourly"))] {
        let response = ask(&worker.app(), &request);
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(task_headers(&server.last()), stamped);
    }
    let denied = ask(&worker.app(), &forged(get("finance_daily")));
    assert_eq!(refusal(&denied), (403, "no_rule_allows".to_owned()));
    assert_eq!(server.app.counts().started, 2);

    let outbound = counted(&worker.sidecar, 3);
    let task = [("dag_id", "sales_daily"), ("task_id", "größe.load")];
    let who = (
        "caller",
        "spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales",
    );
    for series in outbound.iter().chain(&server.counted(3)) {
        assert!(series.carries(&task) && series.carries(&[who]), "{series:?}");
    }
}

#[test]
fn labels_are_stamped_where_only_they_exist() {
    let server = Server::start(Setup::DEFAULT, &teams());
    let node = sales()
        .label("dag_id", "sales_daily")
        // Airflow shortened this one, so the run is not known.
        .label("run_id", "scheduled__2026-01-01T0000000000-b36726f5d")
        .label("try_number", "1");
    let worker = server.worker(node, &allow_all());
    let response = ask(&worker.app(), &forged(get("sales_daily")));
    assert_eq!(response.status, 200, "{}", response.text());
    let stamped = pairs(&[
        ("x-airflow-dag-id", "sales_daily"),
        ("x-airflow-proof", "pod"),
        ("x-airflow-try-number", "1"),
    ]);
    assert_eq!(task_headers(&server.last()), stamped);
}

#[test]
fn a_pod_that_knows_no_task_can_only_claim() {
    let document = enforce(&json!([
        {"name": "proven", "action": "ALLOW", "rules": [{
            "from": [{"dags": ["sales_*"], "proof": ["pod", "airflow"]}], "to": [{"dags": ["sales_*"]}],
        }]},
        {"name": "claimed", "action": "ALLOW", "rules": [{
            "from": [{"dags": ["sales_*"], "proof": ["claimed"]}], "to": [{"actions": ["pool:read"]}],
        }]},
    ]));
    let server = Server::start(Setup::DEFAULT, &document);
    let worker = server.worker(sales(), &allow_all());
    let claiming = |request: Request| {
        request
            .header("x-airflow-dag-id", "sales_daily")
            .header("x-airflow-proof", "pod")
            .header("x_airflow_proof", "pod")
    };
    let refused = ask(&worker.app(), &claiming(get("sales_daily")));
    assert_eq!(refusal(&refused), (403, "no_rule_allows".to_owned()));

    let pools = Request::get(&format!("{API_SERVER}:8080"), "/api/v2/pools/default");
    assert_eq!(ask(&worker.app(), &claiming(pools.clone())).status, 200);
    let claimed = pairs(&[
        ("x-airflow-dag-id", "sales_daily"),
        ("x-airflow-proof", "claimed"),
    ]);
    assert_eq!(task_headers(&server.last()), claimed);

    let silent = ask(&worker.app(), &pools.header("x-airflow-proof", "pod"));
    assert_eq!(refusal(&silent), (403, "no_rule_allows".to_owned()));
}

/// A rule that only the pod's proof satisfies.
fn proof_only(stampers: Option<&str>) -> Value {
    let mut document = enforce(&json!([{
        "name": "proven", "action": "ALLOW",
        "rules": [{"from": [{"dags": ["etl"], "proof": ["pod"]}]}, {"to": [{"paths": ["/anyone"]}]}],
    }]));
    if let Some(stamper) = stampers {
        document["stampers"] = json!([stamper]);
    }
    document
}

fn proven(path: &str) -> Request {
    Request::get(API_SERVER, path)
        .header("x-airflow-dag-id", "etl")
        .header("x-airflow-proof", "pod")
}

fn only_stampers_are_believed(setup: Setup) {
    let server = Server::start(setup, &proof_only(None));
    assert_eq!(ask(&server.peer("airflow", "any"), &proven("/x")).status, 200);
    let believed = pairs(&[("x-airflow-dag-id", "etl"), ("x-airflow-proof", "pod")]);
    assert_eq!(task_headers(&server.last()), believed);

    let elsewhere = server
        .authority
        .uri("spiffe://other.domain/ns/airflow/sa/any")
        .unwrap();
    let odd = server.authority.uri("spiffe://cluster.local/airflow").unwrap();
    for stranger in [
        server.peer("default", "any"),
        server.presenting(&elsewhere),
        server.presenting(&odd),
        server.plaintext(),
    ] {
        let refused = ask(&stranger, &proven("/x"));
        assert_eq!(refusal(&refused), (403, "no_rule_allows".to_owned()));
        // The claim is forwarded, without any proof.
        assert_eq!(ask(&stranger, &proven("/anyone")).status, 200);
        assert_eq!(
            task_headers(&server.last()),
            pairs(&[("x-airflow-dag-id", "etl")])
        );
    }
}

fn a_listed_stamper_is_believed_alone(setup: Setup) {
    let server = Server::start(setup, &proof_only(Some("spiffe://cluster.local/ns/tasks/*")));
    assert_eq!(ask(&server.peer("tasks", "runner"), &proven("/x")).status, 200);
    let unlisted = ask(&server.peer("airflow", "any"), &proven("/x"));
    assert_eq!(refusal(&unlisted), (403, "no_rule_allows".to_owned()));
}
