//! The targets of the attacks, and the harness's own use of Airflow's API.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use dagward_shipped::manifest;
use dagward_testbed::airflow::{Component, Deployment, Rest};
use dagward_testbed::client::{Request, Response};
use dagward_workbench::wait;
use serde_json::{Value, json};

/// The time within which a task must start on a busy machine.
const STARTED: Duration = Duration::from_secs(240);

/// Envoy writes its log once in a second.
const LOGGED: Duration = Duration::from_secs(60);

/// The shipped policies of teams and of agents, as one document, and `more`.
pub(crate) fn policy(more: &[Value]) -> Result<String> {
    let read = |file| manifest::read(&format!("examples/policies/{file}"));
    let mut document = read("two-teams.yaml")?;
    let agents = read("ai-agents.yaml")?;
    let agents = agents.get("policies").and_then(Value::as_array);
    let policies = document.get_mut("policies").and_then(Value::as_array_mut);
    let policies = policies.context("no policies")?;
    policies.extend_from_slice(agents.context("no policies of agents")?);
    policies.extend_from_slice(more);
    Ok(document.to_string())
}

/// Creates team sales' data, and a run of each of its DAGs.
pub(crate) fn prepare(rest: &Rest) -> Result<()> {
    variable(rest, "sales_key", "goldfish")?;
    let connection = json!({
        "connection_id": "sales_db", "conn_type": "http", "host": "orders.sales", "password": "opensesame",
    });
    done(rest.post("/api/v2/connections", &connection)?)?;
    let victims = ["sales_daily", "sales_forecast"];
    for dag in victims {
        rest.trigger(dag, "victim", &json!({}))?;
    }
    for dag in victims {
        let state = rest.finished(dag, "victim")?;
        if state != "success" {
            bail!("the run `victim` of `{dag}`: {state}");
        }
    }
    Ok(())
}

/// Creates a variable.
pub(crate) fn variable(rest: &Rest, key: &str, value: &str) -> Result<()> {
    done(rest.post("/api/v2/variables", &json!({"key": key, "value": value}))?)
}

/// Pauses or resumes `sales_daily`.
pub(crate) fn pause(rest: &Rest, paused: bool) -> Result<()> {
    let request = Request::new("PATCH", "airflow-api-server:8080", "/api/v2/dags/sales_daily");
    let request = request.header("content-type", "application/json");
    done(rest.send(request.body(json!({"is_paused": paused}).to_string()))?)
}

/// The id of a run's task. It is the subject of the task's tokens.
pub(crate) fn task_instance(deployment: &Deployment, run: &str, task: &str) -> Result<String> {
    deployment.query(&format!(
        "SELECT id FROM task_instance WHERE run_id = '{run}' AND task_id = '{task}'"
    ))
}

/// Waits until a task has written a file.
pub(crate) fn wait_for(file: &Path) -> Result<()> {
    wait::until("a task's token", STARTED, || Ok(file.exists().then_some(())))
}

/// The access log of the api-server's sidecar so far. Requests that Envoy's parser refuses are counted and not logged,
/// so the end of the log is recognized by a last request.
pub(crate) fn access_log(deployment: &Deployment) -> Result<Vec<Value>> {
    let last = "/api/v2/version?last";
    deployment
        .client_in(Component::Worker("ml"))?
        .send(&Request::get("airflow-api-server:8080", last))?;
    let sidecar = deployment.sidecar(Component::ApiServer)?;
    wait::until("the access log", LOGGED, || {
        let mut requests = sidecar.access_log()?;
        requests.retain(|request| request["listener"] == "inbound");
        Ok(requests
            .last()
            .is_some_and(|request| request["path"] == last)
            .then_some(requests))
    })
}

fn done(response: Response) -> Result<()> {
    if !(200..300).contains(&response.status) {
        bail!("Airflow answered {}: {}", response.status, response.text());
    }
    Ok(())
}
