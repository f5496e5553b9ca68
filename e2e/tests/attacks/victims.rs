//! Team sales continues to work during all attacks, and none of its requests is refused.

use serde_json::Value;

use crate::story::STORY;

/// The workers of team sales.
pub(crate) const SALES: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales";

#[test]
fn their_runs_succeed() {
    let runs = &STORY.guarded.runs;
    assert_eq!(runs.len(), 3);
    for (run, state) in runs {
        assert_eq!(state, "success", "{run:?}");
    }
}

#[test]
fn none_of_their_requests_is_refused() {
    let of_sales = |request: &&Value| {
        // ml took this task before sales' worker got it: it is lost; see `queued_token.rs`.
        let robbed = request["path"]
            .as_str()
            .unwrap_or_default()
            .contains(&STORY.guarded.robbed.task);
        let dag = request["dagward_dag_id"].as_str().unwrap_or_default();
        request["peer"] == SALES && dag.starts_with("sales_") && !robbed
    };
    let requests: Vec<&Value> = STORY.guarded.requests.iter().filter(of_sales).collect();
    assert!(requests.len() > 15, "{requests:#?}");
    for request in requests {
        assert_eq!(request["dagward_decision"], "allowed", "{request}");
        assert!(request["response_code"].as_u64().unwrap() < 300, "{request}");
    }
}

#[test]
fn the_same_happens_without_a_defence() {
    // The stolen token has ended the victim's task.
    assert_eq!(
        STORY.open.runs[&("sales_leaky", "stolen-open".to_owned())],
        "failed"
    );
}
