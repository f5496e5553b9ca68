//! Which rules may hold for a request: a look-up, not a walk.
//!
//! Every rule is filed under the conditions of one of its halves that the fewest other rules
//! share, by the literal text of their patterns. A request looks its own values up, and only the
//! rules found there are evaluated. The cost grows with the logarithm of the number of rules.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::fact::Fact;

use super::arena::{Arena, Part, Pattern, Span};
use super::facts::Facts;
use super::field::Field;
use super::likeness::Likeness;
use super::pattern::Shape;
use super::ruleset::{Condition, Effect, Rule, Ruleset};

/// The rules of one effect, filed.
#[derive(Debug, Default)]
pub(super) struct Index {
    tables: Vec<Table>,
    /// Rules that have nothing to file them under.
    always: Vec<u32>,
}

/// The literal text that a value must be, begin with or end with for a rule to hold.
type Anchor = (Field, Shape, Span);

impl Index {
    pub(super) fn build(ruleset: &Ruleset, effect: Effect) -> Self {
        let of_effect = |rule: &&Rule| {
            ruleset
                .policy_of(rule)
                .is_some_and(|policy| policy.effect == effect)
        };
        let shares = Shares::count(ruleset, ruleset.rules.iter().filter(of_effect));
        let mut index = Self::default();
        let mut filed: Vec<(Anchor, u32)> = Vec::new();
        for (number, rule) in (0u32..).zip(&ruleset.rules).filter(|(_, rule)| of_effect(rule)) {
            match rarest_half(ruleset, rule, &shares) {
                Some(anchors) => filed.extend(anchors.into_iter().map(|anchor| (anchor, number))),
                None => index.always.push(number),
            }
        }
        filed.sort_unstable_by(
            |((field, shape, text), rule), ((other, other_shape, other_text), other_rule)| {
                (field, shape)
                    .cmp(&(other, other_shape))
                    .then_with(|| {
                        let likeness = Likeness::of(*field, false, effect);
                        let texts = [*text, *other_text].map(|text| ruleset.arena.text(text));
                        compare(likeness, *shape, texts)
                    })
                    .then_with(|| rule.cmp(other_rule))
            },
        );
        for group in filed.chunk_by(|((field, shape, _), _), ((other, other_shape, _), _)| {
            (field, shape) == (other, other_shape)
        }) {
            if let Some(((field, shape, _), _)) = group.first() {
                let likeness = Likeness::of(*field, false, effect);
                index
                    .tables
                    .push(Table::build(&ruleset.arena, *field, *shape, likeness, group));
            }
        }
        index
    }

