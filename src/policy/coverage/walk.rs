//! Tries the conditions of one rule with one access.

use std::rc::Rc;

use crate::fact::Fact;
use crate::token::Verified;

use super::super::compiled::{Compiled, Condition, Rule};
use super::super::effect::Effect;
use super::super::facts::Facts;
use super::super::likeness::Likeness;
use super::super::matching::{Bindings, bind, matches, matches_like};
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
            let (conditions, of_token) = self.compiled.split_at_token(*entry);
            let Some((tried, tried_of_token)) = tried.split_at_mut_checked(conditions.len()) else {
                continue;
            };
            self.from(conditions, tried, &Bindings::default(), &mut |bindings| {
                if self.tokens(of_token, tried_of_token, bindings) {
                    self.to(rule, bindings, to);
                }
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
        let (Some((first, rest)), Some((tried, others))) =
            (conditions.split_first(), tried.split_first_mut())
        else {
            return then(bindings);
        };
        let value = match self.facts.fact(first.field) {
            Fact::Known(value) if first.binds() => value,
            _ => {
                if self.condition(first, tried, bindings) {
                    let bindings = self.compiled.left_open(first, bindings);
                    self.from(rest, others, &bindings, then);
                }
                return;
            }
        };
        let mut held = false;
        let patterns = self.compiled.patterns_of(first).iter();
        for (pattern, alternative) in patterns.zip(&mut tried.alternatives) {
            if let Some(bound) = bind(&self.compiled.arena, *pattern, value, bindings) {
                alternative.matched = true;
                held = true;
                self.from(rest, others, &bound, then);
            }
        }
        tried.saw(held);
    }

    /// Tries the conditions on tokens. Whether one token satisfies all of them.
    fn tokens(
        &self,
        conditions: &[Condition],
        tried: &mut [ConditionCoverage<'_>],
        bindings: &Bindings<'_>,
    ) -> bool {
        let mut left: Vec<&Rc<Verified>> = self.facts.tokens().iter().collect();
        let holds_without = self.facts.tokens().is_empty() && self.effect == Effect::Deny;
        conditions.iter().zip(tried).all(|(condition, tried)| {
            for token in &left {
                self.alternatives_of(condition, tried, token, bindings);
            }
            left.retain(|token| self.compiled.holds_of(condition, self.effect, token, bindings));
            tried.saw(!left.is_empty() || (holds_without && condition.negated))
        })
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
        token: &Verified,
        bindings: &Bindings<'_>,
    ) {
        let values = match self.compiled.claim_of(condition) {
            Some(path) => token.claims.values(path),
            None => vec![token.request_principal.as_str()],
        };
        let patterns = self.compiled.patterns_of(condition).iter();
        for (pattern, alternative) in patterns.zip(&mut tried.alternatives) {
            let mut values = values.iter();
            alternative.matched |=
                values.any(|value| matches(&self.compiled.arena, *pattern, value, bindings));
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
