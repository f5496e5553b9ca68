//! The compiled rules of a document. One arena holds the texts; everything else is spans of numbers.

use crate::token::Issuer;

use super::arena::{Arena, Part, Pattern, Span};
use super::effect::Effect;
use super::field::Field;

/// The policies of a document with their rules, and the issuers that the rules name.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) issuers: Vec<Issuer>,
    pub(super) arena: Arena,
    pub(super) names: Vec<Span>,
    pub(super) conditions: Vec<Condition>,
    pub(super) entries: Vec<Span>,
    pub(super) rules: Vec<Rule>,
    pub(super) policies: Vec<Policy>,
}

/// One policy, without its rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    pub(super) name: Span,
    pub(super) effect: Effect,
    /// The policy is decided and counted, but never enforced.
    pub(super) shadow: bool,
}

/// One rule: alternatives for the caller, and alternatives for the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// The number of its policy.
    pub(super) policy: u32,
    /// Its number within its policy.
    pub(super) number: u32,
    /// The entries of `from`. An empty list matches any caller.
    pub(super) from: Span,
    /// The entries of `to`. An empty list matches any request.
    pub(super) to: Span,
    /// The names of its variables.
    pub(super) variables: Span,
}

/// One condition of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition {
    pub(super) field: Field,
    pub(super) negated: bool,
    /// Whether a match binds variables.
    pub(super) binds: bool,
    /// Its patterns. In a condition on a claim, the claim's path comes before them as one more pattern, so
    /// that a rule without claims needs no memory for paths.
    patterns: Span,
}

impl Condition {
    /// Makes a condition. `patterns` includes the claim's path if the condition is on a claim.
    pub(super) fn new(field: Field, negated: bool, binds: bool, patterns: Span) -> Self {
        Self {
            field,
            negated,
            binds,
            patterns,
        }
    }

    /// The word for the condition in the document.
    pub(super) fn word(&self) -> &'static str {
        if self.negated {
            self.field.not_word()
        } else {
            self.field.word()
        }
    }
}

/// The policies that take part in a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The enforced policies.
    Enforced,
    /// All policies. Those in shadow mode take part as if they were enforced.
    All,
}

impl Compiled {
    pub(super) fn policy_of(&self, rule: &Rule) -> Option<&Policy> {
        self.policies.get(rule.policy as usize)
    }

    pub(super) fn conditions_of(&self, entry: Span) -> &[Condition] {
        entry.of(&self.conditions)
    }

    pub(super) fn entries_of(&self, entries: Span) -> &[Span] {
        entries.of(&self.entries)
    }

    pub(super) fn patterns_of(&self, condition: &Condition) -> &[Pattern] {
        let patterns = self.arena.patterns(condition.patterns);
        match (condition.field, patterns) {
            (Field::Claims, [_, patterns @ ..]) => patterns,
            _ => patterns,
        }
    }

    /// The path of the claim that the condition is on.
    pub(super) fn claim_of(&self, condition: &Condition) -> Option<&str> {
        if condition.field != Field::Claims {
            return None;
        }
        let path = self.arena.patterns(condition.patterns).first()?;
        match self.arena.parts(*path) {
            [Part::Text(path)] => Some(self.arena.text(*path)),
            _ => None,
        }
    }
}
