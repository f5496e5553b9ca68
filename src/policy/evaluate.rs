//! Evaluates whether a rule matches a request.
//!
//! * An unknown fact fails closed: in an ALLOW it satisfies no condition, in a DENY it satisfies every
//!   condition. This includes the `not…` conditions.
//! * An absent fact matches no pattern, so it satisfies every `not…` condition. There is one exception: in an
//!   ALLOW an anonymous caller satisfies no condition on identity, nor on the caller's team.
//! * A pending fact matches in an ALLOW and not in a DENY. The request is decided again once the value
//!   arrives.
//! * A variable that an unknown or pending fact would bind is open: a condition that uses it holds if some text
//!   for the variable makes it hold.
//!
//! The conditions on tokens in an entry must all hold of one and the same token. A request without a token
//! satisfies an entry with such conditions only in a DENY, and only if all of them are `not…` conditions.

use crate::fact::Fact;
use crate::operation::is_unclassified;
use crate::token::{Verified, named_by};

use super::arena::{Part, Pattern, Span};
use super::compiled::{Compiled, Condition, Rule, Scope};
use super::effect::Effect;
use super::facts::Facts;
use super::field::Field;
use super::likeness::Likeness;
use super::matching::{Bindings, matches, matches_like};
use super::open::may_match;
use super::pattern::Shape;

impl Compiled {
    /// Whether rule `number` takes part in `scope` and matches.
    pub(super) fn holds_in(&self, number: u32, effect: Effect, scope: Scope, facts: &Facts<'_>) -> bool {
        self.rules.get(number as usize).is_some_and(|rule| {
            let policy = self.policy_of(rule);
            let takes_part = policy.is_some_and(|policy| scope == Scope::All || !policy.shadow);
            takes_part && self.holds(rule, effect, facts)
        })
    }

    /// Whether `rule` matches: an entry of `from` and an entry of `to`, under one binding.
    pub(super) fn holds(&self, rule: &Rule, effect: Effect, facts: &Facts<'_>) -> bool {
        let to = |bindings: &Bindings<'_>| self.to_holds(rule, effect, facts, bindings);
        let from = self.entries_of(rule.from);
        if from.is_empty() {
            return to(&Bindings::default());
        }
        from.iter().any(|entry| {
            let conditions = self.conditions_of(*entry);
            self.for_each_binding(conditions, effect, facts, &Bindings::default(), &to)
        })
    }

    /// Whether `token` satisfies one condition on tokens, which compares these `values` of it. A claim with several values matches if one of them
    /// does. A claim that the token lacks has no values. Where a match refuses, a pattern of request
    /// principals is compared with tokens of every issuer, whichever issuer the pattern names.
    pub(super) fn holds_of(
        &self,
        condition: &Condition,
        effect: Effect,
        token: &Verified,
        values: &[&str],
        bindings: &Bindings<'_>,
    ) -> bool {
        let refuses = condition.negated == (effect == Effect::Allow);
        let any = |value: &str| {
            self.patterns_of(condition)
                .iter()
                .any(|pattern| matches(&self.arena, *pattern, value, bindings))
        };
        let matched = match self.claim_of(condition) {
            Some(_) => values.iter().copied().any(any),
            None => self.patterns_of(condition).iter().any(|pattern| {
                (refuses || self.is_about(*pattern, token))
                    && matches(&self.arena, *pattern, &token.request_principal, bindings)
            }),
        };
        matched != condition.negated
    }

    /// Whether a pattern of request principals names the issuer of `token`. The same text can be a subject of
    /// one issuer and the beginning of another issuer's name.
    pub(super) fn is_about(&self, pattern: Pattern, token: &Verified) -> bool {
        let text = match self.arena.parts(pattern) {
            [Part::Text(text), ..] if pattern.shape != Shape::Suffix => self.arena.text(*text),
            _ => return true,
        };
        let named = named_by(&self.issuers, text);
        named.is_none() || named == named_by(&self.issuers, &token.request_principal)
    }

    fn to_holds(&self, rule: &Rule, effect: Effect, facts: &Facts<'_>, bindings: &Bindings<'_>) -> bool {
        let must_be_named = effect == Effect::Allow && facts.is_unclassified();
        let to = self.entries_of(rule.to);
        if to.is_empty() {
            return !must_be_named;
        }
        to.iter().any(|entry| {
            self.conditions_of(*entry)
                .iter()
                .all(|condition| self.condition_holds(condition, effect, facts, bindings))
                && (!must_be_named || self.names_the_unclassified(*entry))
        })
    }

