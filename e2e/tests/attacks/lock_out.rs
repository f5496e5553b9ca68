//! Attempts to get a task of team sales refused: tokens forged for it, and floods that should evict the proxy's
//! knowledge.
//!
//! Without the filter there is no such knowledge and no such refusal, so these have no counterpart there.

use anyhow::Result;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dagward_testbed::client::{Client, Request};
use serde_json::json;

use crate::story::STORY;

const HOST: &str = "airflow-api-server:8080";

/// The number of tokens forged for each victim.
const FORGED: usize = 50;

/// The requests of a flood. A proxy has 2,000 series.
const FLOOD: usize = 3000;

/// A text that looks like a token for a task instance, without a valid signature.
pub(crate) fn forged(task_instance: &str) -> String {
    let part = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
    let head = part(json!({"alg": "HS512", "typ": "JWT"}).to_string());
    let claims = part(
        json!({"sub": task_instance, "scope": "execution", "aud": "urn:airflow.apache.org:task"}).to_string(),
    );
    format!("{head}.{claims}.{}", part("not a signature!".repeat(4)))
}

/// Uses forged tokens for a task instance, and returns all statuses.
pub(crate) fn forge(client: &Client, task_instance: &str) -> Result<Vec<u16>> {
    let path = format!("/execution/task-instances/{task_instance}/heartbeat");
    let request = Request::new("PUT", HOST, &path)
        .header("authorization", format!("Bearer {}", forged(task_instance)))
        .header("content-type", "application/json")
        .body(json!({"hostname": "h", "pid": 1}).to_string());
    (0..FORGED).map(|_| Ok(client.send(&request)?.status)).collect()
}

/// Sends requests that are refused, each as another DAG and with a token for another task. Returns the number of
/// refusals.
pub(crate) fn flood(client: &Client) -> Result<usize> {
    let mut refused = 0;
    for number in 0..FLOOD {
        let token = forged(&format!("0192f0c1-0000-7000-8000-{number:012}"));
        let request = Request::get(HOST, "/execution/variables/sales_key")
            .header("authorization", format!("Bearer {token}"))
            .header("x-airflow-dag-id", format!("flood_{number}"));
        refused += usize::from(client.send(&request)?.status == 403);
    }
    Ok(refused)
}

#[test]
fn forged_tokens_teach_a_proxy_nothing() {
    // The answer is the same for the task that has begun and for the one that has not.
    for statuses in STORY.guarded.forged.values() {
        assert_eq!(statuses, &vec![403; FORGED]);
    }
    assert_eq!(STORY.guarded.forged.len(), 2);
    for run in ["undisturbed-guarded", "stolen-guarded"] {
        let found = STORY.guarded.runs.iter().find(|((_, name), _)| name == run);
        assert_eq!(found.unwrap().1, "success", "{run}");
    }
}

#[test]
fn floods_push_out_neither_tasks_nor_series() {
    let guarded = &STORY.guarded;
    assert_eq!(guarded.flooded, FLOOD);
    let [before, after] = guarded.learned;
    assert!(before > 0.0);
    // Such a task of another owner may have begun.
    assert!((before..before + 10.0).contains(&after), "{before} {after}");
    let count = |name: &str, labels: &[(&str, &str)]| -> f64 {
        let samples = guarded.metrics.iter();
        samples
            .filter(|sample| sample.name == name && sample.carries(labels))
            .map(|sample| sample.value)
            .sum()
    };
    assert!(count("dagward_series_dropped_total", &[]) > 0.0);
    let series = guarded
        .metrics
        .iter()
        .filter(|sample| sample.name == "dagward_requests_total" && sample.label("dag_id") != "__other__");
    assert!(series.count() <= 2000);
    // Sales' task ran through the flood and is still counted under its own name.
    let own = [
        ("dag_id", "sales_leaky"),
        ("action", "task_instance:state"),
        ("code_class", "2xx"),
    ];
    assert!(count("dagward_requests_total", &own) > 0.0);
}
