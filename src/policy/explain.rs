//! Explains a refusal: the rules that came nearest to allowing the request, and where each failed first.

use std::rc::Rc;

use crate::fact::Fact;
use crate::operation::ENCODED_SLASH;
use crate::token::Verified;

use super::arena::Span;
use super::compiled::{Compiled, Condition, Rule};
use super::effect::Effect;
use super::facts::Facts;
use super::field::Field;
use super::matching::{Bindings, bind};
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
                |entry| match self.walk(rule, *entry, Side::From, facts, Bindings::default()) {
                    Walk::Failed(held, failed) => Some((held, failed)),
                    Walk::Held(held, bindings) => self
                        .entries_of(rule.to)
                        .iter()
                        .filter_map(|entry| match self.walk(rule, *entry, Side::To, facts, bindings) {
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
        mut bindings: Bindings<'f>,
    ) -> Walk<'f> {
        let (conditions, of_token) = self.split_at_token(entry);
        for (held, condition) in conditions.iter().enumerate() {
            let bound = match facts.fact(condition.field) {
                Fact::Known(value) if condition.binds() => self
                    .patterns_of(condition)
                    .iter()
                    .find_map(|pattern| bind(&self.arena, *pattern, value, &bindings)),
                _ => self
                    .condition_holds(condition, Effect::Allow, facts, &bindings)
                    .then(|| self.left_open(condition, &bindings)),
            };
            match bound {
                Some(bound) => bindings = bound,
                None => {
                    let found = found(condition, facts);
                    return Walk::Failed(held, self.say(rule, side, condition, &bindings, &found));
                }
            }
        }
        let held_of = |token: &Rc<Verified>| {
            of_token
                .iter()
                .take_while(|condition| self.holds_of(condition, Effect::Allow, token, &bindings))
                .count()
        };
        let most = facts.tokens().iter().map(held_of).max();
        let held = conditions.len() + most.unwrap_or(0);
        match of_token.get(most.unwrap_or(0)) {
            Some(condition) => {
                let found = match most {
                    None => "no token",
                    Some(0) => "no token that satisfies it",
                    Some(_) => "no token that satisfies it as well",
                };
                Walk::Failed(held, self.say(rule, side, condition, &bindings, found))
            }
            None => Walk::Held(held, bindings),
        }
    }

    /// Describes the expected and the actual value of a condition. Never shows a token's values.
    fn say(
        &self,
        rule: &Rule,
        side: Side,
        condition: &Condition,
        bindings: &Bindings<'_>,
        found: &str,
    ) -> String {
        let names = rule.variables.of(&self.names);
        let variable = |number: u8| {
            let name = names
                .get(usize::from(number))
                .map_or("?", |name| self.arena.text(*name));
            match bindings.value(number) {
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
        Fact::Unknown => "not known".to_owned(),
        Fact::Pending => "not known yet".to_owned(),
        Fact::Absent if condition.field == Field::Principals => "none: the caller is anonymous".to_owned(),
        Fact::Absent => "none".to_owned(),
    }
}

enum Walk<'f> {
    Held(usize, Bindings<'f>),
    Failed(usize, String),
}

#[cfg(test)]
mod tests;
