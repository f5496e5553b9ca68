//! The facts that Airflow's answers prove: the DAG run and the owner of a task's token, and the teams of DAGs.
//!
//! A task's token names no DAG. The filter does not verify it: Airflow does, after the filter. So a fact is
//! recorded only after an answer that proves that Airflow has verified this very token. Such an answer comes
//! from an api-server, and is a 2xx to a request that starts a task (see
//! [`Operation::starts`](crate::operation::Operation::starts)). The answer to `PATCH
//! …/{task_instance_id}/run` also names the DAG run. The answer to `PATCH …/{callback_id}/run` has no body.

mod dag_teams;
mod prefix;
mod principals;
mod reader;
mod shelf;
mod tasks;

pub use dag_teams::{DagTeams, MAX_DAGS_OF_A_PRINCIPAL};
pub use reader::{AnswerReader, Reading};
pub use tasks::{Answerer, Key, MAX_TASKS_OF_A_PRINCIPAL, Tasks};

use serde::{Deserialize, Serialize};

use crate::caller::Team;

/// The facts about the token of a task instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// The DAG run that the task instance belongs to, once Airflow has named it.
    #[serde(rename = "r", skip_serializing_if = "Option::is_none", default)]
    pub run: Option<Run>,
    /// Airflow's team of that run.
    #[serde(rename = "t", skip_serializing_if = "Team::is_unknown", default)]
    pub team: Team,
    /// The principal that started the task with the token.
    #[serde(rename = "o", skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<Owner>,
    /// Whether the token is a deadline's callback's. No answer names a run for it.
    #[serde(rename = "c", skip_serializing_if = "std::ops::Not::not", default)]
    pub callback: bool,
    /// The principals that must not use the token although Airflow has let them start its task.
    #[serde(rename = "x", skip_serializing_if = "Barred::is_empty", default)]
    pub barred: Barred,
}

/// Principals that must not use the token: refused, or still without the whole answer to `run`. Each has
/// received the answer's headers, which contain a token for all of the Execution API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barred(Vec<String>);

/// The number of principals that are barred by name. If there are more, every principal is barred.
const MAX_BARRED: usize = 8;

/// The principal that owns a token. The filter refuses the token from any other principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its SPIFFE ID.
    #[serde(rename = "p")]
    pub principal: String,
    /// Whether the policy was enforced when the principal started the task. In mode `enforce`, an owner that
    /// was recorded without enforcement has no effect.
    #[serde(rename = "e", skip_serializing_if = "std::ops::Not::not", default)]
    pub enforced: bool,
}

/// A DAG run, as Airflow's answer names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The DAG's id.
    pub dag_id: String,
    /// The run's id.
    pub run_id: String,
}

impl Barred {
    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `principal` is in the list.
    pub fn contains(&self, principal: Option<&str>) -> bool {
        self.0.len() > MAX_BARRED
            || principal.is_some_and(|principal| self.0.iter().any(|one| one == principal))
    }

    /// Adds `principal`. A new entry never replaces another: otherwise two principals could clear each
    /// other's refusals.
    pub fn add(&mut self, principal: &str) {
        if !self.contains(Some(principal)) {
            self.0.push(principal.to_owned());
        }
    }

    /// Removes `principal`.
    pub fn remove(&mut self, principal: &str) {
        self.0.retain(|one| one != principal);
    }
}

impl Learned {
    /// The owner, if it counts when the policy is `enforced`.
    pub fn owner(&self, enforced: bool) -> Option<&str> {
        let counts = |owner: &&Owner| owner.enforced || !enforced;
        self.owner
            .as_ref()
            .filter(counts)
            .map(|owner| owner.principal.as_str())
    }

    /// Records `owner`, unless there already is an owner that counts as much.
    pub fn belongs_to(&mut self, owner: &Owner) {
        if self.owner(owner.enforced).is_none() {
            self.owner = Some(owner.clone());
        }
    }
}
