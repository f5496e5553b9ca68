//! A queued task of team sales: a worker of team ml starts it first, with a token that it signed itself or with one
//! from the broker, which all workers share.
//!
//! The filter refuses `run` only at its answer. By then Airflow has set the task to running, and gives it to no other
//! worker: the task is lost, and the operator must clear its run. The filter still prevents any further request in the
//! task's name.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use dagward_testbed::airflow::{Component, Deployment, Rest};
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::attempt::Proof::{Changed, Contains};
use crate::attempt::{ANOTHERS_TOKEN, Attempt, NOTHING_ALLOWS, UNKNOWN_OWNER};
use crate::outcome::{Outcome, are_refused_with, succeed_without};
use crate::runner::{Batch, Names};
use crate::scene;
use crate::story::STORY;
use crate::victims::SALES;

/// The time within which a task must be queued, and within which a resumed worker must have asked for it.
const SEEN: Duration = Duration::from_secs(120);

const STATE: &str = "SELECT state FROM task_instance \
                     WHERE dag_id = 'sales_daily' AND run_id = 'robbed-{run}' AND task_id = 'extract'";

/// The results of the theft.
#[derive(Default)]
pub(crate) struct Robbed {
    /// The task instance.
    pub(crate) task: String,
    /// The state of the task at the end.
    state: String,
    /// The answer to sales' own worker when it tried to start the task.
    own: Value,
}

impl Robbed {
    /// Makes the attempts while the worker of sales is paused, and then resumes it.
    pub(crate) fn run(
        d: &Deployment,
        rest: &Rest,
        names: &Names,
        name: &str,
    ) -> Result<(Self, Vec<(&'static str, Outcome)>)> {
        let run = format!("robbed-{name}");
        let worker = d.process(Component::Worker("sales"))?.id().to_string();
        signal("-STOP", &worker)?;
        rest.trigger("sales_daily", &run, &json!({}))?;
        let state = STATE.replace("{run}", name);
        wait::until("a queued task", SEEN, || {
            Ok((d.query(&state)? == "queued").then_some(()))
        })?;
        let task = scene::task_instance(d, &run, "extract")?;
        let mut names = names.clone();
        names.push(("robbed", task.clone()));
        let batch = Batch::start(d, rest, run, attempts(), None, &names)?;
        let outcomes = batch.end(d, rest)?;
        signal("-CONT", &worker)?;
        let path = format!("/execution/task-instances/{task}/run");
        let own = wait::until("the task's own worker", SEEN, || {
            let requests = d.sidecar(Component::ApiServer)?.access_log()?;
            let mut own = requests.into_iter();
            Ok(own.find(|request| request["peer"] == SALES && request["path"] == path.as_str()))
        })?;
        let state = d.query(&state)?;
        Ok((Self { task, state, own }, outcomes))
    }
}

fn signal(signal: &str, process: &str) -> Result<()> {
    if !Command::new("kill").args([signal, process]).status()?.success() {
        bail!("cannot send {signal} to {process}");
    }
    Ok(())
}

fn attempts() -> Vec<Attempt> {
    let mut attempts = vec![start()];
    attempts.extend(afterwards());
    attempts
}

fn signing(name: &'static str, route: &str, scope: &str) -> Attempt {
    Attempt::without_token(
        name,
        &format!("PATCH /execution/task-instances/{{robbed}}/{route}"),
    )
    .signs_for("{robbed}", scope)
}

fn start() -> Attempt {
    signing("starts another's queued task", "run", "workload")
        .json(json!({
            "state": "running", "hostname": "h", "unixname": "u", "pid": 1, "start_date": "2026-11-24T00:00:00Z",
        }))
        .gives(200, Changed(STATE))
}

fn afterwards() -> Vec<Attempt> {
    vec![
        signing("ends another's started task", "state", "execution")
            .json(json!({"state": "success", "end_date": "2026-11-24T00:00:00Z"}))
            .gives(
                204,
                Changed(
                    "SELECT count(*) FROM task_instance \
                     WHERE run_id = 'robbed-{run}' AND task_id = 'extract' AND state = 'success'",
                ),
            )
            .refused(ANOTHERS_TOKEN),
    ]
}

/// Tokens of Airflow 3.0 to 3.2.1 have no scope, so Airflow accepts a queued one for more than `run`. Sales' own worker
/// starts this task afterwards; see `victims.rs`.
pub(crate) fn before_run() -> Vec<Attempt> {
    let with = |name, line: &str| {
        Attempt::without_token(name, line)
            .header("authorization: Bearer {unscoped}")
            .refused(UNKNOWN_OWNER)
    };
    vec![
        with(
            "reads with the token of a queued task",
            "GET /execution/variables/sales_key",
        )
        .gives(200, Contains("goldfish")),
        with(
            "looks at a queued task with its token",
            "GET /execution/task-instances/{queued}/previous-successful-dagrun",
        )
        .gives(200, Contains("data_interval_start")),
        // This does not make it the owner: a worker may read a connection before `run` if a rule allows it to that
        // worker.
        with(
            "reads a connection with the token of a queued task",
            "GET /execution/connections/sales_db",
        )
        .gives(200, Contains("opensesame"))
        .refused(NOTHING_ALLOWS),
    ]
}

#[test]
fn airflow_alone_takes_a_queued_task_s_token_for_all_that_a_task_may() {
    succeed_without(&before_run());
}

#[test]
fn until_it_has_started_its_token_is_good_for_nothing_else() {
    are_refused_with(&before_run());
}

#[test]
fn airflow_alone_lets_any_worker_start_and_end_it() {
    succeed_without(&attempts());
    assert_eq!(STORY.open.robbed.state, "success");
}

#[test]
fn the_start_is_refused_in_its_answer() {
    let started = STORY.guarded.outcome("starts another's queued task");
    assert_eq!(started.status, Some(200));
    assert!(started.body.contains("(no_rule_allows)"), "{started:?}");
    assert_eq!(started.rows, ["queued", "running"]);
}

#[test]
fn nothing_more_is_done_in_its_name() {
    are_refused_with(&afterwards());
    assert_eq!(STORY.guarded.robbed.state, "running");
}

#[test]
fn it_is_airflow_that_refuses_its_own_worker() {
    let own = &STORY.guarded.robbed.own;
    assert_eq!(own["dagward_decision"], "allowed", "{own}");
    assert_eq!(own["response_code"], 409, "{own}");
}
