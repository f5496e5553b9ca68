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
use super::prefix::{Look, Prefix};
use crate::caller::id;

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
pub struct RunReader(Prefix);

impl RunReader {
    /// Takes the bytes that follow those of the calls before; `end` says that no more will come. After [`Reading::Run`] and
    /// [`Reading::NotNamed`] there is nothing left to read.
    pub fn read(&mut self, more: &[u8], end: bool) -> Reading {
        match self.0.read(more, end, read_prefix) {
            Look::NeedMore => Reading::NeedMore,
            Look::Found(run) => Reading::Run(run),
            Look::NotThere => Reading::NotNamed,
        }
    }
}

/// What the first bytes of an answer say.
fn read_prefix(prefix: &[u8]) -> Look<Run> {
    let mut run = None;
    let mut json = serde_json::Deserializer::from_slice(prefix);
    let stopped = json.deserialize_map(Answer(&mut run));
    match (run, stopped) {
        (Some(run), _) if id::is_id(&run.dag_id) && id::is_run_id(&run.run_id) => Look::Found(run),
        (None, Err(error)) if error.classify() == Category::Eof => Look::NeedMore,
        _ => Look::NotThere,
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
