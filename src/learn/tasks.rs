//! The known task instances by UUID, bounded, in the store that all VMs of the proxy share.
//!
//! The store holds only single values and deletes nothing, so its keys are a fixed number of shelves. A
//! task's shelf follows from its UUID and a key that is the proxy's own, so a caller cannot aim at a shelf.
//! Each principal has a few places on each shelf. New tasks of a principal push out only tasks of the same
//! principal, the least recently used first.
//!
//! A line of a shelf holds the UUID, the server that answered, the principal's number, the time of the last
//! use, and the facts as JSON, which has no line breaks.

use std::time::Duration;

use siphasher::sip::SipHasher13;

use super::shelf::with_first;
use super::{Learned, principals};
use crate::caller::TaskInstanceId;
use crate::store::Shared;
use crate::verdict::Direction;

/// The number of shelves.
const SHELVES: u64 = 4_096;

/// The number of tasks of one principal on a shelf.
const PLACES: usize = 4;

/// The most tasks of one principal that a proxy remembers.
pub const MAX_TASKS_OF_A_PRINCIPAL: u64 = SHELVES * PLACES as u64;

/// The time after which an unused task is forgotten. Airflow's tokens are valid for minutes.
const MAX_AGE: Hours = Hours(24);

/// The number of attempts to write when other VMs interfere.
pub(super) const TRIES: usize = 16;

/// The store's key of the number of tasks.
const COUNT: &str = "dagward.tasks";

/// The store's key of the shelves' key.
const KEY: &str = "dagward.tasks.key";

/// The key that spreads tasks over the shelves. It is the same in all VMs of the proxy.
#[derive(Debug, Clone, Copy)]
pub struct Key([u8; 16]);

impl Key {
    /// The beginning of the line of `id`, as `answerer` has named it.
    pub(super) fn name(&self, answerer: Answerer<'_>, id: &str) -> String {
        let direction = answerer.direction.as_str().as_bytes();
        let answerer = self.hash(&[direction, answerer.port.as_bytes()]);
        format!("{id} {answerer:x} ")
    }

    /// The proxy's key. If the proxy has none yet, `random` becomes the key.
    pub fn of_proxy(store: &mut impl Shared, random: [u8; 16]) -> Self {
        store.create(KEY, &random);
        let kept = store.read(KEY).and_then(|(key, _)| key.try_into().ok());
        Self(kept.unwrap_or(random))
    }

    pub(super) fn hash(&self, parts: &[&[u8]]) -> u64 {
        use std::hash::Hasher;
        let mut hasher = SipHasher13::new_with_key(&self.0);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        hasher.finish()
    }
}

/// The server whose answers teach. On an inbound listener they count only for requests to the same port,
/// because a task can run a server beside an api-server.
#[derive(Debug, Clone, Copy)]
pub struct Answerer<'a> {
    /// The listener through which the request passes.
    pub direction: Direction,
    /// The port of the pod that receives the request; empty for an outgoing request.
    pub port: &'a str,
}

/// The tasks that the proxy knows.
#[derive(Debug)]
pub struct Tasks<'s, S> {
    store: &'s mut S,
    key: Key,
    now: Hours,
}

/// A time since the proxy's start, to the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hours(u64);

/// One line of a shelf.
#[derive(Debug, Clone, Copy)]
struct Line<'l> {
    /// The whole line.
    text: &'l str,
    principal: usize,
    used: Hours,
    facts: &'l str,
}

impl<'s, S: Shared> Tasks<'s, S> {
    /// The tasks in `store`. `uptime` is the time since a moment that is the same for all VMs.
    pub fn new(store: &'s mut S, key: Key, uptime: Duration) -> Self {
        let now = Hours(uptime.as_secs() / 3_600);
        Self { store, key, now }
    }

    /// The facts about the task instance `id`, for a request of `principal`. They stay as long as the
    /// principal that taught them uses them. Requests of other principals do not refresh them: their tokens
    /// may be stolen or forged.
    pub fn get(
        &mut self,
        answerer: Answerer<'_>,
        id: TaskInstanceId<&str>,
        principal: &str,
    ) -> Option<Learned> {
        let (key, id) = (self.shelf(id.text()), self.name(answerer, id.text()));
        let (shelf, version) = self.store.read(&key)?;
        let shelf = std::str::from_utf8(&shelf).ok()?;
        let line = shelf.lines().find_map(|line| Line::of(line, &id))?;
        let learned = serde_json::from_str(line.facts).ok()?;
        let before = shelf.lines().take_while(|other| *other != line.text);
        let place = before
            .filter_map(Line::read)
            .filter(|other| other.principal == line.principal);
        let is_due = place.count() >= PLACES / 2 || line.used < self.now;
        if is_due && principals::number_of(self.store, principal) == Some(line.principal) {
            let shelf = self.with(shelf, &id, line.principal, line.facts);
            // If another VM interferes, the line stays where it is.
            self.store.replace(&key, shelf.as_bytes(), version);
        }
        Some(learned)
    }

