//! Does a rule hold for a request?
//!
//! What is unknown counts for the safe side: in an ALLOW the condition does not hold, in a DENY it
//! does, `not…` alike. What is absent matches no pattern; so `not…` holds of it, but an anonymous
//! caller satisfies no condition on identity in an ALLOW. What comes later counts for the open side,
//! and is decided again when it is there.
//!
//! The conditions on tokens in an entry are about one token, whichever: some token must satisfy all of
//! them. Where there is none, `not…` conditions alone hold in a DENY, and nothing does in an ALLOW.

use crate::fact::Fact;
use crate::operation::is_unclassified;
use crate::token::{Verified, named_by};

use super::arena::{Part, Pattern, Span};
use super::compiled::{Compiled, Condition, Rule, Scope};
use super::effect::Effect;
use super::facts::Facts;
use super::field::Field;
use super::likeness::Likeness;
use super::matching::{Bindings, bind, matches, matches_like};
use super::pattern::Shape;

impl Compiled {
    /// Whether the rule of this number takes part in `scope` and holds.
    pub(super) fn holds_in(&self, number: u32, effect: Effect, scope: Scope, facts: &Facts<'_>) -> bool {
        self.rules.get(number as usize).is_some_and(|rule| {
            let policy = self.policy_of(rule);
            let takes_part = policy.is_some_and(|policy| scope == Scope::All || !policy.shadow);
            takes_part && self.holds(rule, effect, facts)
        })
    }

    /// Whether `rule` holds: an entry of `from` and an entry of `to`, under one binding.
    pub(super) fn holds(&self, rule: &Rule, effect: Effect, facts: &Facts<'_>) -> bool {
        let to = |bindings: &Bindings<'_>| self.to_holds(rule, effect, facts, bindings);
        let from = self.entries_of(rule.from);
        if from.is_empty() {
            return to(&Bindings::default());
        }
        from.iter().any(|entry| {
            let (conditions, of_token) = self.split_at_token(*entry);
            let then =
                |bindings: &Bindings<'_>| self.token_holds(of_token, effect, facts, bindings) && to(bindings);
            self.for_each_binding(conditions, effect, facts, &Bindings::default(), &then)
        })
    }

    /// The conditions of an entry, those on tokens apart.
    pub(super) fn split_at_token(&self, entry: Span) -> (&[Condition], &[Condition]) {
        let conditions = self.conditions_of(entry);
        let others = conditions.partition_point(|condition| !condition.field.is_of_token());
        conditions.split_at_checked(others).unwrap_or((conditions, &[]))
    }

    /// Whether all these conditions on tokens hold of one token.
    fn token_holds(
        &self,
        conditions: &[Condition],
        effect: Effect,
        facts: &Facts<'_>,
        bindings: &Bindings<'_>,
    ) -> bool {
        if facts.tokens().is_empty() {
            return conditions
                .iter()
                .all(|condition| effect == Effect::Deny && condition.negated);
        }
        facts.tokens().iter().any(|token| {
            conditions
                .iter()
                .all(|condition| self.holds_of(condition, effect, token, bindings))
        })
    }

    /// Whether one condition on tokens holds of this one. Of a claim with several values one that
    /// matches is enough, and a claim that is not there has none. Where a match refuses, a pattern of request principals is
    /// about all that it matches, whichever issuer it names.
    pub(super) fn holds_of(
        &self,
        condition: &Condition,
        effect: Effect,
        token: &Verified,
        bindings: &Bindings<'_>,
    ) -> bool {
        let refuses = condition.negated == (effect == Effect::Allow);
        let any = |value: &str| {
            self.patterns_of(condition)
                .iter()
                .any(|pattern| matches(&self.arena, *pattern, value, bindings))
        };
        let matched = match self.claim_of(condition) {
            Some(path) => token.claims.values(path).into_iter().any(any),
            None => self.patterns_of(condition).iter().any(|pattern| {
                (refuses || self.is_about(*pattern, token))
                    && matches(&self.arena, *pattern, &token.request_principal, bindings)
            }),
        };
        matched != condition.negated
    }

    /// Whether a pattern of request principals that names an issuer names that of `token`: what is a subject of one issuer can
    /// be the beginning of another.
    fn is_about(&self, pattern: Pattern, token: &Verified) -> bool {
        let text = match self.arena.parts(pattern) {
            [Part::Text(text), ..] if pattern.shape != Shape::Suffix => self.arena.text(*text),
            _ => return true,
        };
        let named = named_by(&self.issuers, text);
        named.is_none() || named == named_by(&self.issuers, &token.request_principal)
    }

    /// Whether the conditions hold under some binding for which `then` holds as well.
    fn for_each_binding<'f>(
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
        match facts.fact(first.field) {
            Fact::Known(value) if first.binds() => self
                .patterns_of(first)
                .iter()
                .filter_map(|pattern| bind(&self.arena, *pattern, value, bindings))
                .any(|bound| self.for_each_binding(rest, effect, facts, &bound, then)),
            _ => {
                self.condition_holds(first, effect, facts, bindings)
                    && self.for_each_binding(rest, effect, facts, bindings, then)
            }
        }
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

    /// Whether one condition holds, its variables standing for what they are bound to.
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
            Fact::Absent if condition.field.is_identity() && effect == Effect::Allow => false,
            Fact::Absent => condition.negated,
            Fact::Known(value) => {
                let likeness = Likeness::of(condition.field, condition.negated, effect);
                let matched = likeness.may_be_any(value)
                    || self
                        .patterns_of(condition)
                        .iter()
                        .any(|pattern| matches_like(likeness, &self.arena, *pattern, value, bindings));
                matched != condition.negated
            }
        }
    }

    /// Whether a condition on actions holds of an unclassified request, whose action may be any. In an ALLOW it must match
    /// the `name`, such as `ui:unclassified`, and `notActions` never holds. In a DENY it holds, unless it is about other
    /// unclassified requests alone.
    fn holds_of_unclassified(
        &self,
        condition: &Condition,
        effect: Effect,
        name: &str,
        bindings: &Bindings<'_>,
    ) -> bool {
        // `auth:*` begins the name, but is about the actions that are known.
        let is_named = || {
            let mut patterns = self.patterns_of(condition).iter();
            patterns.any(|pattern| {
                (pattern.shape == Shape::Any || self.is_unclassified_name(*pattern))
                    && matches(&self.arena, *pattern, name, bindings)
            })
        };
        match effect {
            Effect::Allow => !condition.negated && is_named(),
            Effect::Deny => !self.is_of_unclassified(condition) || is_named(),
        }
    }

    /// Whether a condition is about the actions of unclassified requests alone.
    pub(super) fn is_of_unclassified(&self, condition: &Condition) -> bool {
        condition.field == Field::Actions
            && !condition.negated
            && self
                .patterns_of(condition)
                .iter()
                .all(|pattern| self.is_unclassified_name(*pattern))
    }

    /// Whether a pattern of actions can be nothing but the name of unclassified requests.
    fn is_unclassified_name(&self, pattern: Pattern) -> bool {
        match self.arena.parts(pattern) {
            [.., Part::Text(tail)] if matches!(pattern.shape, Shape::Exact | Shape::Suffix) => {
                is_unclassified(self.arena.text(*tail))
            }
            _ => false,
        }
    }

    /// Whether an entry names what no route table knows: by its surface, its path, or its action.
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

impl Condition {
    /// Whether a match binds variables.
    pub(super) fn binds(&self) -> bool {
        self.field.is_identity() && !self.negated
    }
}

#[cfg(test)]
mod tests;
