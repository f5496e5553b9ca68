//! Explains a refusal: the rules that came nearest to allowing the request, and where each failed first.

use std::rc::Rc;

use crate::caller::Proof;
use crate::fact::Fact;
use crate::operation::ENCODED_SLASH;
use crate::token::Verified;

use super::arena::Span;
use super::bind::split_token;
use super::compiled::{Compiled, Condition, Rule};
use super::effect::Effect;
use super::facts::Facts;
use super::field::Field;
use super::matching::{Bindings, MAX_VARIABLES};
use super::ruleset::Ruleset;
use super::side::Side;

/// The number of rules that are examined unless the caller asks for all of them.
const LOOKED_AT: usize = 64;

/// An ALLOW rule that did not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss<'r> {
    /// Its policy's name.
    pub policy: &'r str,
    /// Its number in its policy.
    pub rule: u32,
    /// How many conditions held before one failed.
    pub held: usize,
    /// The first condition that failed, with the value that failed it.
    pub failed: String,
}

impl Ruleset {
    /// The ALLOW rules that came nearest, the nearest first, at most `most` of them.
    ///
    /// With `all`, every rule is examined, in time proportional to the number of rules. Otherwise only the
    /// first of those that the index finds for the request are examined.
    pub fn misses<'r>(&'r self, facts: &Facts<'_>, most: usize, all: bool) -> Vec<Miss<'r>> {
        let numbers = if all {
            (0..u32::try_from(self.compiled.rules.len()).unwrap_or(u32::MAX)).collect()
        } else {
            let mut found = self.allow.candidates(&self.compiled.arena, Effect::Allow, facts);
            found.truncate(LOOKED_AT);
            found
        };
        let mut misses: Vec<Miss<'_>> = Vec::new();
        for number in numbers {
            let rule = self.compiled.rules.get(number as usize);
            let Some(miss) = rule.and_then(|rule| self.compiled.miss(rule, facts)) else {
                continue;
            };
            let place = misses.partition_point(|other| other.held >= miss.held);
            misses.insert(place, miss);
            misses.truncate(most);
        }
        misses
    }
}

impl Compiled {
    fn miss(&self, rule: &Rule, facts: &Facts<'_>) -> Option<Miss<'_>> {
        let policy = self.policy_of(rule)?;
        if policy.effect != Effect::Allow {
            return None;
        }
        let (held, failed) = self.nearest_entries(rule, facts)?;
        Some(Miss {
            policy: self.arena.text(policy.name),
            rule: rule.number,
            held,
            failed,
        })
    }

    /// How far the nearest pair of entries came, and where it failed.
    fn nearest_entries(&self, rule: &Rule, facts: &Facts<'_>) -> Option<(usize, String)> {
        let from = self.entries_of(rule.from);
        let any_caller = [Span::default()];
        let from = if from.is_empty() { &any_caller } else { from };
        from.iter()
            .filter_map(
                |entry| match self.walk(rule, *entry, Side::From, facts, Known::default()) {
                    Walk::Failed(held, failed) => Some((held, failed)),
                    Walk::Held(held, known) => self
                        .entries_of(rule.to)
                        .iter()
                        .filter_map(|entry| match self.walk(rule, *entry, Side::To, facts, known) {
                            Walk::Failed(more, failed) => Some((held + more, failed)),
                            Walk::Held(more, _) => {
                                self.unnamed(*entry, facts).map(|failed| (held + more, failed))
                            }
                        })
                        .max_by_key(|(held, _)| *held)
                        .or_else(|| self.unnamed(Span::default(), facts).map(|failed| (held, failed))),
                },
            )
            .max_by_key(|(held, _)| *held)
    }

    fn unnamed(&self, entry: Span, facts: &Facts<'_>) -> Option<String> {
        (facts.is_unclassified() && !self.names_the_unclassified(entry)).then(|| {
            let action = facts.fact(Field::Actions).known().copied().unwrap_or_default();
            format!(
                "to: no route is known for this request, and the rule names neither its surface nor its path nor the action \
                 `{action}`"
            )
        })
    }

    /// Checks the conditions of an entry in order, up to the first that fails. Takes the first binding.
    fn walk<'f>(
        &self,
        rule: &Rule,
        entry: Span,
        side: Side,
        facts: &Facts<'f>,
        mut known: Known<'f>,
    ) -> Walk<'f> {
        let mut left = self.conditions_of(entry);
        let mut held = 0;
        while let Some((condition, rest)) = left.split_first() {
            if condition.field.is_of_token() {
                let (of_token, rest) = split_token(left);
                let (more, bindings) = self.walk_tokens(of_token, facts, &known.bindings);
                known = known.with_token(bindings);
                held += more.unwrap_or(0);
                if let Some(condition) = of_token.get(more.unwrap_or(0)) {
                    let found = match more {
                        None => "no token",
                        Some(0) => "no token that satisfies it",
                        Some(_) => "no token that satisfies it as well",
                    };
                    return Walk::Failed(held, self.say(rule, side, condition, &known, found));
                }
                left = rest;
                continue;
            }
            let bindings = &known.bindings;
            let bound = match facts.fact(condition.field) {
                Fact::Known(value) if condition.binds => self
                    .patterns_of(condition)
                    .iter()
                    .find_map(|pattern| self.bind(condition.field, *pattern, value, bindings)),
                _ => self
                    .condition_holds(condition, Effect::Allow, facts, bindings)
                    .then(|| {
                        if condition.binds {
                            bindings.opened()
                        } else {
                            *bindings
                        }
                    }),
            };
            match bound {
                Some(bound) => known.bindings = bound,
                None => {
                    let found = found(condition, facts);
                    return Walk::Failed(held, self.say(rule, side, condition, &known, &found));
                }
            }
            held += 1;
            left = rest;
        }
        Walk::Held(held, known)
    }

    /// How many of these conditions the nearest token satisfies, and the bindings after them; `None` without
    /// tokens.
    fn walk_tokens<'f>(
        &self,
        conditions: &[Condition],
        facts: &Facts<'f>,
        bindings: &Bindings<'f>,
    ) -> (Option<usize>, Bindings<'f>) {
        let walk = |token: &'f Rc<Verified>| {
            let (mut held, mut bindings) = (0, *bindings);
            for condition in conditions {
                let values = self.values_of(condition, token);
                let bound = match condition.binds {
                    true => self
                        .bound_by(condition, Effect::Allow, token, &values, &bindings)
                        .next(),
                    false => self
                        .holds_of(condition, Effect::Allow, token, &values, &bindings)
                        .then_some(bindings),
                };
                let Some(bound) = bound else { break };
                bindings = bound;
                held += 1;
            }
            (held, bindings)
        };
        let nearest = facts.tokens().iter().map(walk).max_by_key(|(held, _)| *held);
        nearest.map_or((None, *bindings), |(held, bindings)| (Some(held), bindings))
    }

    /// Describes the expected and the actual value of a condition. Never shows a token's values.
    fn say(&self, rule: &Rule, side: Side, condition: &Condition, known: &Known<'_>, found: &str) -> String {
        let names = rule.variables.of(&self.names);
        let variable = |number: u8| {
            let name = names
                .get(usize::from(number))
                .map_or("?", |name| self.arena.text(*name));
            match known.shown(number) {
                Some(value) => format!("{{{name}={value}}}"),
                None => format!("{{{name}}}"),
            }
        };
        let patterns: Vec<String> = self
            .patterns_of(condition)
            .iter()
            .map(|pattern| format!("`{}`", self.arena.show(*pattern, variable)))
            .collect();
        let claim = self.claim_of(condition).map(|path| format!(".{path}"));
        format!(
            "{}.{}{}: wants {}, found {found}",
            side.word(),
            condition.word(),
            claim.unwrap_or_default(),
            patterns.join(" or ")
        )
    }
}

