//! Rules that hold alike where some fields are open.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};

use crate::policy::arena::{Part, Pattern, Span};
use crate::policy::field::Field;
use crate::policy::pattern::Shape;
use crate::policy::ruleset::{Condition, Rule, Ruleset};

/// Of `rules` that differ in nothing but fields that do not `count`, the first. Rules of enforced
/// policies and of those in shadow mode do not stand for each other.
pub(super) fn first_of_each(ruleset: &Ruleset, rules: &[u32], counts: impl Fn(Field) -> bool) -> Vec<u32> {
    let hasher = RandomState::new();
    let mut firsts: HashMap<u64, u32> = HashMap::new();
    let rule_at = |number: u32| ruleset.rules.get(number as usize);
    let is_first = |number: &u32| {
        let Some(rule) = rule_at(*number) else {
            return false;
        };
        let mut hash = hasher.build_hasher();
        words(ruleset, rule, &counts).for_each(|word| word.hash(&mut hash));
        let first = *firsts.entry(hash.finish()).or_insert(*number);
        // Two of one hash that differ are both kept.
        first == *number
            || !rule_at(first)
                .is_some_and(|first| words(ruleset, first, &counts).eq(words(ruleset, rule, &counts)))
    };
    rules.iter().copied().filter(is_first).collect()
}

/// A piece of a rule, in an order that leaves no doubt about what belongs together.
#[derive(PartialEq, Eq, Hash)]
enum Word<'r> {
    Shadow(bool),
    From(usize),
    To(usize),
    Entry,
    Condition(Field, bool, Option<&'r str>),
    Pattern(Shape),
    Text(&'r str),
    Variable(u8),
}

/// A rule as words, without its conditions on fields that do not `count`.
fn words<'r>(
    ruleset: &'r Ruleset,
    rule: &'r Rule,
    counts: &impl Fn(Field) -> bool,
) -> impl Iterator<Item = Word<'r>> {
    let shadow = ruleset.policy_of(rule).is_some_and(|policy| policy.shadow);
    let entries = move |half: Span| ruleset.entries_of(half);
    let (from, to) = (entries(rule.from), entries(rule.to));
    std::iter::once(Word::Shadow(shadow))
        .chain(std::iter::once(Word::From(from.len())))
        .chain(
            from.iter()
                .flat_map(move |entry| of_entry(ruleset, *entry, counts)),
        )
        .chain(std::iter::once(Word::To(to.len())))
        .chain(to.iter().flat_map(move |entry| of_entry(ruleset, *entry, counts)))
}

fn of_entry<'r>(
    ruleset: &'r Ruleset,
    entry: Span,
    counts: &impl Fn(Field) -> bool,
) -> impl Iterator<Item = Word<'r>> {
    let conditions = ruleset.conditions_of(entry).iter();
    let kept = conditions.filter(|condition| counts(condition.field));
    std::iter::once(Word::Entry).chain(kept.flat_map(|condition| of_condition(ruleset, condition)))
}

fn of_condition<'r>(ruleset: &'r Ruleset, condition: &'r Condition) -> impl Iterator<Item = Word<'r>> {
    let claim = ruleset.claim_of(condition);
    let patterns = ruleset.patterns_of(condition).iter();
    std::iter::once(Word::Condition(condition.field, condition.negated, claim))
        .chain(patterns.flat_map(|pattern| of_pattern(ruleset, *pattern)))
}

fn of_pattern(ruleset: &Ruleset, pattern: Pattern) -> impl Iterator<Item = Word<'_>> {
    let parts = ruleset.arena.parts(pattern).iter();
    std::iter::once(Word::Pattern(pattern.shape)).chain(parts.map(|part| match part {
        Part::Text(text) => Word::Text(ruleset.arena.text(*text)),
        Part::Variable(variable) => Word::Variable(*variable),
    }))
}
