//! The rules of one field and shape, by the text that a value must equal, begin with or end with.

use std::cmp::Ordering;

use super::anchor::Anchor;
use crate::operation::ENCODED_SLASH;
use crate::policy::arena::{Arena, Span};
use crate::policy::field::Field;
use crate::policy::likeness::Likeness;
use crate::policy::pattern::Shape;

/// The texts of one field and shape, sorted, with the rules filed under each.
#[derive(Debug)]
pub(in crate::policy) struct Table {
    pub(super) field: Field,
    shape: Shape,
    likeness: Likeness,
    keys: Vec<Key>,
    rules: Vec<u32>,
}

#[derive(Debug)]
struct Key {
    text: Span,
    /// The longest other key that is a prefix of this one (a suffix, in a table of suffixes).
    parent: Option<u32>,
    rules: Span,
}

impl Table {
    /// Builds the table from `filed`, sorted by text.
    pub(in crate::policy) fn build(
        arena: &Arena,
        field: Field,
        shape: Shape,
        likeness: Likeness,
        filed: &[(Anchor, u32)],
    ) -> Self {
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

    /// All rules, some of them several times.
    pub(super) fn rules(&self) -> impl Iterator<Item = u32> {
        self.rules.iter().copied()
    }

    /// Calls `look` with the rules of each text.
    pub(super) fn each_list<'t>(&'t self, look: &mut dyn FnMut(&'t [u32])) {
        for key in &self.keys {
            look(key.rules.of(&self.rules));
        }
    }

    /// Calls `look` with the rules of each text that `value` equals, begins with or ends with.
    ///
    /// In sorted order, every prefix of a value stands at or before the value, and every key between the two
    /// begins with that prefix too. So the last key that is not greater than the value has all of them on its
    /// chain of parents.
    pub(in crate::policy) fn find<'t>(&'t self, arena: &Arena, value: &str, look: &mut dyn FnMut(&'t [u32])) {
        self.find_one(arena, self.likeness.trimmed(value), look);
        if self.likeness == Likeness::Slashed && value.contains(ENCODED_SLASH) {
            let merged = Likeness::merged(value.bytes()).collect();
            // Only ASCII bytes were changed.
            self.find_one(arena, &String::from_utf8(merged).unwrap_or_default(), look);
        }
    }

    fn find_one<'t>(&'t self, arena: &Arena, value: &str, look: &mut dyn FnMut(&'t [u32])) {
        let not_greater = |key: &Key| {
            compare(self.likeness, self.shape, [arena.text(key.text), value]) != Ordering::Greater
        };
        let after = self.keys.partition_point(not_greater);
        let mut next = after.checked_sub(1).and_then(|last| self.keys.get(last));
        while let Some(key) = next {
            if extends(self.likeness, self.shape, value, arena.text(key.text)) {
                look(key.rules.of(&self.rules));
            }
            next = match self.shape {
                Shape::Exact => None,
                _ => key.parent.and_then(|parent| self.keys.get(parent as usize)),
            };
        }
    }
}

/// The order of a table. In a table of suffixes, texts are compared from the last byte.
pub(in crate::policy) fn compare(likeness: Likeness, shape: Shape, [one, other]: [&str; 2]) -> Ordering {
    likeness.compare(one, other, shape == Shape::Suffix)
}

/// Whether `value` begins or ends with `text`, as the shape requires.
fn extends(likeness: Likeness, shape: Shape, value: &str, text: &str) -> bool {
    match shape {
        Shape::Exact => likeness.strip_prefix(value, text) == Some(""),
        Shape::Suffix => likeness.strip_suffix(value, text).is_some(),
        Shape::Prefix | Shape::Any => likeness.strip_prefix(value, text).is_some(),
    }
}
