//! The task headers: a contract between the sidecars of a mesh.
//!
//! The proxy delivers names in lower case. Values are percent-encoded outside visible ASCII. WSGI servers
//! read `-` and `_` as the same letter, so a header of the contract that is spelled with underscores is
//! refused, like a duplicate.

use std::borrow::Cow;
use std::fmt;

use super::acting::{Acting, Proof};
use super::id;
use super::team::Team;
use crate::wire::pairs::header;
use crate::wire::{Header, percent};

/// The proof of the acting task. Never taken from an application.
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

/// Airflow's team of the run: its name, or [`NO_TEAM`]. Without the header the team is not known. It has a
/// meaning only beside the proof `airflow`.
pub const TEAM: &str = "x-airflow-team";

/// The value of [`TEAM`] for a run without a team. No team has this name: it is not an id. An empty value
/// would do, but proxies differ in whether they keep empty headers.
pub const NO_TEAM: &str = "~";

/// The UUID of the acting deadline's callback. Apart from the proof, no other task header accompanies it.
pub const CALLBACK_ID: &str = "x-airflow-callback-id";

/// Every header of the contract that names a task.
pub const CONTRACT: [&str; 8] = [DAG_ID, RUN_ID, TASK_ID, MAP_INDEX, TRY_NUMBER, TI_ID, TEAM, PROOF];

/// The longest value, in bytes: the longest id with every character of four bytes encoded.
const MAX_VALUE_BYTES: usize = id::MAX_CHARS * 4 * 3;

/// The reason why the task headers of a request are refused.
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

/// Whether a server that reads `_` and `-` as the same letter takes `name` for `header`.
pub(crate) fn is_spelling_of(name: &[u8], header: &str) -> bool {
    let same = |ours: u8, theirs: u8| ours == theirs || (ours == b'-' && theirs == b'_');
    let mut letters = header.bytes().zip(name);
    header.len() == name.len() && letters.all(|(ours, theirs)| same(ours, *theirs))
}

/// The index in [`CONTRACT`] of the header that `name` is read as.
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

/// Reads the acting task from a request's headers. `believed` tells whether the peer's proof counts. From any
/// other peer the headers are at most a claim.
///
/// # Errors
///
/// A header of the contract is given twice, is spelled with underscores, or has an invalid value.
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
    let [dag_id, run_id, task_id, map_index, try_number, ti_id, team, proof] = values;
    let proof = proof
        .map(|value| read_proof(value, believed))
        .transpose()?
        .flatten();
    let Some(dag_id) = dag_id else {
        return match [run_id, task_id, map_index, try_number, ti_id, team]
            .iter()
            .any(Option::is_some)
        {
            true => Err(BadHeader::new(DAG_ID, "is missing beside other task headers")),
            false => Ok(None),
        };
    };
    let proof = proof.unwrap_or(Proof::Claimed);
    let team = team.map(read_team).transpose()?;
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
        // A pod cannot name its team, and neither can an application.
        team: team.filter(|_| proof == Proof::Airflow).unwrap_or_default(),
        proof,
    }))
}

/// The acting callback, as named by the caller's sidecar, which has received Airflow's answer to its `run`.
/// The headers must come from a peer whose proof counts.
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
        .ok_or(BadHeader::new(PROOF, "is not one of `claimed`, `pod`, `airflow`"))
}

fn read_team(value: &[u8]) -> Result<Team, BadHeader> {
    match value == NO_TEAM.as_bytes() {
        true => Ok(Team::Absent),
        false => Ok(Team::Named(text(TEAM, value, id::is_id)?)),
    }
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
        return Err(BadHeader::new(name, "is not an id that Airflow accepts"));
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
