//! Reads the run and its team from Airflow's answer to `run` as the answer arrives.
//!
//! Airflow writes `dag_run` first, and in it `dag_id` and `run_id` first (the fields of `DagRun` in
//! `execution_api/datamodels/taskinstance.py`, in this order since 3.0). The run's `conf` and its
//! `consumed_asset_events` follow; both have no limit, and other DAGs' tasks write the second. So
//! the reader answers at the second name and does not wait for the rest.
//!
//! `team_name` is the last field of `dag_run` (since 3.3). So the answer is not held for it: the reader looks on as the rest of
//! the answer passes, and gives up behind the first 64 KiB.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;

use super::prefix::{Look, Prefix};
use super::{Run, Team};
use crate::caller::id;

/// What an answer to `run` says so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// The names may still come.
    NeedMore,
    /// The answer names this run, and its team unless that may still come.
    Run(Run, Option<Team>),
    /// The answer names no run, or names it so that two readers could take it for different ones.
    NotNamed,
}

/// Reads one answer, chunk by chunk.
#[derive(Debug, Default)]
pub struct AnswerReader(Prefix);

impl AnswerReader {
    /// Takes the bytes that follow those of the calls before; `end` says that no more will come. After [`Reading::Run`] there
    /// is at most a team to read, and after [`Reading::NotNamed`] nothing.
    pub fn read(&mut self, more: &[u8], end: bool) -> Reading {
        match self.0.read(more, end, read_prefix) {
            Look::NeedMore => Reading::NeedMore,
            Look::Found((run, team)) => Reading::Run(run, team.or(end.then_some(Team::Unknown))),
            Look::NotThere => Reading::NotNamed,
        }
    }

    /// The same once the run is known: `None` where the team may still come.
    pub fn team(&mut self, more: &[u8], end: bool) -> Option<Team> {
        let team = |prefix: &[u8]| match read_prefix(prefix) {
            Look::Found((_, Some(team))) => Look::Found(team),
            Look::Found(_) | Look::NeedMore => Look::NeedMore,
            Look::NotThere => Look::NotThere,
        };
        match self.0.read(more, end, team) {
            Look::NeedMore => None,
            Look::Found(team) => Some(team),
            Look::NotThere => Some(Team::Unknown),
        }
    }
}

/// What the first bytes of an answer say.
fn read_prefix(prefix: &[u8]) -> Look<(Run, Option<Team>)> {
    let mut names = Names::default();
    let mut json = serde_json::Deserializer::from_slice(prefix);
    let stopped = json.deserialize_map(Answer(&mut names));
    let more = matches!(&stopped, Err(error) if error.classify() == Category::Eof);
    match names {
        Names {
            dag: Some(dag_id),
            run: Some(run_id),
            team,
        } if id::is_id(&dag_id) && id::is_run_id(&run_id) => {
            let team = team.or((!more).then_some(Team::Unknown));
            Look::Found((Run { dag_id, run_id }, team))
        }
        Names {
            dag: Some(_),
            run: Some(_),
            ..
        } => Look::NotThere,
        _ if more => Look::NeedMore,
        _ => Look::NotThere,
    }
}

/// The names that the reader looks for.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    DagRun,
    DagId,
    RunId,
    #[serde(rename = "team_name")]
    Team,
    #[serde(other)]
    Other,
}

/// What was found of them.
#[derive(Default)]
struct Names {
    dag: Option<String>,
    run: Option<String>,
    /// Only where `dag_run` has ended, as a name could stand in it twice.
    team: Option<Team>,
}

/// The whole answer. Stops reading with an error where there is nothing more to find.
struct Answer<'n>(&'n mut Names);

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
struct DagRun<'n>(&'n mut Names);

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
        let Names { dag, run, team } = self.0;
        let mut named: Option<Option<String>> = None;
        while let Some(name) = members.next_key::<Name>()? {
            // The run is known at its second name, whatever follows.
            let known = dag.is_some() && run.is_some();
            let twice = match name {
                Name::DagId if !known => dag.is_some(),
                Name::RunId if !known => run.is_some(),
                Name::Team => named.is_some(),
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if twice {
                return Err(A::Error::custom("a name stands twice"));
            }
            match name {
                Name::DagId => *dag = Some(members.next_value()?),
                Name::RunId => *run = Some(members.next_value()?),
                _ => named = Some(members.next_value()?),
            }
        }
        *team = Some(Team::of(named.flatten()));
        Err(A::Error::custom("nothing more to find"))
    }
}

#[cfg(test)]
mod tests;
