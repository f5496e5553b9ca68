//! Measures which rules, conditions and alternatives a set of requests tries. Only native tools use it.
//!
//! The conditions of an entry are tried in the order of the index, up to the first that fails, and the entries
//! of `to` only under a binding with which an entry of `from` holds. So a condition is tried only where it can
//! make a difference.

mod walk;

use std::slice;

use super::arena::Span;
use super::compiled::{Condition, Scope};
use super::facts::Facts;
use super::ruleset::Ruleset;
use super::side::Side;
use walk::Walk;

/// The rules of a rule set, with the results of the requests so far.
#[derive(Debug)]
pub struct Coverage<'r> {
    ruleset: &'r Ruleset,
    rules: Vec<RuleCoverage<'r>>,
}

/// The results for one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCoverage<'r> {
    /// Its policy's name.
    pub policy: &'r str,
    /// Its policy's position in the document.
    pub policy_number: usize,
    /// Its number in its policy.
    pub rule: u32,
    /// The number of accesses that it decided.
    pub decided: usize,
    /// The entries of `from`.
    pub from: Vec<Vec<ConditionCoverage<'r>>>,
    /// The entries of `to`.
    pub to: Vec<Vec<ConditionCoverage<'r>>>,
}

/// The results for one condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionCoverage<'r> {
    /// Its word in the document.
    pub word: &'static str,
    /// The path of the claim, for a condition on a claim.
    pub claim: Option<&'r str>,
    /// Whether it has held.
    pub held: bool,
    /// Whether it has failed.
    pub failed: bool,
    /// Its patterns.
    pub alternatives: Vec<AlternativeCoverage>,
}

/// The result for one pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlternativeCoverage {
    /// The pattern as the document spells it.
    pub pattern: String,
    /// Whether a value has matched it.
    pub matched: bool,
}

impl<'r> Coverage<'r> {
    /// The rules, before any request.
    pub fn new(ruleset: &'r Ruleset) -> Self {
        let compiled = &ruleset.compiled;
        let rules = compiled.rules.iter().map(|rule| {
            let names = rule.variables.of(&compiled.names);
            let entries = |entries: Span| {
                let entries = compiled.entries_of(entries).iter();
                entries
                    .map(|entry| {
                        let conditions = compiled.conditions_of(*entry).iter();
                        conditions
                            .map(|condition| ruleset.untried(condition, names))
                            .collect()
                    })
                    .collect()
            };
            RuleCoverage {
                policy: compiled
                    .policy_of(rule)
                    .map_or("", |policy| compiled.arena.text(policy.name)),
                policy_number: rule.policy as usize,
                rule: rule.number,
                decided: 0,
                from: entries(rule.from),
                to: entries(rule.to),
            }
        });
        Self {
            ruleset,
            rules: rules.collect(),
        }
    }

    /// Adds one access of a request, in time proportional to the number of rules.
    pub fn add(&mut self, facts: &Facts<'_>) {
        let deciders =
            [Scope::Enforced, Scope::All].map(|scope| self.ruleset.decide(scope, slice::from_ref(facts)).by);
        let compiled = &self.ruleset.compiled;
        for (rule, tried) in compiled.rules.iter().zip(&mut self.rules) {
            let mut by = deciders.iter().flatten();
            if by.any(|by| (by.policy, by.rule) == (tried.policy, tried.rule)) {
                tried.decided += 1;
            }
            if let Some(policy) = compiled.policy_of(rule) {
                Walk {
                    compiled,
                    effect: policy.effect,
                    facts,
                }
                .rule(rule, tried);
            }
        }
    }

    /// The rules in document order.
    pub fn rules(&self) -> &[RuleCoverage<'r>] {
        &self.rules
    }
}

impl<'r> RuleCoverage<'r> {
    /// The conditions, each with its side and the number of its entry.
    pub fn conditions(&self) -> impl Iterator<Item = (Side, usize, &ConditionCoverage<'r>)> {
        let sides = [(Side::From, &self.from), (Side::To, &self.to)];
        sides.into_iter().flat_map(|(side, entries)| {
            let numbered = entries.iter().enumerate();
            numbered.flat_map(move |(entry, conditions)| {
                conditions.iter().map(move |condition| (side, entry, condition))
            })
        })
    }
}

impl Ruleset {
    fn untried(&self, condition: &Condition, names: &[Span]) -> ConditionCoverage<'_> {
        let compiled = &self.compiled;
        let variable = |number: u8| {
            let name = names.get(usize::from(number));
            format!("{{{}}}", name.map_or("?", |name| compiled.arena.text(*name)))
        };
        let patterns = compiled.patterns_of(condition).iter();
        ConditionCoverage {
            word: condition.word(),
            claim: compiled.claim_of(condition),
            held: false,
            failed: false,
            alternatives: patterns
                .map(|pattern| AlternativeCoverage {
                    pattern: compiled.arena.show(*pattern, variable),
                    matched: false,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
