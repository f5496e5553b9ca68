//! Airflow's public REST API, as an operator uses it: starts a run, follows it, and reads its
//! results.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::client::{Client, Request, Response};
use dagward_workbench::{progress, wait};

/// The api-server's name in the mesh.
pub(super) const HOST: &str = "airflow-api-server:8080";

/// The longest time for a run of the lab's DAGs on a busy machine.
const FINISHED: Duration = Duration::from_secs(300);

/// The longest time until a DAG's file is found and parsed.
const PARSED: Duration = Duration::from_secs(120);

/// A session.
#[derive(Debug, Clone)]
pub struct Rest {
    client: Client,
    // `None` for Airflow 2, which has another version of the API.
    token: Option<String>,
}

impl Rest {
    /// Requests a token through `client`.
    pub fn connect(client: Client) -> Result<Self> {
        let answer = ok(client.send(&Request::get(HOST, "/auth/token"))?)?;
        let token = answer.get("access_token").and_then(Value::as_str);
        let token = token.context("an answer without token")?.to_owned();
        Ok(Self {
            client,
            token: Some(token),
        })
    }

    /// The API of Airflow 2, which treats every caller as an administrator here.
    pub(super) fn of_airflow_2(client: Client) -> Self {
        Self { client, token: None }
    }

    /// The user's token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The answer to `GET path`, with any status.
    pub fn get(&self, path: &str) -> Result<Response> {
        self.send(Request::get(HOST, path))
    }

    /// The answer to `POST path` with a JSON body, with any status.
    pub fn post(&self, path: &str, body: &Value) -> Result<Response> {
        let request = Request::new("POST", HOST, path).header("content-type", "application/json");
        self.send(request.body(body.to_string()))
    }

    /// Starts the run `run` of `dag`, once the DAG is known.
    pub fn trigger(&self, dag: &str, run: &str, conf: &Value) -> Result<()> {
        let path = self.dag(dag);
        wait::until(&format!("the DAG `{dag}`"), PARSED, || {
            Ok((self.get(&path)?.status == 200).then_some(()))
        })?;
        let body = match self.token {
            Some(_) => json!({"dag_run_id": run, "logical_date": null, "conf": conf}),
            None => json!({"dag_run_id": run, "conf": conf}),
        };
        ok(self.post(&format!("{path}/dagRuns"), &body)?)?;
        Ok(())
    }

    /// The state of a run; `None` if it does not exist.
    pub fn run_state(&self, dag: &str, run: &str) -> Result<Option<String>> {
        let response = self.get(&self.run(dag, run))?;
        if response.status == 404 {
            return Ok(None);
        }
        Ok(Some(text(&ok(response)?, "state")))
    }

    /// Waits until a run is over and returns its end state: `success` or `failed`.
    pub fn finished(&self, dag: &str, run: &str) -> Result<String> {
        progress::during(&format!("running the DAG `{dag}`"), |_| {
            wait::until(&format!("the run `{run}` of `{dag}`"), FINISHED, || {
                let state = self.run_state(dag, run)?;
                Ok(state.filter(|state| state == "success" || state == "failed"))
            })
        })
    }

    /// The state of each task of a run.
    pub fn task_states(&self, dag: &str, run: &str) -> Result<BTreeMap<String, String>> {
        let answer = ok(self.get(&(self.run(dag, run) + "/taskInstances"))?)?;
        let tasks = answer.get("task_instances").and_then(Value::as_array);
        let tasks = tasks.context("an answer without task instances")?.iter();
        Ok(tasks
            .map(|task| (text(task, "task_id"), text(task, "state")))
            .collect())
    }

    /// The log of a task's first try: the messages, one per line.
    pub fn task_log(&self, dag: &str, run: &str, task: &str) -> Result<String> {
        let path = self.run(dag, run) + &format!("/taskInstances/{task}/logs/1");
        let answer = ok(self.send(Request::get(HOST, &path).header("accept", "application/json"))?)?;
        match answer.get("content") {
            Some(Value::Array(lines)) => Ok(lines.iter().map(|line| text(line, "event") + "\n").collect()),
            // Airflow 2 returns the log as one text.
            Some(Value::String(log)) => Ok(log.clone()),
            _ => bail!("an answer without log"),
        }
    }

    /// The return value of a task.
    pub fn result(&self, dag: &str, run: &str, task: &str) -> Result<Value> {
        let entry = format!("/taskInstances/{task}/xcomEntries/return_value?deserialize=true");
        let mut answer = ok(self.get(&(self.run(dag, run) + &entry))?)?;
        Ok(answer.get_mut("value").map(Value::take).unwrap_or_default())
    }

    fn dag(&self, dag: &str) -> String {
        let version = if self.token.is_some() { "v2" } else { "v1" };
        format!("/api/{version}/dags/{dag}")
    }

    fn run(&self, dag: &str, run: &str) -> String {
        format!("{}/dagRuns/{run}", self.dag(dag))
    }

    /// The answer to a request with the user's token.
    pub fn send(&self, request: Request) -> Result<Response> {
        match &self.token {
            Some(token) => self
                .client
                .send(&request.header("authorization", format!("Bearer {token}"))),
            None => self.client.send(&request),
        }
    }
}

fn ok(response: Response) -> Result<Value> {
    if !(200..300).contains(&response.status) {
        bail!("Airflow answered {}: {}", response.status, response.text());
    }
    response.json()
}

fn text(object: &Value, field: &str) -> String {
    let value = object.get(field).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}
