//! Reads the run and its team from Airflow's answer to `run`, while the answer arrives.
//!
//! Airflow writes `dag_run` first, and in it `dag_id` and `run_id` first (the fields of `DagRun` in
//! `execution_api/datamodels/taskinstance.py`, in this order since 3.0). The run's `conf` and its
//! `consumed_asset_events` follow. Both have no limit, and other DAGs' tasks write the second. So the reader
//! returns the run at the second name and does not wait for the rest.
//!
//! `team_name` is the last field of `dag_run` (since 3.3). The proxy holds the answer for it only if the
//! policy looks at teams: otherwise the reader continues while the rest of the answer passes. It gives up
//! after the first 64 KiB.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;

use super::Run;
use super::prefix::{Look, Prefix};
use crate::caller::{Team, id};

/// The result of reading an answer to `run` so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// The names may still arrive.
    NeedMore,
    /// The answer names this run, and its team unless that may still arrive.
    Run(Run, Option<Team>),
    /// The answer names no run, or names it in a way that two parsers could read differently.
    NotNamed,
}

/// Reads one answer, chunk by chunk.
#[derive(Debug, Default)]
pub struct AnswerReader(Prefix);

impl AnswerReader {
    /// Takes the bytes that follow those of earlier calls; `end` means that no more will arrive. After
    /// [`Reading::Run`] there is at most a team left to read, and after [`Reading::NotNamed`] nothing.
    pub fn read(&mut self, more: &[u8], end: bool) -> Reading {
        match self.0.read(more, end, read_prefix) {
            Look::NeedMore => Reading::NeedMore,
            Look::Found((run, team)) => {
                let last = end || self.0.is_full();
                Reading::Run(run, team.or(last.then_some(Team::Unknown)))
            }
            Look::NotThere => Reading::NotNamed,
        }
    }

    /// Continues to read once the run is known. `None` if the team may still arrive.
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

/// Reads the first bytes of an answer.
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

/// The values that the reader has found.
#[derive(Default)]
struct Names {
    dag: Option<String>,
    run: Option<String>,
    /// Set only after the end of `dag_run`, because a name could be repeated before that.
    team: Option<Team>,
}

/// The whole answer. Stops reading with an error once there is nothing more to find.
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
            // The run is known at the second name, whatever follows.
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
        // A caller that asks in an older version of the API gets an answer without the name.
        *team = Some(named.map_or(Team::Unknown, Team::of));
        Err(A::Error::custom("nothing more to find"))
    }
}

#[cfg(test)]
mod tests;
