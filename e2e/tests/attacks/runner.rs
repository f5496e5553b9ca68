//! The runner of attempts: as the code of a task of team ml, or as a workload of the mesh without a sidecar.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dagward_testbed::airflow::{Deployment, Rest};
use dagward_testbed::client::Client;
use serde_json::{Value, json};

use crate::attempt::{Attempt, filled};
use crate::outcome::Outcome;

/// The DAG whose task makes attempts.
const AGENT: &str = "ml_rogue_agent";

/// The longest silence of an answer. All requests have `connection: close`.
const QUIET: Duration = Duration::from_secs(30);

/// The values of the names in braces.
pub(crate) type Names = Vec<(&'static str, String)>;

/// Attempts that a task of team ml makes with one token, one after the other.
pub(crate) struct Batch {
    run: String,
    attempts: Vec<Attempt>,
    names: Names,
    before: Vec<String>,
}

impl Batch {
    /// Starts the task. Its token is its own, or the one in the file `stolen`.
    pub(crate) fn start(
        deployment: &Deployment,
        rest: &Rest,
        run: String,
        attempts: Vec<Attempt>,
        stolen: Option<&Path>,
        names: &Names,
    ) -> Result<Self> {
        let before = rows(deployment, &attempts, names)?;
        let described: Vec<Value> = attempts
            .iter()
            .map(|attempt| {
                let request = BASE64_STANDARD.encode(attempt.request(names));
                let mut described = json!({"name": attempt.name, "request": request, "late": attempt.late});
                if let Some(sign) = &attempt.sign {
                    described["sign"] = serde_json::from_str(&filled(&sign.to_string(), names))?;
                }
                Ok(described)
            })
            .collect::<Result<_>>()?;
        let mut conf = json!({"attempts": described});
        if let Some(file) = stolen {
            conf["token_from"] = file.to_str().into();
        }
        rest.trigger(AGENT, &run, &conf)?;
        Ok(Self {
            run,
            attempts,
            names: names.clone(),
            before,
        })
    }

    /// Waits until the task has ended, and returns the outcome of each attempt.
    pub(crate) fn end(self, deployment: &Deployment, rest: &Rest) -> Result<Vec<(&'static str, Outcome)>> {
        let state = rest.finished(AGENT, &self.run)?;
        let reported = rest.result(AGENT, &self.run, "attack");
        let reported = reported.with_context(|| format!("the run `{}` of `{AGENT}`: {state}", self.run))?;
        let after = rows(deployment, &self.attempts, &self.names)?;
        let rows = self.before.into_iter().zip(after);
        Ok(self
            .attempts
            .iter()
            .zip(rows)
            .map(|(attempt, (before, after))| {
                let mut outcome = reported
                    .get(attempt.name)
                    .map(Outcome::reported)
                    .unwrap_or_default();
                outcome.rows = [before, after];
                (attempt.name, outcome)
            })
            .collect())
    }
}

/// Makes an attempt through `client`, and queries Airflow's database right before and after.
pub(crate) fn send(
    deployment: &Deployment,
    client: &Client,
    attempt: &Attempt,
    names: &Names,
) -> Result<Outcome> {
    let before = row(deployment, attempt, names)?;
    let mut outcome = ask(client, attempt, names)?;
    outcome.rows = [before, row(deployment, attempt, names)?];
    Ok(outcome)
}

/// Makes an attempt through `client`.
pub(crate) fn ask(client: &Client, attempt: &Attempt, names: &Names) -> Result<Outcome> {
    // Without a connection there is no answer.
    Outcome::read(&client.raw(&attempt.request(names), QUIET).unwrap_or_default())
}

fn rows(deployment: &Deployment, attempts: &[Attempt], names: &Names) -> Result<Vec<String>> {
    attempts
        .iter()
        .map(|attempt| row(deployment, attempt, names))
        .collect()
}

fn row(deployment: &Deployment, attempt: &Attempt, names: &Names) -> Result<String> {
    match attempt.query() {
        Some(query) => deployment.query(&filled(query, names)),
        None => Ok(String::new()),
    }
}
