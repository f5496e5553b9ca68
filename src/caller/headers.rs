//! The task headers: a contract between the sidecars of a mesh.
//!
//! Names come lower case from the proxy, values are percent-encoded outside visible ASCII. WSGI
//! servers read `-` and `_` as the same letter, so a header that is spelled like one of the
//! contract with underscores is as much of an attempt as a duplicate.

use std::borrow::Cow;
use std::fmt;

use super::acting::{Acting, Proof};
use super::id;
use crate::wire::pairs::header;
use crate::wire::{Header, percent};

/// Says how well the task is known. Never taken from an application.
pub const PROOF: &str = "x-airflow-proof";
/// The DAG's id.
pub const DAG_ID: &str = "x-airflow-dag-id";
/// The DAG run's id.
pub const RUN_ID: &str = "x-airflow-run-id";
/// The task's id.
pub const TASK_ID: &str = "x-airflow-task-id";
/// The index of a mapped task.
pub const MAP_INDEX: &str = "x-airflow-map-index";
/// The number of the try.
pub const TRY_NUMBER: &str = "x-airflow-try-number";
/// The task instance's UUID.
pub const TI_ID: &str = "x-airflow-ti-id";

/// The UUID of the deadline's callback that acts. It stands for itself: with it come no other task headers but the proof.
pub const CALLBACK_ID: &str = "x-airflow-callback-id";

/// Every header of the contract that names a task.
pub const CONTRACT: [&str; 7] = [DAG_ID, RUN_ID, TASK_ID, MAP_INDEX, TRY_NUMBER, TI_ID, PROOF];

/// The longest value, in bytes: the longest id with every character of four bytes encoded.
const MAX_VALUE_BYTES: usize = id::MAX_CHARS * 4 * 3;

/// Why the task headers of a request are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadHeader {
    name: Cow<'static, str>,
    problem: &'static str,
}

impl BadHeader {
    fn new(name: &'static str, problem: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            problem,
        }
    }
}

impl fmt::Display for BadHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name, self.problem)
    }
}

impl std::error::Error for BadHeader {}

/// Whether a server that takes `_` and `-` for the same letter reads `name` as `header`.
pub(crate) fn is_spelling_of(name: &[u8], header: &str) -> bool {
    let same = |ours: u8, theirs: u8| ours == theirs || (ours == b'-' && theirs == b'_');
    let mut letters = header.bytes().zip(name);
    header.len() == name.len() && letters.all(|(ours, theirs)| same(ours, *theirs))
}

/// The place in [`CONTRACT`] of the header that `name` is read as.
fn place_in_contract(name: &[u8]) -> Option<usize> {
    // Nearly every header of a request ends here.
    let [b'x', b'-' | b'_', b'a', ..] = name else {
        return None;
    };
    let exact = CONTRACT.iter().position(|contract| contract.as_bytes() == name);
    exact.or_else(|| {
        CONTRACT
            .iter()
            .position(|contract| is_spelling_of(name, contract))
    })
}

/// Reads the acting task from a request's headers. `believed` says whether the peer is one whose
/// proof counts; from anybody else the headers are a claim at most.
///
/// # Errors
///
/// Where a header of the contract is given twice, spelled with underscores, or has no valid value.
pub fn read(headers: &[Header<'_>], believed: bool) -> Result<Option<Acting>, BadHeader> {
    let mut values: [Option<&[u8]>; CONTRACT.len()] = [None; CONTRACT.len()];
    for (name, value) in headers {
        let Some(place) = place_in_contract(name) else {
            continue;
        };
        let (Some(contract), Some(slot)) = (CONTRACT.get(place), values.get_mut(place)) else {
            continue;
        };
        if contract.as_bytes() != *name {
            let name = Cow::Owned(String::from_utf8_lossy(name).into_owned());
            return Err(BadHeader {
                name,
                problem: "is spelled with underscores",
            });
        }
        if slot.replace(value).is_some() {
            return Err(BadHeader::new(contract, "is given more than once"));
        }
    }
    let [dag_id, run_id, task_id, map_index, try_number, ti_id, proof] = values;
    let proof = proof
        .map(|value| read_proof(value, believed))
        .transpose()?
        .flatten();
    let Some(dag_id) = dag_id else {
        return match [run_id, task_id, map_index, try_number, ti_id]
            .iter()
            .any(Option::is_some)
        {
            true => Err(BadHeader::new(DAG_ID, "is missing beside other task headers")),
            false => Ok(None),
        };
    };
    Ok(Some(Acting {
        dag_id: text(DAG_ID, dag_id, id::is_id)?,
        run_id: run_id
            .map(|value| text(RUN_ID, value, id::is_run_id))
            .transpose()?,
        task_id: task_id.map(|value| text(TASK_ID, value, id::is_id)).transpose()?,
        map_index: map_index.map(|value| number(MAP_INDEX, value, -1)).transpose()?,
        try_number: try_number
            .map(|value| number(TRY_NUMBER, value, 0))
            .transpose()?
            .map(i32::unsigned_abs),
        ti_id: ti_id
            .map(|value| text(TI_ID, value, |id| id::is_uuid(id.as_bytes())))
            .transpose()?,
        proof: proof.unwrap_or(Proof::Claimed),
    }))
}

/// The callback that acts, by the word of the caller's sidecar, which has had Airflow's answer to its `run`. The headers
/// must be those of a peer whose proof counts.
pub fn callback<'h>(headers: &[Header<'h>]) -> Option<&'h str> {
    let proof = header(headers, PROOF).filter(|proof| *proof == Proof::Airflow.as_str().as_bytes());
    let callback = header(headers, CALLBACK_ID).filter(|_| proof.is_some());
    std::str::from_utf8(callback?)
        .ok()
        .filter(|callback| id::is_uuid(callback.as_bytes()))
}

fn read_proof(value: &[u8], believed: bool) -> Result<Option<Proof>, BadHeader> {
    if !believed {
        return Ok(None);
    }
    let proof = std::str::from_utf8(value).ok().and_then(Proof::parse);
    proof
        .map(Some)
        .ok_or(BadHeader::new(PROOF, "is none of `claimed`, `pod`, `airflow`"))
}

fn text(name: &'static str, value: &[u8], valid: impl Fn(&str) -> bool) -> Result<String, BadHeader> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(BadHeader::new(name, "is longer than any id"));
    }
    let decoded = percent::decode(value).ok_or(BadHeader::new(
        name,
        "is not percent-encoded text of visible ASCII",
    ))?;
    if !valid(&decoded) {
        return Err(BadHeader::new(name, "is no such id as Airflow accepts"));
    }
    Ok(decoded.into_owned())
}

fn number(name: &'static str, value: &[u8], least: i32) -> Result<i32, BadHeader> {
    let digits = std::str::from_utf8(value)
        .ok()
        .filter(|text| !text.starts_with('+'));
    digits
        .and_then(|digits| digits.parse().ok())
        .filter(|number| *number >= least)
        .ok_or(BadHeader::new(name, "is not a number in its range"))
}

#[cfg(test)]
mod tests;
