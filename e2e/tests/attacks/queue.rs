//! A task of team ml that chooses the queue of team sales, and so runs in one of their workers.

use anyhow::Result;
use dagward_testbed::airflow::{Deployment, Rest};
use serde_json::Value;

use crate::story::STORY;
use crate::victims::SALES;

/// The results of the task in the other team's worker.
#[derive(Debug, Default)]
pub(crate) struct Smuggled {
    /// The state in which its run ended.
    run: String,
    /// The return value of its code, if it ever ran.
    result: Option<Value>,
    /// The state of its task, and the number of its XComs.
    rows: String,
}

impl Smuggled {
    /// Waits until the run has ended.
    pub(crate) fn run(deployment: &Deployment, rest: &Rest, run: &str) -> Result<Self> {
        Ok(Self {
            run: rest.finished("ml_smuggler", run)?,
            result: rest.result("ml_smuggler", run, "read").ok(),
            rows: deployment.query(&format!(
                "SELECT state, (SELECT count(*) FROM xcom WHERE run_id = '{run}') \
                 FROM task_instance WHERE run_id = '{run}'"
            ))?,
        })
    }
}

#[test]
fn airflow_alone_runs_it_as_the_other_team() {
    let smuggled = &STORY.open.smuggled;
    assert_eq!(smuggled.run, "success");
    assert_eq!(smuggled.result.as_ref().unwrap(), "orders.sales");
}

#[test]
fn in_another_team_s_worker_its_code_never_starts() {
    let smuggled = &STORY.guarded.smuggled;
    assert_eq!((smuggled.run.as_str(), &smuggled.result), ("failed", &None));
    assert_eq!(smuggled.rows, "failed|0");
}

#[test]
fn its_run_is_refused_in_the_answer() {
    let of_sales = |request: &&Value| request["peer"] == SALES;
    let path = |request: &Value| request["path"].as_str().unwrap_or_default().to_owned();
    let requests: Vec<&Value> = STORY.guarded.requests.iter().filter(of_sales).collect();
    let mut refused = requests
        .iter()
        .filter(|request| path(request).ends_with("/run") && request["dagward_decision"] == "no_rule_allows");
    assert!(refused.next().is_some(), "{requests:#?}");
    assert!(
        !requests
            .iter()
            .any(|request| path(request).starts_with("/execution/connections/"))
    );
}