    /// The numbers of the rules that may hold, in document order.
    pub(super) fn candidates(&self, arena: &Arena, effect: Effect, facts: &Facts<'_>) -> Vec<u32> {
        let mut found = self.always.clone();
        for table in &self.tables {
            if table.field == Field::RequestPrincipals {
                for token in facts.tokens() {
                    table.find(arena, &token.request_principal, &mut found);
                }
                continue;
            }
            match facts.fact(table.field) {
                Fact::Known(value) if table.likeness.may_be_any(value) => found.extend(&table.rules),
                Fact::Known(value) => table.find(arena, table.likeness.trimmed(value), &mut found),
                // What is unknown holds in every DENY that asks for it, and in no ALLOW.
                Fact::Unknown if effect == Effect::Deny => found.extend(&table.rules),
                // What comes later is the other way round.
                Fact::Later if effect == Effect::Allow => found.extend(&table.rules),
                Fact::Unknown | Fact::Later | Fact::Absent => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The texts of one field and shape, sorted, with the rules filed under each.
#[derive(Debug)]
struct Table {
    field: Field,
    shape: Shape,
    likeness: Likeness,
    keys: Vec<Key>,
    rules: Vec<u32>,
}

#[derive(Debug)]
struct Key {
    text: Span,
    /// The longest other key that this one begins with (ends with, in a table of suffixes).
    parent: Option<u32>,
    rules: Span,
}

impl Table {
    /// Builds the table from `filed`, sorted by text.
    fn build(arena: &Arena, field: Field, shape: Shape, likeness: Likeness, filed: &[(Anchor, u32)]) -> Self {
        let mut table = Self {
            field,
            shape,
            likeness,
            keys: Vec::new(),
            rules: Vec::with_capacity(filed.len()),
        };
        let mut open: Vec<(u32, Span)> = Vec::new();
        for group in filed.chunk_by(|((_, _, text), _), ((_, _, other), _)| {
            compare(likeness, shape, [*text, *other].map(|text| arena.text(text))) == Ordering::Equal
        }) {
            let Some(((_, _, text), _)) = group.first() else {
                continue;
            };
            let start = table.rules.len();
            table.rules.extend(group.iter().map(|(_, rule)| *rule));
            while open
                .last()
                .is_some_and(|(_, above)| !extends(likeness, shape, arena.text(*text), arena.text(*above)))
            {
                open.pop();
            }
            let parent = open.last().map(|(key, _)| *key);
            open.push((u32::try_from(table.keys.len()).unwrap_or(u32::MAX), *text));
            table.keys.push(Key {
                text: *text,
                parent,
                rules: Span::new(start, table.rules.len()),
            });
        }
        table
    }

    /// Adds the rules whose text `value` is, begins with or ends with.
    ///
    /// In sorted order every prefix of a value stands at or before it, and whatever stands between
    /// the two begins with that prefix too. So all of them are on the parents' chain of the last
    /// key that is not greater than the value.
    fn find(&self, arena: &Arena, value: &str, found: &mut Vec<u32>) {
        let not_greater = |key: &Key| {
            compare(self.likeness, self.shape, [arena.text(key.text), value]) != Ordering::Greater
        };
        let after = self.keys.partition_point(not_greater);
        let mut next = after.checked_sub(1).and_then(|last| self.keys.get(last));
        while let Some(key) = next {
            if extends(self.likeness, self.shape, value, arena.text(key.text)) {
                found.extend(key.rules.of(&self.rules));
            }
            next = match self.shape {
                Shape::Exact => None,
                _ => key.parent.and_then(|parent| self.keys.get(parent as usize)),
            };
        }
    }
}

/// The order of a table: of suffixes, from the last byte.
fn compare(likeness: Likeness, shape: Shape, [one, other]: [&str; 2]) -> Ordering {
    likeness.compare(one, other, shape == Shape::Suffix)
}

/// Whether `value` has `text` where the shape wants it.
fn extends(likeness: Likeness, shape: Shape, value: &str, text: &str) -> bool {
    match shape {
        Shape::Exact => likeness.strip_prefix(value, text) == Some(""),
        Shape::Suffix => likeness.strip_suffix(value, text).is_some(),
        Shape::Prefix | Shape::Any => likeness.strip_prefix(value, text).is_some(),
    }
}

/// How many conditions share each anchor, counted by the anchor's hash. Two of one hash look
/// commoner than they are, which may cost a rule its best place and nothing else.
struct Shares(Vec<u32>);

/// The most counts: a quarter of a megabyte.
const MAX_COUNTS: usize = 1 << 16;

impl Shares {
    fn count<'r>(ruleset: &Ruleset, rules: impl Iterator<Item = &'r Rule>) -> Self {
        let size = (ruleset.rules.len() * 8).clamp(64, MAX_COUNTS);
        let mut shares = Self(vec![0; size]);
        let halves = rules.flat_map(|rule| [rule.from, rule.to]);
        let entries = halves.flat_map(|half| ruleset.entries_of(half));
        let conditions = entries.flat_map(|entry| ruleset.conditions_of(*entry));
        for anchor in conditions
            .filter_map(|condition| anchors(ruleset, condition))
            .flatten()
        {
            let slot = shares.slot(&ruleset.arena, &anchor);
            if let Some(count) = shares.0.get_mut(slot) {
                *count += 1;
            }
        }
        shares
    }

    fn of(&self, arena: &Arena, anchor: &Anchor) -> u32 {
        self.0.get(self.slot(arena, anchor)).copied().unwrap_or(0)
    }

    fn slot(&self, arena: &Arena, (field, shape, text): &Anchor) -> usize {
        let mut hasher = DefaultHasher::new();
        (field, shape, arena.text(*text)).hash(&mut hasher);
        hasher.finish() as usize % self.0.len().max(1)
    }
}

/// The anchors of the half of `rule` that the fewest others share; `None` where neither half has
/// an anchor in each of its entries.
fn rarest_half(ruleset: &Ruleset, rule: &Rule, shares: &Shares) -> Option<Vec<Anchor>> {
    let commonest = |anchors: &[Anchor]| {
        anchors
            .iter()
            .map(|anchor| shares.of(&ruleset.arena, anchor))
            .max()
            .unwrap_or(u32::MAX)
    };
    let half = |entries: Span| -> Option<Vec<Anchor>> {
        let entries = ruleset.entries_of(entries);
        if entries.is_empty() {
            return None;
        }
        let mut all = Vec::new();
        for entry in entries {
            let conditions = ruleset.conditions_of(*entry).iter();
            let rarest = conditions
                .filter_map(|condition| anchors(ruleset, condition))
                .min_by_key(|anchors| commonest(anchors))?;
            all.extend(rarest);
        }
        Some(all)
    };
    [half(rule.from), half(rule.to)]
        .into_iter()
        .flatten()
        .min_by_key(|anchors| commonest(anchors))
}

/// The anchors of a condition, one for each pattern; `None` where it or one of them has none. Claims
/// have none: there are too many to look each up.
fn anchors(ruleset: &Ruleset, condition: &Condition) -> Option<Vec<Anchor>> {
    if condition.negated || condition.field == Field::Claims {
        return None;
    }
    let anchor = |pattern: &Pattern| {
        anchor(&ruleset.arena, *pattern).map(|(shape, text)| (condition.field, shape, text))
    };
    ruleset.patterns_of(condition).iter().map(anchor).collect()
}

fn anchor(arena: &Arena, pattern: Pattern) -> Option<(Shape, Span)> {
    let parts = arena.parts(pattern);
    match (pattern.shape, parts) {
        (Shape::Any, _) => None,
        (Shape::Exact, [Part::Text(whole)]) => Some((Shape::Exact, *whole)),
        (Shape::Exact | Shape::Prefix, [Part::Text(head), ..]) => Some((Shape::Prefix, *head)),
        (Shape::Exact | Shape::Suffix, [.., Part::Text(tail)]) => Some((Shape::Suffix, *tail)),
        _ => None,
    }
}
