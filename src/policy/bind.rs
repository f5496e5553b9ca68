//! Finds the texts that the variables of a rule stand for.
//!
//! The conditions of an entry stand in the order in which they are read: first those on the identity, then those
//! on tokens if they bind variables, then those on what the caller acts for, then all others. A variable that
//! only an unknown or pending fact would bind stays open: see [`super::open`].

use std::cell::Cell;
use std::rc::Rc;

use crate::fact::Fact;
use crate::token::Verified;

use super::arena::Pattern;
use super::compiled::{Compiled, Condition};
use super::effect::Effect;
use super::facts::Facts;
use super::field::{Binding, Field};
use super::matching::{Bindings, bind, bind_whole};

/// The most values of one token's claims that are tried for an entry of `from`. The values of one claim stay
/// below it: a token has at most 16 KiB. But for each value of a claim, all those of the next claim are tried.
const MAX_TRIED: usize = 8_192;

impl Compiled {
    /// Whether the conditions hold under some bindings under which `then` holds too.
    pub(super) fn for_each_binding<'f>(
        &self,
        conditions: &[Condition],
        effect: Effect,
        facts: &Facts<'f>,
        bindings: &Bindings<'f>,
        then: &dyn Fn(&Bindings<'f>) -> bool,
    ) -> bool {
        let Some((first, rest)) = conditions.split_first() else {
            return then(bindings);
        };
        if first.field.is_of_token() {
            let (of_token, rest) = split_token(conditions);
            let then = |bindings: &Bindings<'f>| self.for_each_binding(rest, effect, facts, bindings, then);
            return self.token_holds(of_token, effect, facts.tokens(), bindings, &then);
        }
        match facts.fact(first.field) {
            Fact::Known(value) if first.binds => self
                .patterns_of(first)
                .iter()
                .filter_map(|pattern| self.bind(first.field, *pattern, value, bindings))
                .any(|bound| self.for_each_binding(rest, effect, facts, &bound, then)),
            _ => {
                let opened = first.binds.then(|| bindings.opened());
                self.condition_holds(first, effect, facts, bindings)
                    && self.for_each_binding(rest, effect, facts, opened.as_ref().unwrap_or(bindings), then)
            }
        }
    }

    /// Matches a known value and binds the variables of the pattern.
    pub(super) fn bind<'f>(
        &self,
        field: Field,
        pattern: Pattern,
        value: &'f str,
        bindings: &Bindings<'f>,
    ) -> Option<Bindings<'f>> {
        match field.binding() {
            Binding::Identity => bind(&self.arena, pattern, value, bindings),
            Binding::Token | Binding::Acting | Binding::Nothing => {
                bind_whole(&self.arena, pattern, value, bindings)
            }
        }
    }

    /// Whether one token satisfies all these conditions, under some bindings under which `then` holds too.
    fn token_holds<'f>(
        &self,
        conditions: &[Condition],
        effect: Effect,
        tokens: &'f [Rc<Verified>],
        bindings: &Bindings<'f>,
        then: &dyn Fn(&Bindings<'f>) -> bool,
    ) -> bool {
        if tokens.is_empty() {
            let mut all = conditions.iter();
            return all.all(|condition| effect == Effect::Deny && condition.negated) && then(bindings);
        }
        if conditions.iter().any(|condition| condition.binds) {
            let mut tokens = tokens.iter();
            return tokens.any(|token| {
                let values_of = |condition| (condition, self.values_of(condition, token));
                let conditions: Vec<_> = conditions.iter().map(values_of).collect();
                let left = Cell::new(MAX_TRIED);
                self.for_each_value(&conditions, effect, token, bindings, &left, then)
            });
        }
        let satisfies = |token: &Rc<Verified>| {
            conditions.iter().all(|condition| {
                self.holds_of(
                    condition,
                    effect,
                    token,
                    &self.values_of(condition, token),
                    bindings,
                )
            })
        };
        tokens.iter().any(satisfies) && then(bindings)
    }

    /// Whether `token` satisfies these conditions, each with the values that it compares, under some bindings
    /// under which `then` holds too. `left` is the number of values that can still be tried. Once there are
    /// none, a DENY matches and an ALLOW does not.
    fn for_each_value<'f>(
        &self,
        conditions: &[(&Condition, Vec<&'f str>)],
        effect: Effect,
        token: &'f Verified,
        bindings: &Bindings<'f>,
        left: &Cell<usize>,
        then: &dyn Fn(&Bindings<'f>) -> bool,
    ) -> bool {
        let Some(((first, values), rest)) = conditions.split_first() else {
            return then(bindings);
        };
        let Some(still) = left.get().checked_sub(values.len()) else {
            left.set(0);
            return effect == Effect::Deny;
        };
        left.set(still);
        if !first.binds {
            return self.holds_of(first, effect, token, values, bindings)
                && self.for_each_value(rest, effect, token, bindings, left, then);
        }
        self.bound_by(first, effect, token, values, bindings)
            .any(|bound| self.for_each_value(rest, effect, token, &bound, left, then))
    }

    /// The values of `token` that a condition compares.
    pub(super) fn values_of<'f>(&self, condition: &Condition, token: &'f Verified) -> Vec<&'f str> {
        match self.claim_of(condition) {
            Some(path) => token.claims.values(path),
            None => vec![&*token.request_principal],
        }
    }

    /// The bindings under which `token` satisfies a condition that binds: each of its `values` can bind.
    pub(super) fn bound_by<'f>(
        &self,
        condition: &Condition,
        effect: Effect,
        token: &'f Verified,
        values: &[&'f str],
        bindings: &Bindings<'f>,
    ) -> impl Iterator<Item = Bindings<'f>> {
        let is_claim = condition.field == Field::Claims;
        let bind = move |value: &'f str| {
            let patterns = self.patterns_of(condition).iter();
            patterns
                .filter(move |pattern| is_claim || effect == Effect::Deny || self.is_about(**pattern, token))
                .filter_map(move |pattern| self.bind(condition.field, *pattern, value, bindings))
        };
        values.iter().copied().flat_map(bind)
    }
}

/// The conditions on tokens at the beginning of `conditions`, and the others.
pub(super) fn split_token(conditions: &[Condition]) -> (&[Condition], &[Condition]) {
    let others = conditions
        .iter()
        .position(|condition| !condition.field.is_of_token());
    let end = others.unwrap_or(conditions.len());
    conditions.split_at_checked(end).unwrap_or((conditions, &[]))
}

#[cfg(test)]
mod tests;
