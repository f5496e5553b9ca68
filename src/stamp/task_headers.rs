//! Strips and stamps the task headers on their way out of and into a pod.
//!
//! Names are compared with `_` read as `-`, because WSGI servers cannot distinguish `x_airflow_dag_id` from
//! `x-airflow-dag-id`, and Envoy lets both through.

use std::borrow::Cow;

use crate::caller::headers::{
    CALLBACK_ID, DAG_ID, MAP_INDEX, NO_TEAM, PROOF, RUN_ID, TASK_ID, TEAM, TI_ID, TRY_NUMBER, is_spelling_of,
};
use crate::caller::{Acting, Proof, Team};
use crate::wire::{Header, percent};

/// The beginning of every header of Airflow's or dagward's own.
const PREFIX: &str = "x-airflow-";

/// The headers that name a task.
const TASK: [&str; 6] = [DAG_ID, RUN_ID, TASK_ID, MAP_INDEX, TRY_NUMBER, TI_ID];

/// One change to a request's headers. The proxy must apply edits in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit<'a> {
    /// Sets the header to this value. The header has at most one value before.
    Set(&'static str, Cow<'a, str>),
    /// Removes every value of the header.
    Remove(&'a str),
}

/// The proxy's own knowledge of the sender of a request that leaves its pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own<'a> {
    /// The task that it acts for.
    Task(Cow<'a, Acting>),
    /// The acting deadline's callback. Its DAG is not known.
    Callback(&'a str),
}

/// The edits for a request that leaves the pod for a service of the mesh.
///
/// If the proxy knows the task or the callback, `own`, the headers carry only that: the application's headers
/// are replaced. Otherwise the application's task headers stay as they are, marked as claimed. The receiving
/// side refuses malformed ones. The proof and the team never come from the application.
pub fn toward_mesh<'a>(headers: &[Header<'a>], own: Option<&Own<'a>>) -> Vec<Edit<'a>> {
    let ours = airflow_headers(headers);
    let mut edits = Vec::new();
    let Some(own) = own else {
        let claims = ours
            .iter()
            .any(|(name, _)| TASK.iter().any(|header| is_spelling_of(name.as_bytes(), header)));
        let proof = claims.then_some(Cow::Borrowed(Proof::Claimed.as_str()));
        replace(TEAM, None, &ours, &mut edits);
        replace(PROOF, proof, &ours, &mut edits);
        return edits;
    };
    let stamps = match own {
        Own::Task(acting) => of_task(acting),
        Own::Callback(callback) => of_callback(callback),
    };
    for (header, value) in stamps {
        replace(header, value, &ours, &mut edits);
    }
    edits
}

/// The edits for a request that leaves the mesh: all facts about the task are removed.
pub fn leaving_mesh<'a>(headers: &[Header<'a>]) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    for (name, _) in airflow_headers(headers) {
        push_removal(name, &mut edits);
    }
    edits
}

/// The edits for a request from a peer whose proof is not trusted: its proof is removed, and the team, which
/// means nothing without proof.
pub fn from_stranger<'a>(headers: &[Header<'a>]) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    let ours = airflow_headers(headers);
    for header in [TEAM, PROOF] {
        replace(header, None, &ours, &mut edits);
    }
    edits
}

/// The headers whose name begins with `x-airflow-`, in any spelling. Envoy lets only ASCII names through, so
/// reading names as text misses none.
fn airflow_headers<'a>(headers: &[Header<'a>]) -> Vec<(&'a str, &'a [u8])> {
    headers
        .iter()
        .filter_map(|(name, value)| Some((std::str::from_utf8(name).ok()?, *value)))
        .filter(|(name, _)| {
            name.get(..PREFIX.len())
                .is_some_and(|start| is_spelling_of(start.as_bytes(), PREFIX))
        })
        .collect()
}

/// The values of the headers, each with its header's name.
type Stamps<'a> = [(&'static str, Option<Cow<'a, str>>); 9];

/// The values for a request of a callback, from a sidecar that has received Airflow's answer to its `run`.
fn of_callback(callback: &str) -> Stamps<'_> {
    let proof = Proof::Airflow.as_str();
    [
        DAG_ID,
        RUN_ID,
        TASK_ID,
        MAP_INDEX,
        TRY_NUMBER,
        TI_ID,
        TEAM,
        CALLBACK_ID,
        PROOF,
    ]
    .map(|name| {
        let value = match name {
            CALLBACK_ID => Some(callback),
            PROOF => Some(proof),
            _ => None,
        };
        (name, value.map(Cow::Borrowed))
    })
}

/// The values for a request for `acting`.
fn of_task<'a>(acting: &Cow<'a, Acting>) -> Stamps<'a> {
    let text = |field: fn(&Acting) -> Option<&str>| match acting {
        Cow::Borrowed(acting) => field(acting).map(percent::encode),
        Cow::Owned(acting) => field(acting).map(|text| Cow::Owned(percent::encode(text).into_owned())),
    };
    [
        (DAG_ID, text(|acting| Some(&acting.dag_id))),
        (RUN_ID, text(|acting| acting.run_id.as_deref())),
        (TASK_ID, text(|acting| acting.task_id.as_deref())),
        (
            MAP_INDEX,
            acting.map_index.map(|index| Cow::Owned(index.to_string())),
        ),
        (
            TRY_NUMBER,
            acting.try_number.map(|number| Cow::Owned(number.to_string())),
        ),
        (TI_ID, text(|acting| acting.ti_id.as_deref())),
        (TEAM, text(team)),
        (CALLBACK_ID, None),
        (PROOF, Some(Cow::Borrowed(acting.proof.as_str()))),
    ]
}

/// The value that names the team of `acting`.
fn team(acting: &Acting) -> Option<&str> {
    match &acting.team {
        Team::Unknown => None,
        Team::Absent => Some(NO_TEAM),
        Team::Named(name) => Some(name),
    }
}

/// Makes `value` the only value of `header` in any spelling, with as few edits as possible: each costs a host
/// call and makes Envoy select the route anew.
fn replace<'a>(
    header: &'static str,
    value: Option<Cow<'a, str>>,
    present: &[(&'a str, &'a [u8])],
    edits: &mut Vec<Edit<'a>>,
) {
    let mut exact = Vec::new();
    for (name, current) in present
        .iter()
        .filter(|(name, _)| is_spelling_of(name.as_bytes(), header))
    {
        if *name == header {
            exact.push((*name, *current));
        } else {
            push_removal(name, edits);
        }
    }
    match (exact.as_slice(), value) {
        ([], None) => {}
        ([(_, current)], Some(value)) if *current == value.as_bytes() => {}
        ([] | [_], Some(value)) => edits.push(Edit::Set(header, value)),
        ([(name, _), ..], None) => push_removal(name, edits),
        // Hosts differ in whether replacing a repeated header keeps its other values.
        ([(name, _), ..], Some(value)) => {
            push_removal(name, edits);
            edits.push(Edit::Set(header, value));
        }
    }
}

/// Removes `name`, once however often the request has it.
fn push_removal<'a>(name: &'a str, edits: &mut Vec<Edit<'a>>) {
    let removal = Edit::Remove(name);
    if !edits.contains(&removal) {
        edits.push(removal);
    }
}

#[cfg(test)]
mod tests;