fn found(condition: &Condition, facts: &Facts<'_>) -> String {
    match facts.fact(condition.field) {
        Fact::Known(value) if condition.field == Field::Actions && facts.is_unclassified() => {
            format!("`{value}`, a route that is not known")
        }
        // A slash inside a segment is shown as the request spells it.
        Fact::Known(value) => format!("`{}`", value.replace(ENCODED_SLASH, "%2F")),
        Fact::Unknown => unknown(condition.field, facts).to_owned(),
        Fact::Pending => "not known yet".to_owned(),
        Fact::Absent if condition.field == Field::Principals => "none: the caller is anonymous".to_owned(),
        Fact::Absent => "none".to_owned(),
    }
}

/// Says that a fact is not known and, of the acting task, why.
fn unknown(field: Field, facts: &Facts<'_>) -> &'static str {
    let proof = facts.fact(Field::Proof).known().copied().and_then(Proof::parse);
    match (field, proof) {
        (Field::ActingDags | Field::ActingRuns | Field::ActingTasks | Field::Proof, None) => {
            "not known: neither the caller's sidecar nor Airflow's answer to `run` says what the caller acts for"
        }
        (Field::ActingTasks, Some(Proof::Airflow)) => {
            "not known: Airflow's answer to `run` names no task, and the annotations of the caller's pod do not either"
        }
        (Field::ActingRuns | Field::ActingTasks, Some(Proof::Pod)) => {
            "not known: the caller's pod has no annotation for it"
        }
        (Field::ActingRuns | Field::ActingTasks, Some(Proof::Claimed)) => {
            "not known: the caller's headers do not name it"
        }
        _ => "not known",
    }
}

/// The texts of a rule's variables.
#[derive(Debug, Clone, Copy, Default)]
struct Known<'f> {
    bindings: Bindings<'f>,
    /// Whether a variable has its text from a token, by its number.
    of_token: [bool; MAX_VARIABLES],
}

impl<'f> Known<'f> {
    /// These texts, after conditions on tokens have bound more.
    fn with_token(mut self, bindings: Bindings<'f>) -> Self {
        for (number, of_token) in (0u8..).zip(&mut self.of_token) {
            *of_token |= self.bindings.value(number) != bindings.value(number);
        }
        self.bindings = bindings;
        self
    }

    /// The text of a variable, unless it is a token's.
    fn shown(&self, number: u8) -> Option<&'f str> {
        let of_token = self.of_token.get(usize::from(number)).copied().unwrap_or(true);
        self.bindings.value(number).filter(|_| !of_token)
    }
}

enum Walk<'f> {
    Held(usize, Known<'f>),
    Failed(usize, String),
}

#[cfg(test)]
mod tests;
