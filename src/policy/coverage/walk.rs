//! Tries the conditions of one rule with one access.

use std::rc::Rc;

use crate::fact::Fact;
use crate::token::Verified;

use super::super::bind::split_token;
use super::super::compiled::{Compiled, Condition, Rule};
use super::super::effect::Effect;
use super::super::facts::Facts;
use super::super::likeness::Likeness;
use super::super::matching::{Bindings, matches, matches_like};
use super::{ConditionCoverage, RuleCoverage};

/// One access, as the rules of one effect see it.
pub(super) struct Walk<'w> {
    pub(super) compiled: &'w Compiled,
    pub(super) effect: Effect,
    pub(super) facts: &'w Facts<'w>,
}

impl Walk<'_> {
    /// Tries `rule`, under each binding.
    pub(super) fn rule(&self, rule: &Rule, tried: &mut RuleCoverage<'_>) {
        let RuleCoverage { from, to, .. } = tried;
        let entries = self.compiled.entries_of(rule.from);
        if entries.is_empty() {
            self.to(rule, &Bindings::default(), to);
        }
        for (entry, tried) in entries.iter().zip(from) {
            let conditions = self.compiled.conditions_of(*entry);
            self.from(conditions, tried, &Bindings::default(), &mut |bindings| {
                self.to(rule, bindings, to);
            });
        }
    }

    /// Tries the conditions of an entry of `from` under each binding. Calls `then` where all hold.
    fn from<'f>(
        &'f self,
        conditions: &[Condition],
        tried: &mut [ConditionCoverage<'_>],
        bindings: &Bindings<'f>,
        then: &mut dyn FnMut(&Bindings<'f>),
    ) {
        let (of_token, rest) = split_token(conditions);
        if !of_token.is_empty() {
            let Some((tried, others)) = tried.split_at_mut_checked(of_token.len()) else {
                return;
            };
            return self.tokens(of_token, tried, bindings, &mut |bindings| {
                self.from(rest, others, bindings, then);
            });
        }
        let (Some((first, rest)), Some((tried, others))) =
            (conditions.split_first(), tried.split_first_mut())
        else {
            return then(bindings);
        };
        let value = match self.facts.fact(first.field) {
            Fact::Known(value) if first.binds => value,
            _ => {
                if self.condition(first, tried, bindings) {
                    let opened = first.binds.then(|| bindings.opened());
                    self.from(rest, others, opened.as_ref().unwrap_or(bindings), then);
                }
                return;
            }
        };
        let mut held = false;
        let patterns = self.compiled.patterns_of(first).iter();
        for (pattern, alternative) in patterns.zip(&mut tried.alternatives) {
            if let Some(bound) = self.compiled.bind(first.field, *pattern, value, bindings) {
                alternative.matched = true;
                held = true;
                self.from(rest, others, &bound, then);
            }
        }
        tried.saw(held);
    }

    /// Tries the conditions on tokens with each token. Calls `then` under the bindings with which one token satisfies
    /// all of them.
    fn tokens<'f>(
        &'f self,
        conditions: &[Condition],
        tried: &mut [ConditionCoverage<'_>],
        bindings: &Bindings<'f>,
        then: &mut dyn FnMut(&Bindings<'f>),
    ) {
        let tokens = self.facts.tokens();
        let holds_without = |condition: &Condition| self.effect == Effect::Deny && condition.negated;
        if tokens.is_empty() {
            let mut all = conditions.iter().zip(&mut *tried);
            if all.all(|(condition, tried)| tried.saw(holds_without(condition))) {
                then(bindings);
            }
        }
        for token in tokens {
            self.token(conditions, tried, token, bindings, then);
        }
    }

    /// Tries the conditions on tokens with one token, under each binding.
    fn token<'f>(
        &'f self,
        conditions: &[Condition],
        tried: &mut [ConditionCoverage<'_>],
        token: &'f Rc<Verified>,
        bindings: &Bindings<'f>,
        then: &mut dyn FnMut(&Bindings<'f>),
    ) {
        let (Some((first, rest)), Some((tried, others))) =
            (conditions.split_first(), tried.split_first_mut())
        else {
            return then(bindings);
        };
        let values = self.compiled.values_of(first, token);
        self.alternatives_of(first, tried, &values, bindings);
        let bound: Vec<Bindings<'f>> = match first.binds {
            true => self
                .compiled
                .bound_by(first, self.effect, token, &values, bindings)
                .collect(),
            false => {
                let holds = self
                    .compiled
                    .holds_of(first, self.effect, token, &values, bindings);
                holds.then_some(*bindings).into_iter().collect()
            }
        };
        tried.saw(!bound.is_empty());
        for bindings in &bound {
            self.token(rest, others, token, bindings, then);
        }
    }

    /// Tries the entries of `to` under one binding.
    fn to(&self, rule: &Rule, bindings: &Bindings<'_>, tried: &mut [Vec<ConditionCoverage<'_>>]) {
        for (entry, tried) in self.compiled.entries_of(rule.to).iter().zip(tried) {
            let mut conditions = self.compiled.conditions_of(*entry).iter().zip(tried);
            let _ = conditions.all(|(condition, tried)| self.condition(condition, tried, bindings));
        }
    }

    /// Tries one condition on the request.
    fn condition(
        &self,
        condition: &Condition,
        tried: &mut ConditionCoverage<'_>,
        bindings: &Bindings<'_>,
    ) -> bool {
        if let Fact::Known(value) = self.facts.fact(condition.field) {
            let likeness = Likeness::of(condition.field, condition.negated, self.effect);
            let patterns = self.compiled.patterns_of(condition).iter();
            for (pattern, alternative) in patterns.zip(&mut tried.alternatives) {
                alternative.matched |=
                    matches_like(likeness, &self.compiled.arena, *pattern, value, bindings);
            }
        }
        tried.saw(
            self.compiled
                .condition_holds(condition, self.effect, self.facts, bindings),
        )
    }

    fn alternatives_of(
        &self,
        condition: &Condition,
        tried: &mut ConditionCoverage<'_>,
        values: &[&str],
        bindings: &Bindings<'_>,
    ) {
        let patterns = self.compiled.patterns_of(condition).iter();
        for (pattern, alternative) in patterns.zip(&mut tried.alternatives) {
            let mut values = values.iter();
            alternative.matched |= values.any(|value| match condition.binds {
                true => self
                    .compiled
                    .bind(condition.field, *pattern, value, bindings)
                    .is_some(),
                false => matches(&self.compiled.arena, *pattern, value, bindings),
            });
        }
    }
}

impl ConditionCoverage<'_> {
    /// Records a result, and returns it.
    fn saw(&mut self, held: bool) -> bool {
        self.held |= held;
        self.failed |= !held;
        held
    }
}
