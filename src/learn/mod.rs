//! Facts about a task's token that Airflow's answers prove: which DAG run it acts for, and which
//! principal it belongs to.
//!
//! A task's token names no DAG, and the filter does not verify it; Airflow does, after the filter.
//! So nothing is written here but for an answer that proves that Airflow has verified this very
//! token: 2xx to a request by which a task starts (see
//! [`Operation::starts`](crate::operation::Operation::starts)), from an api-server. The answer to
//! `PATCH …/{task_instance_id}/run` names the DAG run as well; that to `PATCH …/{callback_id}/run` has no body.

mod prefix;
mod principals;
mod reader;
mod tasks;
mod team;

pub use reader::{AnswerReader, Reading};
pub use tasks::{Answerer, Key, MAX_TASKS_OF_A_PRINCIPAL, Tasks};
pub use team::Team;

use serde::{Deserialize, Serialize};

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
    /// Whether it is the token of a deadline's callback, which no answer gives a run.
    #[serde(rename = "c", skip_serializing_if = "std::ops::Not::not", default)]
    pub callback: bool,
    /// The principals that were refused Airflow's answer to `run`, or have not had all of it so far.
    #[serde(rename = "x", skip_serializing_if = "Refused::is_empty", default)]
    pub refused: Refused,
}

/// Principals that are refused a token, though Airflow has let them start its task. Each has
/// received the answer's headers, with a token that is good for all of the Execution API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused(Vec<String>);

/// How many principals are refused by name. Where there are more, everyone is.
const MAX_REFUSED: usize = 8;

/// The principal that a token belongs to. The filter refuses the token from any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its SPIFFE ID.
    #[serde(rename = "p")]
    pub principal: String,
    /// Whether the policy was enforced when the principal started the task. An owner that was
    /// recorded before refuses nobody in mode `enforce`.
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

impl Refused {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `principal` is one of them.
    pub fn contains(&self, principal: Option<&str>) -> bool {
        self.0.len() > MAX_REFUSED
            || principal.is_some_and(|principal| self.0.iter().any(|one| one == principal))
    }

    /// Adds `principal`. One does not take another's place: two could set each other free.
    pub fn add(&mut self, principal: &str) {
        if !self.contains(Some(principal)) {
            self.0.push(principal.to_owned());
        }
    }

    /// Takes `principal` away.
    pub fn remove(&mut self, principal: &str) {
        self.0.retain(|one| one != principal);
    }
}

impl Learned {
    /// The owner, as far as it counts where the policy is `enforced`.
    pub fn owner(&self, enforced: bool) -> Option<&str> {
        let counts = |owner: &&Owner| owner.enforced || !enforced;
        self.owner
            .as_ref()
            .filter(counts)
            .map(|owner| owner.principal.as_str())
    }

    /// Makes `owner` the owner, unless there is one that counts as much.
    pub fn belongs_to(&mut self, owner: &Owner) {
        if self.owner(owner.enforced).is_none() {
            self.owner = Some(owner.clone());
        }
    }
}
