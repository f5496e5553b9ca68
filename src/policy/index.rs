//! An index that finds the rules that may match a request, without a walk over all rules.
//!
//! Every rule is filed under the conditions of one of its halves: those that the fewest other rules share, by
//! the literal text of their patterns. A request looks up its own values, and only the rules found there are
//! evaluated. The cost grows with the logarithm of the number of rules.
//!
//! A fact can be open: it then satisfies every condition. In a DENY an unknown fact is open, in an ALLOW a
//! pending one. All rules filed under such a field may match, so the index files them a second time without
//! that field, and a third time under fields that are never open. In those copies, rules that differ only in
//! the open fields match alike, and the first of them stands for all.

mod alike;
mod anchor;
pub(super) mod table;

use crate::fact::Fact;

use super::arena::Arena;
use super::compiled::Compiled;
use super::effect::Effect;
use super::facts::Facts;
use super::field::Field;
use super::likeness::Likeness;
use alike::first_of_each;
use anchor::{Anchor, Shares, rarest_half};
use table::{Table, compare};

/// Up to this number of rules of a field are evaluated one by one when the field is open.
const FEW: usize = 16;

/// The most often that a rule is filed, on average. Only rules with many entries of different fields come
/// near.
const MAX_FILINGS: usize = 8;

/// The rules of one effect, filed.
#[derive(Debug, Default)]
pub(super) struct Index {
    tables: Vec<Table>,
    /// Rules without a text to file them under.
    always: Vec<u32>,
    /// For requests in which this field is open: the rules of its tables, filed without it. A field with few
    /// rules has no such copy.
    without: Vec<(Field, Index)>,
}

/// The fields that an index leaves out.
#[derive(Clone, Copy)]
enum Without {
    Nothing,
    /// The field that is open.
    One(Field),
    /// Two open fields. The rules are filed under fields that are never open.
    Two(Field, Field),
}

impl Index {
    pub(super) fn build(compiled: &Compiled, effect: Effect) -> Self {
        let numbered = (0u32..).zip(&compiled.rules);
        let rules: Vec<u32> = numbered
            .filter(|(_, rule)| {
                compiled
                    .policy_of(rule)
                    .is_some_and(|policy| policy.effect == effect)
            })
            .map(|(number, _)| number)
            .collect();
        let mut room = rules.len().saturating_mul(MAX_FILINGS);
        Self::of(compiled, effect, &rules, Without::Nothing, &mut room)
    }

    /// Files `rules`; `room` is the number of further filings that are allowed.
    fn of(compiled: &Compiled, effect: Effect, rules: &[u32], without: Without, room: &mut usize) -> Self {
        let may_file = |field| without.may_file(field);
        let numbered = || {
            let numbers = rules.iter().copied();
            numbers.filter_map(|number| Some((number, compiled.rules.get(number as usize)?)))
        };
        let shares = Shares::count(compiled, numbered().map(|(_, rule)| rule), may_file);
        let mut index = Self::default();
        let mut filed: Vec<(Anchor, u32)> = Vec::new();
        for (number, rule) in numbered() {
            match rarest_half(compiled, rule, &shares, may_file) {
                Some(anchors) => filed.extend(anchors.into_iter().map(|anchor| (anchor, number))),
                None => index.always.push(number),
            }
        }
        *room = room.saturating_sub(filed.len());
        filed.sort_unstable_by(
            |((field, shape, text), rule), ((other, other_shape, other_text), other_rule)| {
                (field, shape)
                    .cmp(&(other, other_shape))
                    .then_with(|| {
                        let likeness = Likeness::of(*field, false, effect);
                        let texts = [*text, *other_text].map(|text| compiled.arena.text(text));
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
                    .push(Table::build(&compiled.arena, *field, *shape, likeness, group));
            }
        }
        drop(filed);
        index.file_again(compiled, effect, without, room);
        index
    }

    /// Files the rules of each field that can be open once more, without that field.
    fn file_again(&mut self, compiled: &Compiled, effect: Effect, without: Without, room: &mut usize) {
        let mut fields: Vec<Field> = self.tables.iter().map(|table| table.field).collect();
        fields.dedup();
        for field in fields.into_iter().filter(|field| field.can_be_open()) {
            let mut rules: Vec<u32> = self.rules_of(field).collect();
            rules.sort_unstable();
            rules.dedup();
            let Some(less) = without.and(field).filter(|_| rules.len() > FEW) else {
                continue;
            };
            let rules = first_of_each(compiled, &rules, &|field| !less.leaves_out(field));
            if rules.len() <= *room {
                let index = Self::of(compiled, effect, &rules, less, room);
                self.without.push((field, index));
            }
        }
    }

    fn rules_of(&self, field: Field) -> impl Iterator<Item = u32> {
        let tables = self.tables.iter().filter(move |table| table.field == field);
        tables.flat_map(Table::rules)
    }

    /// The numbers of the rules that may match, in document order. Of several rules that match alike, at
    /// least the first.
    pub(super) fn candidates(&self, arena: &Arena, effect: Effect, facts: &Facts<'_>) -> Vec<u32> {
        let mut found = Vec::new();
        self.each_list(arena, effect, facts, &mut |list| found.extend(list));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Calls `look` with lists, each in document order, that together contain all [`Index::candidates`]. No
    /// list is copied.
    pub(super) fn each_list<'i>(
        &'i self,
        arena: &Arena,
        effect: Effect,
        facts: &Facts<'_>,
        look: &mut dyn FnMut(&'i [u32]),
    ) {
        look(&self.always);
        for table in &self.tables {
            if table.field == Field::RequestPrincipals {
                for token in facts.tokens() {
                    table.find(arena, &token.request_principal, look);
                }
                continue;
            }
            match facts.seen(table.field, effect) {
                Fact::Known(value) => table.find(arena, value, look),
                open if open == effect.open() && !self.is_filed_without(table.field) => {
                    table.each_list(look);
                }
                Fact::Unknown | Fact::Pending | Fact::Absent => {}
            }
        }
        for (field, index) in &self.without {
            if facts.seen(*field, effect) == effect.open() {
                index.each_list(arena, effect, facts, look);
            }
        }
    }

    fn is_filed_without(&self, field: Field) -> bool {
        self.without.iter().any(|(other, _)| *other == field)
    }
}

impl Without {
    /// These fields and `field`; `None` if no further field can be left out.
    fn and(self, field: Field) -> Option<Self> {
        match self {
            Self::Nothing => Some(Self::One(field)),
            Self::One(first) => Some(Self::Two(first, field)),
            Self::Two(..) => None,
        }
    }

    fn leaves_out(self, field: Field) -> bool {
        match self {
            Self::Nothing => false,
            Self::One(one) => field == one,
            Self::Two(one, other) => field == one || field == other,
        }
    }

    /// Whether rules are filed under `field`.
    fn may_file(self, field: Field) -> bool {
        match self {
            Self::Two(..) => !field.can_be_open(),
            Self::Nothing | Self::One(_) => !self.leaves_out(field),
        }
    }
}

#[cfg(test)]
mod tests;
