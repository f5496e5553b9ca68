//! The credential of a request for the Execution API, with the known facts about its task.

use crate::caller::{Acting, Credential, Proof, TaskInstanceId, Team};
use crate::learn::Learned;
use crate::operation::Operation;

/// The credential that a request carries, and the known facts about its task.
#[derive(Debug, Clone, Copy, Default)]
pub struct Token<'a> {
    /// The credential, as far as dagward can read it.
    pub credential: Credential<&'a str>,
    /// The facts about that task instance that the proxy has learned from Airflow's answers.
    pub learned: Option<&'a Learned>,
    /// The acting callback, if the caller's sidecar names one.
    pub callback: Option<&'a str>,
    /// Whether Airflow has answered this request, so that no further facts will arrive.
    pub answered: bool,
    /// Whether the request goes to a server that is not known to be an api-server. Its answer then names no
    /// DAG.
    pub elsewhere: bool,
}

impl<'a> Token<'a> {
    /// The task instance that the token is for.
    pub fn task(&self) -> Option<TaskInstanceId<&'a str>> {
        self.credential.task()
    }

    /// Whether the token is a deadline's callback's: `operation` starts a callback with it, Airflow has let
    /// one start with it, or the caller's sidecar says so.
    pub(super) fn is_callback(&self, operation: &Operation<'_>) -> bool {
        let learned = self.learned.is_some_and(|learned| learned.callback);
        let vouched = self.callback.is_some() && self.callback == self.task().map(TaskInstanceId::text);
        operation.starts_callback() || (operation.verifies_token() && (learned || vouched))
    }

    /// The acting task according to Airflow's answer. The answer does not name the task itself. `task`
    /// supplies it, if it is proved by more than a claim.
    pub(super) fn acting(&self, task: Option<&Acting>) -> Option<Acting> {
        let learned = self.learned?;
        let run = learned.run.as_ref()?;
        let of_same_dag = |task: &&Acting| task.proof > Proof::Claimed && task.dag_id == run.dag_id;
        let task = task.filter(of_same_dag);
        Some(Acting {
            dag_id: run.dag_id.clone(),
            run_id: Some(run.run_id.clone()),
            task_id: task.and_then(|task| task.task_id.clone()),
            map_index: task.and_then(|task| task.map_index),
            try_number: task.and_then(|task| task.try_number),
            ti_id: self.task().map(|task| task.text().to_owned()),
            team: match (&learned.team, task) {
                // The answer has named the team to the caller's sidecar in a newer version of the API.
                (Team::Unknown, Some(task)) => task.team.clone(),
                (team, _) => team.clone(),
            },
            proof: Proof::Airflow,
        })
    }
}
