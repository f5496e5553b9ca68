//! The attempts of a thief in team ml with tokens of team sales: forged ones, one of a queued task, one of a running
//! task.

use std::fs;
use std::path::Path;

use anyhow::Result;
use dagward_testbed::airflow::{Component, Deployment, task_tokens};

use serde_json::{Value, json};

use crate::attempt::Attempt;
use crate::runner::{Names, send};
use crate::story::Phase;
use crate::{credentials, queued_token, renewal, unverified};

/// The tasks of team sales whose tokens the thief uses.
pub(crate) struct Victims<'a> {
    /// A running task.
    pub(crate) running: &'a str,
    /// The file with its token.
    pub(crate) token: &'a Path,
    /// A task that no worker has begun.
    pub(crate) queued: &'a str,
}

/// The values of the names in braces, among them the thief's tokens.
pub(crate) fn names(d: &Deployment, names: &Names, victims: &Victims<'_>) -> Result<Names> {
    let sign = |task: &str, claims: &Value| task_tokens::sign(d.jwt_secret()?, task, claims);
    let aged = task_tokens::aged()?;
    let mut names = names.clone();
    names.extend([
        ("token", fs::read_to_string(victims.token)?),
        ("aged", sign(victims.running, &aged)?),
        ("aged-queued", sign(victims.queued, &aged)?),
        // Like those of Airflow 3.0 to 3.2.1, which Airflow accepts on all of a task's routes.
        ("unscoped", sign(victims.queued, &json!({}))?),
        ("queued", victims.queued.to_owned()),
    ]);
    Ok(names)
}

impl Phase {
    /// Makes the attempts, first those with tokens without a valid signature.
    pub(crate) fn attempt_thefts(
        &mut self,
        d: &Deployment,
        names: &Names,
        victims: &Victims<'_>,
    ) -> Result<()> {
        self.unverified = unverified::show(d, victims.running, victims.queued)?;
        for attempts in [
            queued_token::before_run(),
            renewal::attempts(),
            credentials::attempts(),
        ] {
            self.try_all(d, attempts, names)?;
        }
        let worker = d.authority().service_account("airflow", "airflow-worker-ml")?;
        let worker = d.client_as(&worker, Component::ApiServer)?;
        self.outcomes.extend(credentials::run(&worker, names)?);
        Ok(())
    }

    /// Makes attempts as a task of team ml, behind its sidecar.
    pub(crate) fn try_all(&mut self, d: &Deployment, attempts: Vec<Attempt>, names: &Names) -> Result<()> {
        let thief = d.client_in(Component::Worker("ml"))?;
        for attempt in attempts {
            let outcome = send(d, &thief, &attempt, names)?;
            self.outcomes.insert(attempt.name, outcome);
        }
        Ok(())
    }
}