    /// Changes the facts about the task instance `id`, as requests of `principal` have taught them. Returns
    /// the number of known tasks if it has changed.
    pub fn change(
        &mut self,
        answerer: Answerer<'_>,
        id: TaskInstanceId<&str>,
        principal: &str,
        change: impl Fn(&mut Learned),
    ) -> Option<u64> {
        let number = principals::number(self.store, principal);
        let (key, id) = (self.shelf(id.text()), self.name(answerer, id.text()));
        for _ in 0..TRIES {
            let before = self.store.read(&key);
            let shelf = before
                .as_ref()
                .and_then(|(shelf, _)| std::str::from_utf8(shelf).ok())
                .unwrap_or_default();
            let known = shelf.lines().find_map(|line| Line::of(line, &id));
            let mut learned: Learned = known
                .and_then(|line| serde_json::from_str(line.facts).ok())
                .unwrap_or_default();
            change(&mut learned);
            // Until the task has an owner, it takes a place of the principal that first taught facts about
            // it.
            let owned = learned
                .owner
                .as_ref()
                .is_some_and(|owner| owner.principal == principal);
            let number = match known {
                Some(known) if !owned => known.principal,
                _ => number,
            };
            let facts = serde_json::to_string(&learned).ok()?;
            let after = self.with(shelf, &id, number, &facts);
            let written = match &before {
                Some((_, version)) => self.store.replace(&key, after.as_bytes(), *version),
                None => self.store.create(&key, after.as_bytes()),
            };
            if written {
                return self.count(after.lines().count(), shelf.lines().count());
            }
        }
        None
    }

    /// Updates the count for a shelf that had `before` lines and now has `after`.
    fn count(&mut self, after: usize, before: usize) -> Option<u64> {
        if after == before {
            return None;
        }
        for _ in 0..TRIES {
            let known = self.store.read(COUNT);
            let count = known
                .as_ref()
                .and_then(|(count, _)| std::str::from_utf8(count).ok()?.parse::<u64>().ok())
                .unwrap_or(0);
            let count = (count + after as u64).saturating_sub(before as u64);
            let text = count.to_string();
            let written = match &known {
                Some((_, version)) => self.store.replace(COUNT, text.as_bytes(), *version),
                None => self.store.create(COUNT, text.as_bytes()),
            };
            if written {
                return Some(count);
            }
        }
        None
    }

    /// The store's key of the shelf for `id`. All plugins of a proxy share one namespace.
    fn shelf(&self, id: &str) -> String {
        let number = self.key.hash(&[id.as_bytes()]) % SHELVES;
        format!("dagward.tasks.{number}")
    }

    /// The beginning of the line of `id`.
    fn name(&self, answerer: Answerer<'_>, id: &str) -> String {
        self.key.name(answerer, id)
    }

    /// The shelf with the line of `id` in front, without lines that are too old, and without those that
    /// exceed the principal's places.
    fn with(&self, shelf: &str, id: &str, principal: usize, facts: &str) -> String {
        let first = format!("{id}{principal} {} {facts}", self.now.0);
        with_first(shelf, id, first, (principal, PLACES), |line| {
            let line = Line::read(line).filter(|line| line.used.since(self.now) <= MAX_AGE)?;
            Some(line.principal)
        })
    }
}

impl Hours {
    fn since(self, now: Self) -> Self {
        Self(now.0.saturating_sub(self.0))
    }
}

impl<'l> Line<'l> {
    fn read(text: &'l str) -> Option<Self> {
        let mut fields = text.splitn(5, ' ').skip(2);
        Some(Self {
            text,
            principal: fields.next()?.parse().ok()?,
            used: Hours(fields.next()?.parse().ok()?),
            facts: fields.next()?,
        })
    }

    /// The line, if it is that of `id`.
    fn of(text: &'l str, id: &str) -> Option<Self> {
        text.starts_with(id).then(|| Self::read(text)).flatten()
    }
}

#[cfg(test)]
mod tests;
