//! Reads the run from Airflow's answer to `run` as the answer arrives.
//!
//! Airflow writes `dag_run` first, and in it `dag_id` and `run_id` first (the fields of `DagRun` in
//! `execution_api/datamodels/taskinstance.py`, in this order since 3.0). The run's `conf` and its
//! `consumed_asset_events` follow; both have no limit, and other DAGs' tasks write the second. So
//! the reader answers at the second name and does not wait for the rest.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;

use super::Run;
use crate::caller::id;

/// The most bytes of an answer that the reader looks at. It leaves room for an Airflow that writes
/// its fields in another order.
const MAX_PREFIX_BYTES: usize = 64 * 1024;

/// What an answer to `run` says so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// The names may still come.
    NeedMore,
    /// The answer names this run.
    Run(Run),
    /// The answer names no run, or names it so that two readers could take it for different ones.
    NotNamed,
}

/// Reads one answer, chunk by chunk.
#[derive(Debug, Default)]
pub struct RunReader {
    /// The bytes so far. Empty as long as the first chunk is enough.
    held: Vec<u8>,
    /// How many of the bytes were there at the last look.
    seen: usize,
}

impl RunReader {
    /// Takes the bytes that follow those of the calls before; `end` says that no more will come.
    ///
    /// The reader looks anew only once it has twice as many bytes as at the last look, or all. So
    /// the work is linear in the bytes, however small the chunks are. After [`Reading::Run`] and
    /// [`Reading::NotNamed`] there is nothing left to read.
    pub fn read(&mut self, more: &[u8], end: bool) -> Reading {
        let room = MAX_PREFIX_BYTES.saturating_sub(self.held.len());
        let full = more.len() >= room;
        let more = more.get(..room).unwrap_or(more);
        let prefix = if self.held.is_empty() {
            more
        } else {
            self.held.extend_from_slice(more);
            &self.held
        };
        let last = end || full;
        if !last && prefix.len() < self.seen.saturating_mul(2) {
            return Reading::NeedMore;
        }
        let reading = read_prefix(if last { prefix } else { without_number(prefix) });
        self.seen = prefix.len();
        match reading {
            Reading::NeedMore if last => return Reading::NotNamed,
            Reading::NeedMore if self.held.is_empty() => self.held = more.to_vec(),
            _ => {}
        }
        reading
    }
}

/// `prefix` without a number that it may cut: serde_json takes one that ends in `-`, `.` or `e` for
/// a wrong one and not for the end of its input.
fn without_number(prefix: &[u8]) -> &[u8] {
    let of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let kept = prefix.iter().rposition(|byte| !of_number(byte));
    prefix.get(..kept.map_or(0, |last| last + 1)).unwrap_or(prefix)
}

/// What the first bytes of an answer say.
fn read_prefix(prefix: &[u8]) -> Reading {
    let mut run = None;
    let mut json = serde_json::Deserializer::from_slice(prefix);
    let stopped = json.deserialize_map(Answer(&mut run));
    match (run, stopped) {
        (Some(run), _) if id::is_id(&run.dag_id) && id::is_run_id(&run.run_id) => Reading::Run(run),
        (None, Err(error)) if error.classify() == Category::Eof => Reading::NeedMore,
        _ => Reading::NotNamed,
    }
}

/// The names that the reader looks for.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    DagRun,
    DagId,
    RunId,
    #[serde(other)]
    Other,
}

/// The whole answer. Stops reading with an error where the run is known, or cannot be known.
struct Answer<'r>(&'r mut Option<Run>);

impl<'de> Visitor<'de> for Answer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<Name>()? {
            match name {
                Name::DagRun => return members.next_value_seed(DagRun(self.0)),
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The member `dag_run`.
struct DagRun<'r>(&'r mut Option<Run>);

impl<'de> DeserializeSeed<'de> for DagRun<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DagRun<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let (mut dag, mut run): (Option<String>, Option<String>) = (None, None);
        while let Some(name) = members.next_key::<Name>()? {
            let place = match name {
                Name::DagId => &mut dag,
                Name::RunId => &mut run,
                Name::DagRun | Name::Other => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if place.is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
            *place = Some(members.next_value()?);
            if let (Some(dag_id), Some(run_id)) = (&dag, &run) {
                *self.0 = Some(Run {
                    dag_id: dag_id.clone(),
                    run_id: run_id.clone(),
                });
                return Err(A::Error::custom("the run is known"));
            }
        }
        Err(A::Error::custom("no run is named"))
    }
}

#[cfg(test)]
mod tests;
