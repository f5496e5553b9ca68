//! The texts under which a rule can be filed, and the number of rules that share each.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::policy::arena::{Arena, Part, Pattern, Span};
use crate::policy::compiled::{Compiled, Condition, Rule};
use crate::policy::field::Field;
use crate::policy::pattern::Shape;

/// The literal text that a value must equal, begin with or end with so that a rule can match.
pub(super) type Anchor = (Field, Shape, Span);

/// Counts the conditions that share each anchor, by the anchor's hash. Two anchors with the same hash look
/// more common than they are. The only effect is that a rule may be filed in a less good place.
pub(super) struct Shares(Vec<u32>);

/// The largest number of counts: a quarter of a megabyte.
const MAX_COUNTS: usize = 1 << 16;

impl Shares {
    pub(super) fn count<'r>(
        compiled: &Compiled,
        rules: impl Iterator<Item = &'r Rule>,
        may_file: impl Fn(Field) -> bool,
    ) -> Self {
        let size = (compiled.rules.len() * 8).clamp(64, MAX_COUNTS);
        let mut shares = Self(vec![0; size]);
        let halves = rules.flat_map(|rule| [rule.from, rule.to]);
        let entries = halves.flat_map(|half| compiled.entries_of(half));
        let conditions = entries.flat_map(|entry| compiled.conditions_of(*entry));
        for anchor in conditions
            .filter(|condition| may_file(condition.field))
            .filter_map(|condition| anchors(compiled, condition))
            .flatten()
        {
            let slot = shares.slot(&compiled.arena, &anchor);
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

/// The anchors of that half of `rule` which the fewest others share; `None` if neither half has an anchor in
/// each of its entries.
pub(super) fn rarest_half(
    compiled: &Compiled,
    rule: &Rule,
    shares: &Shares,
    may_file: impl Fn(Field) -> bool,
) -> Option<Vec<Anchor>> {
    let commonest = |anchors: &[Anchor]| {
        anchors
            .iter()
            .map(|anchor| shares.of(&compiled.arena, anchor))
            .max()
            .unwrap_or(u32::MAX)
    };
    let half = |entries: Span| -> Option<Vec<Anchor>> {
        let entries = compiled.entries_of(entries);
        if entries.is_empty() {
            return None;
        }
        let mut all = Vec::new();
        for entry in entries {
            let conditions = compiled.conditions_of(*entry).iter();
            let rarest = conditions
                .filter(|condition| may_file(condition.field))
                .filter_map(|condition| anchors(compiled, condition))
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

/// The anchors of a condition, one for each pattern; `None` if the condition or one of its patterns has none.
/// Conditions on claims have none: there are too many claims to look each up.
fn anchors(compiled: &Compiled, condition: &Condition) -> Option<Vec<Anchor>> {
    if condition.negated || condition.field == Field::Claims {
        return None;
    }
    let anchor = |pattern: &Pattern| {
        anchor(&compiled.arena, *pattern).map(|(shape, text)| (condition.field, shape, text))
    };
    compiled.patterns_of(condition).iter().map(anchor).collect()
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
