//! The variables of a rule: conditions on the caller bind them, and all conditions use them.

use super::super::error::ErrorKind;
use super::super::field::{Binding, Field};
use super::super::matching::MAX_VARIABLES;
use super::super::pattern::Written;
use super::super::vocabulary::literal_matches;
use super::entry::{Entry, ReadCondition};
use super::order::binders;
use super::reader::{At, Reader};
use crate::caller::Proof;

/// The names of a rule's variables. A variable's number is its position in the list.
#[derive(Default)]
pub(super) struct Variables<'r>(Vec<&'r str>);

impl<'r> Variables<'r> {
    /// Collects the variables of a rule. Reports variables that could bind in two ways, that a mere claim would
    /// bind, that no condition binds, or that no condition uses.
    pub(super) fn check(reader: &mut Reader, at: At<'_>, from: &'r [Entry<'_>], to: &'r [Entry<'_>]) -> Self {
        let mut names = Vec::new();
        for entry in from {
            check_binding(reader, at, entry);
            check_proof(reader, at, entry);
            for condition in binding(entry) {
                for name in condition.names() {
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
            check_uses(reader, at, entry, &bound, &names, "this entry");
            check_uses_of_tokens(reader, at, entry, &bound);
            check_unused(reader, at, entry, to);
        }
        let mut bound_by_all = names.clone();
        for entry in from {
            let bound = bound_by(entry);
            bound_by_all.retain(|name| bound.contains(name));
        }
        for entry in to {
            check_uses(reader, at, entry, &bound_by_all, &names, "every entry of `from`");
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

/// The conditions that can bind variables.
fn binding<'e, 'd>(entry: &'e Entry<'d>) -> impl Iterator<Item = &'e ReadCondition<'d>> {
    let conditions = entry.conditions.iter();
    conditions.filter(|condition| condition.binding() != Binding::Nothing)
}

/// The names that are bound whenever the entry matches: those that every alternative of some condition binds.
fn bound_by<'e>(entry: &'e Entry<'_>) -> Vec<&'e str> {
    binding(entry).flat_map(ReadCondition::names_in_all).collect()
}

/// Reports patterns that could bind in two ways.
fn check_binding(reader: &mut Reader, at: At<'_>, entry: &Entry<'_>) {
    let mut bound: Vec<&str> = Vec::new();
    for field in binders() {
        let of_field = || binding(entry).filter(move |condition| condition.field == field);
        for condition in of_field() {
            for (number, text, written) in condition.patterns() {
                let (bad, allowed) = match field.binding() {
                    Binding::Identity => (written.check_binds(), BINDING),
                    _ => (written.check_binds_whole(&bound), BINDING_WHOLE),
                };
                if let Err(bad) = bad {
                    let place = Place {
                        entry,
                        condition,
                        number,
                    };
                    let found = format!("`{text}` {bad}");
                    complain(reader, at, &place, ErrorKind::InvalidValue, found, allowed);
                }
            }
        }
        bound.extend(of_field().flat_map(ReadCondition::names_in_all));
    }
}

const BINDING: &str = "one variable in a path segment, with literal text or a slash around it";

const BINDING_WHOLE: &str = "no `*`, and one variable beside those that `principals`, `namespaces`, \
    `serviceAccounts` or a condition before this one bind in each alternative";

/// Reports an entry that binds variables by what the caller acts for and does not say how well that must be known.
fn check_proof(reader: &mut Reader, at: At<'_>, entry: &Entry<'_>) {
    // A claim does not choose a team: the account does, or Airflow's answer.
    let by_acting = |condition: &&ReadCondition<'_>| {
        condition.binds && condition.binding() == Binding::Acting && condition.field != Field::ActingTeams
    };
    let Some(condition) = entry.conditions.iter().find(by_acting) else {
        return;
    };
    if excludes_claims(entry) {
        return;
    }
    let mut patterns = condition.patterns();
    let Some((number, text, _)) = patterns.find(|(_, _, written)| written.is_template()) else {
        return;
    };
    let place = Place {
        entry,
        condition,
        number,
    };
    let found = format!(
        "`{text}` binds a variable by what the caller acts for, and the application itself can claim that"
    );
    complain(reader, at, &place, ErrorKind::Conflict, found, PROOF);
}

const PROOF: &str = "a better proof than `claimed` in the same entry: `proof: [pod, airflow]`";

/// Whether the entry matches no caller that only claims its task.
fn excludes_claims(entry: &Entry<'_>) -> bool {
    let claimed = Proof::Claimed.as_str();
    let may_match = |written: &Written<'_>| written.is_template() || literal_matches(written, claimed);
    let matches = |written: &Written<'_>| !written.is_template() && literal_matches(written, claimed);
    let mut of_proof = entry
        .conditions
        .iter()
        .filter(|condition| condition.field == Field::Proof);
    of_proof.any(|condition| {
        let mut patterns = condition.patterns().map(|(_, _, written)| written);
        match condition.negated {
            true => patterns.any(|written| matches(&written)),
            false => !patterns.any(|written| may_match(&written)),
        }
    })
}

/// Reports uses of variables that are not in `bound`. `names` are those that are bound somewhere in the rule.
fn check_uses(reader: &mut Reader, at: At<'_>, entry: &Entry<'_>, bound: &[&str], names: &[&str], by: &str) {
    for condition in &entry.conditions {
        for (number, text, written) in condition.patterns() {
            if condition.binding() != Binding::Nothing {
                continue;
            }
            for name in written.variables().filter(|name| !bound.contains(name)) {
                let trouble = match names.contains(&name) {
                    true => "is not always bound",
                    false => "nothing binds",
                };
                let found = format!("`{text}` uses `{{{name}}}`, which {trouble}");
                let words: Vec<String> = binders().map(|field| format!("`{}`", field.word())).collect();
                let allowed = format!(
                    "a variable that {by} binds in each alternative, by one of {}",
                    words.join(", ")
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

/// Reports conditions on tokens that use a variable which is bound only after the tokens are read.
fn check_uses_of_tokens(reader: &mut Reader, at: At<'_>, entry: &Entry<'_>, bound: &[&str]) {
    let of_token = |condition: &&ReadCondition<'_>| condition.field.is_of_token();
    let mut conditions = entry.conditions.iter().filter(of_token);
    if !conditions.any(|condition| condition.binds) {
        return;
    }
    let before: Vec<&str> = binding(entry)
        .filter(|condition| condition.binding() != Binding::Acting)
        .flat_map(ReadCondition::names_in_all)
        .collect();
    let is_late = |name: &&str| bound.contains(name) && !before.contains(name);
    for condition in entry.conditions.iter().filter(of_token) {
        if !condition.negated {
            continue;
        }
        for (number, text, written) in condition.patterns() {
            for name in written.variables().filter(is_late) {
                let found = format!("`{text}` uses `{{{name}}}`, which is bound later");
                let place = Place {
                    entry,
                    condition,
                    number,
                };
                complain(reader, at, &place, ErrorKind::Conflict, found, BEFORE);
            }
        }
    }
}

const BEFORE: &str = "a variable that an identity or a token binds in each alternative: where a token binds \
    variables, its conditions are read before what the caller acts for";

fn check_unused(reader: &mut Reader, at: At<'_>, entry: &Entry<'_>, to: &[Entry<'_>]) {
    let mentions = |name: &str| {
        let here = entry
            .conditions
            .iter()
            .filter(|condition| condition.names().contains(&name))
            .count();
        let there = to
            .iter()
            .flat_map(|entry| &entry.conditions)
            .filter(|other| other.names().contains(&name))
            .count();
        here + there
    };
    for condition in binding(entry) {
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

#[cfg(test)]
mod tests;
