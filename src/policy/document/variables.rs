//! The variables of a rule: conditions on identity bind them, and all other conditions use them.

use super::super::error::ErrorKind;
use super::super::matching::MAX_VARIABLES;
use super::entry::{Entry, ReadCondition};
use super::reader::{At, Reader};

/// The names of a rule's variables. A variable's number is its position in the list.
#[derive(Default)]
pub(super) struct Variables<'r>(Vec<&'r str>);

impl<'r> Variables<'r> {
    /// Collects the variables of a rule. Reports variables that could bind in two ways, that no condition
    /// binds, or that no condition uses.
    pub(super) fn check(reader: &mut Reader, at: At<'_>, from: &'r [Entry<'_>], to: &'r [Entry<'_>]) -> Self {
        let mut names = Vec::new();
        for entry in from {
            for condition in entry.conditions.iter().filter(|condition| condition.binds()) {
                check_binding(reader, at, entry, condition);
                for name in names_in(condition) {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        if names.len() > MAX_VARIABLES {
            let found = format!("{} variables in one rule", names.len());
            reader.error(at, found, Some(format!("at most {MAX_VARIABLES}")));
        }
        for entry in from {
            let bound = bound_by(entry);
            check_uses(reader, at, entry, &bound, "this entry");
            check_unused(reader, at, entry, to);
        }
        let mut bound_by_all = names.clone();
        for entry in from {
            let bound = bound_by(entry);
            bound_by_all.retain(|name| bound.contains(name));
        }
        for entry in to {
            check_uses(reader, at, entry, &bound_by_all, "every entry of `from`");
        }
        Self(names)
    }

    /// The number of a variable.
    pub(super) fn number(&self, name: &str) -> u8 {
        let position = self.0.iter().position(|known| *known == name);
        position
            .and_then(|position| u8::try_from(position).ok())
            .unwrap_or(u8::MAX)
    }

    /// The names, in the order of their numbers.
    pub(super) fn names(&self) -> impl Iterator<Item = &'r str> + '_ {
        self.0.iter().copied()
    }
}

/// The names in a condition, without repeats.
fn names_in<'c>(condition: &'c ReadCondition<'_>) -> Vec<&'c str> {
    let mut names: Vec<&str> = condition
        .patterns()
        .flat_map(|(_, _, written)| written.variables().collect::<Vec<_>>())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The names that are bound whenever the entry's identity matches: those that every alternative of some
/// condition binds.
fn bound_by<'e>(entry: &'e Entry<'_>) -> Vec<&'e str> {
    let mut bound = Vec::new();
    for condition in entry.conditions.iter().filter(|condition| condition.binds()) {
        let in_all = |name: &&str| {
            condition
                .patterns()
                .all(|(_, _, written)| written.variables().any(|other| other == *name))
        };
        bound.extend(names_in(condition).into_iter().filter(in_all));
    }
    bound
}

fn check_binding(reader: &mut Reader, at: At<'_>, entry: &Entry<'_>, condition: &ReadCondition<'_>) {
    for (number, text, written) in condition.patterns() {
        if let Err(bad) = written.check_binds() {
            let place = Place {
                entry,
                condition,
                number,
            };
            let found = format!("`{text}` {bad}");
            complain(reader, at, &place, ErrorKind::InvalidValue, found, BINDING);
        }
    }
}

const BINDING: &str = "one variable in a path segment, with literal text or a slash around it";

fn check_uses(reader: &mut Reader, at: At<'_>, entry: &Entry<'_>, bound: &[&str], by: &str) {
    for condition in &entry.conditions {
        for (number, text, written) in condition.patterns() {
            if condition.binds() {
                continue;
            }
            for name in written.variables().filter(|name| !bound.contains(name)) {
                let found = format!("`{text}` uses `{{{name}}}`, which nothing binds");
                let allowed = format!(
                    "a variable that `principals`, `namespaces`, `serviceAccounts` or `teams` of {by} bind in each alternative"
                );
                let place = Place {
                    entry,
                    condition,
                    number,
                };
                complain(reader, at, &place, ErrorKind::Conflict, found, &allowed);
            }
        }
    }
}

fn check_unused(reader: &mut Reader, at: At<'_>, entry: &Entry<'_>, to: &[Entry<'_>]) {
    let mentions = |name: &str| {
        let here = entry
            .conditions
            .iter()
            .filter(|condition| names_in(condition).contains(&name))
            .count();
        let there = to
            .iter()
            .flat_map(|entry| &entry.conditions)
            .filter(|other| names_in(other).contains(&name))
            .count();
        here + there
    };
    for condition in entry.conditions.iter().filter(|condition| condition.binds()) {
        for (number, text, written) in condition.patterns() {
            for name in written.variables() {
                let twice = written.variables().filter(|other| *other == name).count() > 1;
                if mentions(name) < 2 && !twice {
                    let found = format!("`{text}` binds `{{{name}}}`, which nothing uses");
                    let allowed = "a variable that another condition uses, or `*` at the end";
                    let place = Place {
                        entry,
                        condition,
                        number,
                    };
                    complain(reader, at, &place, ErrorKind::Conflict, found, allowed);
                }
            }
        }
    }
}

/// The position of a condition's pattern.
struct Place<'p> {
    entry: &'p Entry<'p>,
    condition: &'p ReadCondition<'p>,
    number: usize,
}

fn complain(
    reader: &mut Reader,
    at: At<'_>,
    place: &Place<'_>,
    kind: ErrorKind,
    found: String,
    allowed: &str,
) {
    let at = at.key(place.entry.side.word());
    let at = at.index(place.entry.number);
    let at = at.key(place.condition.word());
    let at = place.condition.at(&at);
    reader.push(
        kind,
        at.index(place.number),
        found,
        Some(allowed.to_owned()),
        None,
    );
}
