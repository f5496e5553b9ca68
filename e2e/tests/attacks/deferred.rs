//! From inside a task of team ml that defers: the code that the triggerer, which has the database, runs for it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use dagward_testbed::airflow::{Deployment, Rest};
use dagward_workbench::paths;
use serde_json::{Value, json};

use crate::attempt::Proof::Changed;
use crate::attempt::{Attempt, Refusal};
use crate::outcome::{Outcome, are_refused_with, succeed_without};
use crate::runner::{Batch, Names};
use crate::story::STORY;

/// Makes each attempt in a task of its own, because Airflow defers a task only once. Returns whether the triggerer has
/// run the first attempt's command.
pub(crate) fn run(
    d: &Deployment,
    rest: &Rest,
    names: &Names,
    phase: &str,
    outcomes: &mut BTreeMap<&'static str, Outcome>,
) -> Result<bool> {
    let scratch = paths::scratch("commanded")?;
    let file = scratch.path().join("file");
    let batches: Vec<Batch> = attempts(&file)
        .into_iter()
        .enumerate()
        .map(|(number, attempt)| {
            let run = format!("deferred-{number}-{phase}");
            Batch::start(d, rest, run, vec![attempt], None, names)
        })
        .collect::<Result<_>>()?;
    for batch in batches {
        outcomes.extend(batch.end(d, rest)?);
    }
    Ok(file.exists())
}

/// The attempts. The first one creates a file.
fn attempts(file: &Path) -> Vec<Attempt> {
    let touch = json!({"args": ["touch", file]});
    vec![
        defer(
            "runs a command in the triggerer",
            "SELECT count(*) FROM log WHERE run_id = 'deferred-0-{run}' AND event = 'deferred'",
            json!({"classpath": "subprocess.Popen", "trigger_kwargs": touch}),
        ),
        // Airflow can import any name that one of its own modules has imported.
        defer(
            "runs a command by a module of Airflow's",
            "SELECT count(*) FROM log WHERE run_id = 'deferred-1-{run}' AND event = 'deferred'",
            json!({
                "classpath": "airflow.providers.standard.hooks.subprocess.Popen",
                "trigger_kwargs": {"args": ["true"]},
            }),
        ),
        defer(
            "waits for another's DAG in the triggerer",
            "SELECT count(*) FROM log WHERE run_id = 'deferred-2-{run}' AND event = 'deferred'",
            json!({
                "classpath": "airflow.providers.standard.triggers.external_task.DagStateTrigger",
                "trigger_kwargs": {"dag_id": "sales_daily", "states": ["success"], "run_ids": ["victim"]},
            }),
        ),
        defer(
            "uses another's connection in the triggerer",
            "SELECT count(*) FROM log WHERE run_id = 'deferred-3-{run}' AND event = 'deferred'",
            json!({
                "classpath": "airflow.providers.common.sql.triggers.sql.SQLExecuteQueryTrigger",
                "trigger_kwargs": {"sql": "SELECT 1", "conn_id": "sales_db"},
            }),
        ),
        defer(
            "asks for another's triggerer",
            "SELECT count(*) FROM log WHERE run_id = 'deferred-4-{run}' AND event = 'deferred'",
            json!({
                "classpath": "airflow.providers.standard.triggers.external_task.DagStateTrigger",
                "trigger_kwargs": {"dag_id": "ml_train", "states": ["success"], "run_ids": []},
                "queue": "sales",
            }),
        ),
    ]
}

/// A deferral. If Airflow accepts it, the rows of `taken` show it. How the task ends depends on whether the task or its
/// supervisor is faster.
fn defer(name: &'static str, taken: &'static str, more: Value) -> Attempt {
    let mut body =
        json!({"state": "deferred", "trigger_timeout": "PT20S", "next_method": "none", "next_kwargs": {}});
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    Attempt::new(name, "PATCH /execution/task-instances/{subject}/state")
        .json(body)
        .gives(204, Changed(taken))
        .refused(Refusal::DagwardOnBody(403, "no_rule_allows"))
}

#[test]
fn airflow_alone_runs_in_the_triggerer_what_a_task_tells_it() {
    succeed_without(&attempts(Path::new("")));
    assert!(STORY.open.commanded);
}

#[test]
fn the_triggerer_runs_nothing_that_is_not_the_team_s() {
    are_refused_with(&attempts(Path::new("")));
    assert!(!STORY.guarded.commanded);
}