    /// Whether one condition holds under these bindings.
    pub(super) fn condition_holds(
        &self,
        condition: &Condition,
        effect: Effect,
        facts: &Facts<'_>,
        bindings: &Bindings<'_>,
    ) -> bool {
        if condition.field == Field::Actions
            && facts.is_unclassified()
            && let Fact::Known(name) = facts.fact(Field::Actions)
        {
            return self.holds_of_unclassified(condition, effect, name, bindings);
        }
        match facts.seen(condition.field, effect) {
            Fact::Unknown => effect == Effect::Deny,
            Fact::Pending => effect == Effect::Allow,
            Fact::Absent if effect == Effect::Allow && lacks_identity(condition.field, facts) => false,
            Fact::Absent => condition.negated,
            Fact::Known(value) => {
                let likeness = Likeness::of(condition.field, condition.negated, effect);
                let matched = likeness.may_be_any(value)
                    || self
                        .patterns_of(condition)
                        .iter()
                        .any(|pattern| matches_like(likeness, &self.arena, *pattern, value, bindings))
                    || (bindings.is_loose() && self.may_match(condition, likeness, value, bindings));
                matched != condition.negated
            }
        }
    }

    /// Whether some text for each variable that may have several makes a pattern match. An open variable
    /// excludes nothing, so a `not…` condition that only such a pattern would fail holds.
    fn may_match(
        &self,
        condition: &Condition,
        likeness: Likeness,
        value: &str,
        bindings: &Bindings<'_>,
    ) -> bool {
        let mut patterns = self.patterns_of(condition).iter();
        patterns.any(|pattern| {
            may_match(
                likeness,
                &self.arena,
                *pattern,
                value,
                bindings,
                !condition.negated,
            )
        })
    }

    /// Whether a condition on actions holds for an unclassified request, whose action is not known. In an
    /// ALLOW the condition must match the `name`, such as `ui:unclassified`, and `notActions` never holds. In
    /// a DENY the condition holds, unless it is only about other unclassified requests.
    fn holds_of_unclassified(
        &self,
        condition: &Condition,
        effect: Effect,
        name: &str,
        bindings: &Bindings<'_>,
    ) -> bool {
        // `auth:*` is a prefix of the name, but it is meant for known actions.
        let is_named = || {
            let mut patterns = self.patterns_of(condition).iter();
            patterns.any(|pattern| {
                (pattern.shape == Shape::Any || self.is_unclassified_name(*pattern))
                    && matches(&self.arena, *pattern, name, bindings)
            }) || (bindings.is_loose() && self.may_match(condition, Likeness::Exact, name, bindings))
        };
        match effect {
            Effect::Allow => !condition.negated && is_named(),
            Effect::Deny => !self.is_of_unclassified(condition) || is_named(),
        }
    }

    /// Whether a condition is only about the actions of unclassified requests.
    pub(super) fn is_of_unclassified(&self, condition: &Condition) -> bool {
        condition.field == Field::Actions
            && !condition.negated
            && self
                .patterns_of(condition)
                .iter()
                .all(|pattern| self.is_unclassified_name(*pattern))
    }

    /// Whether a pattern of actions can match only the name of unclassified requests.
    fn is_unclassified_name(&self, pattern: Pattern) -> bool {
        match self.arena.parts(pattern) {
            [.., Part::Text(tail)] if matches!(pattern.shape, Shape::Exact | Shape::Suffix) => {
                is_unclassified(self.arena.text(*tail))
            }
            _ => false,
        }
    }

    /// Whether an entry names requests without a known route: by surface, path or action.
    pub(super) fn names_the_unclassified(&self, entry: Span) -> bool {
        self.conditions_of(entry).iter().any(|condition| {
            matches!(condition.field, Field::Surfaces | Field::Paths | Field::Actions)
                && !condition.negated
                && self
                    .patterns_of(condition)
                    .iter()
                    .all(|pattern| pattern.shape != Shape::Any)
        })
    }
}

/// Whether `field` is absent because the caller has no such identity. The team of a caller with an identity can
/// be absent too: the caller is then in no team.
fn lacks_identity(field: Field, facts: &Facts<'_>) -> bool {
    field.is_identity() || (field == Field::ActingTeams && facts.is_anonymous())
}

#[cfg(test)]
mod tests;
