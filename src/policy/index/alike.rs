//! Finds rules that match alike when some fields are open.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::policy::arena::{Part, Span};
use crate::policy::compiled::{Compiled, Condition, Rule};
use crate::policy::field::Field;

/// Keeps the first of those `rules` that differ only in fields that do not `count`. A rule of an enforced
/// policy never stands for one in shadow mode, nor the other way round.
pub(super) fn first_of_each(compiled: &Compiled, rules: &[u32], counts: &dyn Fn(Field) -> bool) -> Vec<u32> {
    let hasher = RandomState::new();
    let mut firsts: HashMap<u64, u32> = HashMap::new();
    let (mut own, mut of_first) = (Written::default(), Written::default());
    let write = |number: u32, written: &mut Written| {
        written.0.clear();
        if let Some(rule) = compiled.rules.get(number as usize) {
            written.rule(compiled, rule, counts);
        }
    };
    let is_first = |number: &u32| {
        write(*number, &mut own);
        let first = *firsts.entry(hasher.hash_one(&own.0)).or_insert(*number);
        if first == *number {
            return true;
        }
        // If two different rules have the same hash, both are kept.
        write(first, &mut of_first);
        own.0 != of_first.0
    };
    rules.iter().copied().filter(is_first).collect()
}

/// A rule as bytes; equal rules give equal bytes. The length precedes every text and list, so that different
/// rules cannot give equal bytes by chance.
#[derive(Default)]
struct Written(Vec<u8>);

impl Written {
    fn rule(&mut self, compiled: &Compiled, rule: &Rule, counts: &dyn Fn(Field) -> bool) {
        let shadow = compiled.policy_of(rule).is_some_and(|policy| policy.shadow);
        self.number(usize::from(shadow));
        for half in [rule.from, rule.to] {
            let entries = compiled.entries_of(half);
            self.number(entries.len());
            for entry in entries {
                self.entry(compiled, *entry, counts);
            }
        }
    }

    fn entry(&mut self, compiled: &Compiled, entry: Span, counts: &dyn Fn(Field) -> bool) {
        let conditions = || {
            let all = compiled.conditions_of(entry).iter();
            // When the action is open in a DENY, all other conditions on actions hold. These may not hold.
            all.filter(|condition| counts(condition.field) || compiled.is_of_unclassified(condition))
        };
        self.number(conditions().count());
        for condition in conditions() {
            self.condition(compiled, condition);
        }
    }

    fn condition(&mut self, compiled: &Compiled, condition: &Condition) {
        self.number(condition.field as usize);
        self.number(usize::from(condition.negated));
        // Every condition on a claim has a path, and no other condition has one.
        self.text(compiled.claim_of(condition).unwrap_or_default());
        let patterns = compiled.patterns_of(condition);
        self.number(patterns.len());
        for pattern in patterns {
            let parts = compiled.arena.parts(*pattern);
            self.number(pattern.shape as usize);
            self.number(parts.len());
            for part in parts {
                match part {
                    Part::Text(text) => {
                        self.number(0);
                        self.text(compiled.arena.text(*text));
                    }
                    Part::Variable(variable) => self.number(1 + usize::from(*variable)),
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }
}
