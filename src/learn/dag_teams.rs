//! Airflow's teams of DAGs, bounded, in the store that all VMs of the proxy share.
//!
//! A request may be about another DAG than the one that the caller acts for. Only the answer to a `run` of
//! that other DAG names its team. So the proxy remembers the team of each DAG whose task has started, as the
//! last answer named it. It forgets no team by age: a DAG may run once a month. A DAG that has moved to
//! another team counts as one of the old team until its next task starts.
//!
//! The store deletes nothing, so the DAGs stand on a fixed number of shelves, as [`Tasks`](super::Tasks) do.
//! Every name is that of a DAG in Airflow. But an author can make Airflow run many DAGs, so each principal has
//! a few places on each shelf, and its new DAGs push out only its own, the least recently started first.
//!
//! A line of a shelf holds the DAG, the server that answered, the principal's number, and the team as JSON.
//! An id contains no blanks and no line breaks.

use super::shelf::with_first;
use super::tasks::TRIES;
use super::{Answerer, Key, principals};
use crate::caller::Team;
use crate::store::Shared;

/// The number of shelves.
const SHELVES: u64 = 2_048;

/// The number of DAGs of one principal on a shelf. With 10,000 DAGs about five stand on each.
const PLACES: usize = 16;

/// The most DAGs of one principal whose teams a proxy remembers.
pub const MAX_DAGS_OF_A_PRINCIPAL: u64 = SHELVES * PLACES as u64;

/// The teams that the proxy knows.
#[derive(Debug)]
pub struct DagTeams<'s, S> {
    store: &'s mut S,
    key: Key,
}

/// One line of a shelf.
#[derive(Debug, Clone, Copy)]
struct Line<'l> {
    principal: usize,
    team: &'l str,
}

impl<'s, S: Shared> DagTeams<'s, S> {
    /// The teams in `store`.
    pub fn new(store: &'s mut S, key: Key) -> Self {
        Self { store, key }
    }

    /// The team of `dag`, according to `answerer`.
    pub fn get(&mut self, answerer: Answerer<'_>, dag: &str) -> Team {
        let name = self.key.name(answerer, dag);
        let shelf = self.store.read(&self.shelf(dag));
        let known = shelf.as_ref().and_then(|(shelf, _)| {
            let shelf = std::str::from_utf8(shelf).ok()?;
            let line = shelf.lines().find_map(|line| Line::of(line, &name))?;
            serde_json::from_str(line.team).ok()
        });
        known.unwrap_or_default()
    }

    /// Records the team of `dag`, as `answerer` has named it to `principal`. A team that the answer did not
    /// name replaces none: a caller can choose an older version of the API, whose answers name no team.
    pub fn learn(&mut self, answerer: Answerer<'_>, dag: &str, principal: &str, team: &Team) {
        let Some(team) = serde_json::to_string(team).ok().filter(|_| !team.is_unknown()) else {
            return;
        };
        let number = principals::number(self.store, principal);
        let (key, name) = (self.shelf(dag), self.key.name(answerer, dag));
        for _ in 0..TRIES {
            let before = self.store.read(&key);
            let shelf = before
                .as_ref()
                .and_then(|(shelf, _)| std::str::from_utf8(shelf).ok())
                .unwrap_or_default();
            let known = shelf.lines().find_map(|line| Line::of(line, &name));
            // A thief of a token can start a task of another's DAG once, and must not move the DAG among
            // those that its own DAGs push out.
            let number = known.map_or(number, |known| known.principal);
            let first = format!("{name}{number} {team}");
            if shelf.lines().next() == Some(&first) {
                return;
            }
            let principal_of = |line: &str| Line::read(line).map(|line| line.principal);
            let after = with_first(shelf, &name, first, (number, PLACES), principal_of);
            let written = match &before {
                Some((_, version)) => self.store.replace(&key, after.as_bytes(), *version),
                None => self.store.create(&key, after.as_bytes()),
            };
            if written {
                return;
            }
        }
    }

    /// The store's key of the shelf for `dag`.
    fn shelf(&self, dag: &str) -> String {
        let number = self.key.hash(&[dag.as_bytes()]) % SHELVES;
        format!("dagward.teams.{number}")
    }
}

impl<'l> Line<'l> {
    fn read(text: &'l str) -> Option<Self> {
        let mut fields = text.splitn(4, ' ').skip(2);
        Some(Self {
            principal: fields.next()?.parse().ok()?,
            team: fields.next()?,
        })
    }

    /// The line, if it is that of `name`.
    fn of(text: &'l str, name: &str) -> Option<Self> {
        text.starts_with(name).then(|| Self::read(text)).flatten()
    }
}

#[cfg(test)]
mod tests;
