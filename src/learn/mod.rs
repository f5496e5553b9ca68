//! What Airflow's answers taught: which DAG a task's token acts for, and whose it is.
//!
//! A task's token names no DAG. Airflow's answer to `PATCH …/{task_instance_id}/run` does, so
//! after it a token with that subject is known to act for that DAG. Nothing is learned from what a
//! request says of itself: only what Airflow has answered with 2xx counts, so whoever forges a
//! token teaches nothing and locks nobody out.

mod answer;
mod reader;
mod tasks;

pub use answer::{MAX_ANSWER_BYTES, read_run};
pub use reader::{MAX_PREFIX_BYTES, Reading, RunReader};
pub use tasks::{MAX_TASKS, Tasks};

use serde::{Deserialize, Serialize};

/// What is known of a task instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// The DAG run that it belongs to, once Airflow has said so.
    #[serde(rename = "r", skip_serializing_if = "Option::is_none", default)]
    pub run: Option<Run>,
    /// The principal that used its token first. From anybody else the token is refused.
    #[serde(rename = "p", skip_serializing_if = "Option::is_none", default)]
    pub peer: Option<String>,
    /// The principal that was refused Airflow's answer to `run`, or has not had all of it so far. The
    /// answer's headers, with a token that is good for all of the Execution API, had gone to it.
    #[serde(rename = "x", skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<String>,
}

/// A DAG run, as Airflow's answer names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The DAG's id.
    pub dag_id: String,
    /// The run's id.
    pub run_id: String,
}
