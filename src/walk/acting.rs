//! The task that a caller acts for, from all that is said of it.

use std::borrow::Cow;

use crate::caller::{Acting, Principal, Proof};
use crate::learn::Learned;
use crate::operation::Operation;

/// The task's token that a request carries, and what is known of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Token<'a> {
    /// The task instance that it is for; `None` where there is no such token.
    pub task: Option<&'a str>,
    /// Whether there is more than one token.
    pub repeated: bool,
    /// What Airflow's answers taught of that task instance.
    pub learned: Option<&'a Learned>,
    /// Whether Airflow has answered this request, so that nothing more is to come.
    pub answered: bool,
}

/// The caller's sidecar and Airflow's answer name different DAGs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conflict;

impl Token<'_> {
    /// Whether another principal than `caller` used it first.
    pub(super) fn is_of_another(&self, caller: Option<&Principal>) -> bool {
        let owner = self.learned.and_then(|learned| learned.peer.as_deref());
        owner.is_some_and(|owner| caller.map(Principal::as_str) != Some(owner))
    }

    /// The task as Airflow's answer names it. The answer names no task; `task` does, where it is
    /// better than a claim.
    fn acting(&self, task: Option<&Acting>) -> Option<Acting> {
        let run = self.learned?.run.as_ref()?;
        let of_same_dag = |task: &&Acting| task.proof > Proof::Claimed && task.dag_id == run.dag_id;
        let task = task.filter(of_same_dag);
        Some(Acting {
            dag_id: run.dag_id.clone(),
            run_id: Some(run.run_id.clone()),
            task_id: task.and_then(|task| task.task_id.clone()),
            map_index: task.and_then(|task| task.map_index),
            try_number: task.and_then(|task| task.try_number),
            ti_id: self.task.map(str::to_owned),
            proof: Proof::Airflow,
        })
    }
}

/// The acting task of what arrives: what its sidecar stamped, unless Airflow has said better.
pub(super) fn learned(stamped: Option<Acting>, token: &Token<'_>) -> Result<Option<Acting>, Conflict> {
    let Some(acting) = token.acting(stamped.as_ref()) else {
        return Ok(stamped);
    };
    let conflicts = |stamped: Acting| stamped.proof > Proof::Claimed && stamped.dag_id != acting.dag_id;
    match stamped.is_some_and(conflicts) {
        true => Err(Conflict),
        false => Ok(Some(acting)),
    }
}

/// The acting task of what leaves: what Airflow said, else what the pod's metadata say.
pub(super) fn own<'a>(pod: Option<&'a Acting>, token: &Token<'_>) -> Option<Cow<'a, Acting>> {
    token.acting(pod).map(Cow::Owned).or(pod.map(Cow::Borrowed))
}

/// Says which DAG the task instance in the path belongs to, where the request's own token tells.
pub(super) fn resolve_task_instance(operation: &mut Operation<'_>, token: &Token<'_>) {
    let of_token = operation.task_instance.is_some() && operation.task_instance.as_deref() == token.task;
    let run = token
        .learned
        .filter(|_| of_token)
        .and_then(|learned| learned.run.as_ref());
    match run {
        Some(run) => operation.belongs_to(Some((&run.dag_id, &run.run_id))),
        None if operation.awaits_answer && of_token && !token.answered => {}
        None => operation.belongs_to(None),
    }
}
