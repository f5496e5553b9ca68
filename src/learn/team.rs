//! Airflow's team of a run, from the answer to `run`.
//!
//! `team_name` is the last field of `dag_run` (`DagRun` in `execution_api/datamodels/taskinstance.py`, since 3.3), behind
//! `conf` and `consumed_asset_events`, which have no limit. So the answer is not held for it: the reader looks on as the
//! rest of the answer passes, and gives up behind the first 64 KiB.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use super::prefix::{Look, Prefix};
use crate::caller::id;

/// Airflow's team of a DAG run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Team {
    /// No answer has told it so that it can be read.
    #[default]
    #[serde(rename = "u")]
    Unknown,
    /// Airflow says that the run has none, as it does without `[core] multi_team`.
    #[serde(rename = "a")]
    Absent,
    /// This one: at most 250 characters of a name, as Airflow's ids have. Airflow's own teams have 50.
    #[serde(rename = "k")]
    Named(String),
}

/// Reads the team from one answer, chunk by chunk.
#[derive(Debug, Default)]
pub struct TeamReader(Prefix);

impl Team {
    /// Whether it is not known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    /// The team's name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Unknown | Self::Absent => None,
        }
    }
}

impl TeamReader {
    /// Takes the bytes that follow those of the calls before; `end` says that no more will come. `None` where the team may
    /// still come, and then there is more to read.
    pub fn read(&mut self, more: &[u8], end: bool) -> Option<Team> {
        match self.0.read(more, end, read_prefix) {
            Look::NeedMore => None,
            Look::Found(team) => Some(team),
            Look::NotThere => Some(Team::Unknown),
        }
    }
}

/// What the first bytes of an answer say. All of `dag_run` counts, as a name could stand in it twice.
fn read_prefix(prefix: &[u8]) -> Look<Team> {
    let mut team = None;
    let mut json = serde_json::Deserializer::from_slice(prefix);
    let stopped = json.deserialize_map(Answer(&mut team));
    match (team, stopped) {
        (Some(team), _) => Look::Found(team),
        (None, Err(error)) if error.classify() == Category::Eof => Look::NeedMore,
        _ => Look::NotThere,
    }
}

/// The names that the reader looks for.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    DagRun,
    #[serde(rename = "team_name")]
    Team,
    #[serde(other)]
    Other,
}

/// The whole answer. Stops reading with an error where the team is known.
struct Answer<'t>(&'t mut Option<Team>);

impl<'de> Visitor<'de> for Answer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<Name>()? {
            if name == Name::DagRun {
                *self.0 = Some(members.next_value_seed(DagRun)?);
                return Err(A::Error::custom("the team is known"));
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// The member `dag_run`.
struct DagRun;

impl<'de> DeserializeSeed<'de> for DagRun {
    type Value = Team;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Team, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DagRun {
    type Value = Team;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Team, A::Error> {
        let mut team = None;
        while let Some(name) = members.next_key::<Name>()? {
            if name != Name::Team {
                members.next_value::<IgnoredAny>()?;
            } else if team.is_some() {
                return Err(A::Error::custom("a name stands twice"));
            } else {
                team = Some(members.next_value::<Option<String>>()?);
            }
        }
        match team.flatten() {
            None => Ok(Team::Absent),
            Some(name) if id::is_id(&name) => Ok(Team::Named(name)),
            Some(_) => Err(A::Error::custom("no name of a team")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::learn::prefix::MAX_PREFIX_BYTES;

    fn read(answer: &str) -> Option<Team> {
        TeamReader::default().read(answer.as_bytes(), false)
    }

    fn named(name: &str) -> Option<Team> {
        Some(Team::Named(name.to_owned()))
    }

    fn answer(conf: &str, team: &str) -> String {
        format!(
            r#"{{"dag_run":{{"dag_id":"a","run_id":"r","conf":{conf},"consumed_asset_events":[],"note":null,"team_name":{team}}},"max_tries":0}}"#
        )
    }

    #[test]
    fn the_team_is_read_behind_all_else_of_the_run() {
        for (text, expected) in [
            (answer("{}", r#""sales""#), named("sales")),
            (
                answer(
                    r#"{"team_name":"ml","dag_run":{"team_name":"ml"}}"#,
                    r#""s\u0061les""#,
                ),
                named("sales"),
            ),
            (answer("null", "null"), Some(Team::Absent)),
            (
                r#"{"dag_run":{"dag_id":"a","run_id":"r"}"#.to_owned(),
                Some(Team::Absent),
            ),
            (
                r#"{"team_name":"ml","dag_run":{"team_name":"sales"}"#.to_owned(),
                named("sales"),
            ),
            (r#"{"dag_run":{"team_name":"sales""#.to_owned(), None),
        ] {
            assert_eq!(read(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_team_that_cannot_be_read_is_unknown() {
        let long = format!(r#""{}""#, "x".repeat(251));
        for team in [
            r#""""#,
            r#""a b""#,
            r#""a/b""#,
            r#""a\n""#,
            "7",
            "true",
            r#"["sales"]"#,
            r#""sales","team_name":"ml""#,
            r#""sales","team_name":null"#,
            r#"null,"t\u0065am_name":"ml""#,
            &long,
        ] {
            assert_eq!(read(&answer("{}", team)), Some(Team::Unknown), "{team}");
        }
        for text in [
            "null",
            "[]",
            "{}",
            r#"{"dag_run":null}"#,
            r#"{"dag_run":{"a":nulx"#,
            "\u{1f}\u{8b}",
        ] {
            assert_eq!(read(text), Some(Team::Unknown), "{text}");
        }
        assert_eq!(
            TeamReader::default().read(br#"{"dag_run":{"team_name":"sales""#, true),
            Some(Team::Unknown)
        );
    }

    #[test]
    fn it_is_not_looked_for_behind_the_longest_prefix() {
        let conf = |bytes: usize| answer(&format!(r#""{}""#, "x".repeat(bytes)), r#""sales""#);
        let room = MAX_PREFIX_BYTES - conf(0).len();
        assert_eq!(read(&conf(room)), named("sales"));
        assert_eq!(read(&conf(2 * MAX_PREFIX_BYTES)), Some(Team::Unknown));
    }

    proptest! {
        #[test]
        fn chunks_change_nothing(
            team in prop_oneof![r#""[a-z_]{1,9}""#, Just("null".to_owned()), Just("7".to_owned())],
            conf in prop_oneof![Just("{}"), Just(r#"{"a":[-1.5e3,"\u0041"]}"#)],
            cuts in proptest::collection::vec(0..200_usize, 0..12),
        ) {
            let text = answer(conf, &team);
            let whole = TeamReader::default().read(text.as_bytes(), true);
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            cuts.sort_unstable();
            cuts.push(text.len());
            let (mut reader, mut start, mut found) = (TeamReader::default(), 0, None);
            for cut in cuts {
                found = reader.read(&text.as_bytes()[start..cut], cut == text.len());
                start = cut;
                if found.is_some() {
                    break;
                }
            }
            prop_assert_eq!(found, whole);
        }
    }
}
