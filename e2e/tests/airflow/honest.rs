//! Both teams' DAGs run as they do without a filter, and the filter sees them.

use std::collections::BTreeSet;

use dagward_demo::airflow::{FIRST, SECOND};
use serde_json::Value;

use crate::DEMO;

const TASKS: [(&str, &str, &str); 4] = [
    ("sales", "sales_daily", "extract"),
    ("sales", "sales_daily", "load"),
    ("ml", "ml_train", "features"),
    ("ml", "ml_train", "train"),
];

/// The requests that a task makes before and after its user's code.
const LIFE: [&str; 4] = [
    "task_instance:run",
    "task_instance:heartbeat",
    "task_instance:update",
    "task_instance:state",
];

#[test]
fn their_runs_succeed() {
    assert_eq!(DEMO.guarded.runs.len(), 3);
    for (run, state) in &DEMO.guarded.runs {
        assert_eq!(state, "success", "{run:?}");
    }
}

#[test]
fn none_of_their_requests_is_denied() {
    for (_, dag, task) in TASKS {
        let requests: Vec<&Value> = requests_for(dag, task).collect();
        assert!(requests.len() > LIFE.len(), "{dag} {task}: {requests:?}");
        for request in requests {
            assert_eq!(request["dagward_decision"], "allowed", "{request}");
            assert!(request["response_code"].as_u64().unwrap() < 300, "{request}");
        }
    }
}

#[test]
fn their_requests_are_counted_under_their_dag_and_task() {
    for (team, dag, task) in TASKS {
        let caller = format!("spiffe://cluster.local/ns/airflow/sa/airflow-worker-{team}");
        for action in LIFE {
            let labels = [
                ("direction", "inbound"),
                ("caller", &caller),
                ("dag_id", dag),
                ("task_id", task),
                ("action", action),
                ("decision", "allow"),
                ("code_class", "2xx"),
            ];
            assert!(count("dagward_requests_total", &labels) > 0.0, "{labels:?}");
        }
        let labels = [("dag_id", dag), ("task_id", task)];
        assert!(count("dagward_request_bytes_total", &labels) > 0.0, "{labels:?}");
    }
}

#[test]
fn every_request_is_counted_once() {
    let counted = count("dagward_requests_total", &[("direction", "inbound")]);
    assert_eq!(counted as usize, DEMO.guarded.requests.len());
}

#[test]
fn their_request_ids_stand_in_airflows_own_log() {
    let in_airflow: BTreeSet<(&str, &str)> = DEMO
        .guarded
        .airflow_log
        .iter()
        .filter(|line| line["event"] == "request finished")
        .filter_map(|line| Some((line["request_id"].as_str()?, line["path"].as_str()?)))
        .collect();
    for (_, dag, task) in TASKS {
        for request in requests_for(dag, task) {
            let id = request["request_id"].as_str().unwrap();
            let path = request["path"].as_str().unwrap();
            assert!(in_airflow.contains(&(id, path)), "{request}");
        }
    }
}

fn requests_for<'a>(dag: &'a str, task: &'a str) -> impl Iterator<Item = &'static Value> + 'a {
    DEMO.guarded
        .requests
        .iter()
        .filter(move |request| request["dagward_dag_id"] == dag && request["dagward_task_id"] == task)
        .filter(|request| request["dagward_run_id"] == FIRST || request["dagward_run_id"] == SECOND)
}

fn count(metric: &str, labels: &[(&str, &str)]) -> f64 {
    let samples = DEMO.guarded.metrics.iter();
    samples
        .filter(|sample| sample.name == metric && sample.carries(labels))
        .map(|sample| sample.value)
        .sum()
}
