//! A few runs through the mesh in enforce mode, on any release of Airflow with LocalExecutor.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use super::component::Component;
use super::deployment::{Deployment, Setup};
use super::executor::Executor;
use super::waiting::Awaited;
use crate::sidecar::Plugin;
use dagward_releases::Release;

/// The run of each DAG.
const RUN: &str = "passage";

/// A DAG that every release has, with its last task and that task's output.
const DAG: (&str, &str, &str) = ("sales_daily", "load", "loaded 42");

/// The results of the runs.
#[derive(Debug)]
pub struct Passage {
    /// The release that they ran on.
    pub release: Release,
    /// The end state of each DAG's run.
    pub runs: BTreeMap<String, String>,
    /// The log of the last task of `sales_daily`, as users read it.
    pub log: String,
    /// The requests to the api-server.
    pub requests: Vec<Value>,
    /// The requests to the log server in the scheduler's pod.
    pub log_requests: Vec<Value>,
    /// The duration, including the start of Airflow.
    pub took: Duration,
}

impl Passage {
    /// Starts Airflow with `plugin` in all sidecars and runs `sales_daily` and further DAGs.
    pub fn make(release: Release, plugin: &Plugin, further: &[&str]) -> Result<Self> {
        let start = Instant::now();
        let deployment = Deployment::start(Setup::new(release, Executor::Local, Some(plugin)))?;
        let people = deployment.gateway()?;
        let (dag, task, _) = DAG;
        let dags = [&[dag], further].concat();
        let awaited = Awaited::new()?;
        for dag in &dags {
            people.trigger(dag, RUN, &awaited.conf())?;
        }
        if dags.contains(&"sales_features") {
            deployment.go_on(RUN, &awaited)?;
        }
        let mut runs = BTreeMap::new();
        for dag in dags {
            runs.insert(dag.to_owned(), people.finished(dag, RUN)?);
        }
        Ok(Self {
            release,
            runs,
            log: people.task_log(dag, RUN, task)?,
            requests: deployment.requests(Component::ApiServer)?,
            log_requests: deployment.requests(Component::Scheduler)?,
            took: start.elapsed(),
        })
    }

    /// Requests of tasks to Airflow's API.
    pub fn of_tasks(&self) -> usize {
        let paths = self
            .requests
            .iter()
            .filter_map(|request| request.get("path")?.as_str());
        paths.filter(|path| path.starts_with("/execution/")).count()
    }

    /// All results that differ from the expected ones.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (dag, state) in self.runs.iter().filter(|(_, state)| *state != "success") {
            problems.push(format!("the run of `{dag}` ended as {state}"));
        }
        let (_, task, printed) = DAG;
        if !self.log.contains(printed) {
            problems.push(format!("the log of `{task}` has no `{printed}`: {}", self.log));
        }
        if self.log_requests.is_empty() {
            problems.push("nobody asked for the log through the mesh".to_owned());
        }
        // Tasks of Airflow 2 use the database.
        if (self.of_tasks() == 0) != self.release.is_airflow_2() {
            problems.push(format!("{} requests of tasks", self.of_tasks()));
        }
        let all = self.requests.iter().chain(&self.log_requests);
        problems.extend(all.filter(|request| !passed(request)).map(Value::to_string));
        problems
    }
}

/// Whether both dagward and Airflow allowed a request. Airflow does not find two objects at first:
/// a DAG that users ask for before it is parsed, and the item after the last result of mapped
/// tasks.
fn passed(request: &Value) -> bool {
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let code = request
        .get("response_code")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let path = text("path");
    let not_there = code == 404 && (path.starts_with("/api/") || path.contains("/item/"));
    text("dagward_decision") == "allowed" && (code < 400 || not_there)
}
