//! The names and patterns of one kind of object, and the team of each.

use crate::policy::arena::{Arena, Span};
use crate::policy::effect::Effect;
use crate::policy::field::Field;
use crate::policy::index::table::{Table, compare};
use crate::policy::likeness::Likeness;
use crate::policy::pattern::Shape;

use super::clash::{Clash, clashes};

/// The position of a team in the list.
pub(super) type TeamNumber = u32;

/// A name or a pattern as a team lists it.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Listed {
    pub(in crate::policy) team: TeamNumber,
    /// Its position in the team's list.
    pub(in crate::policy) number: u32,
    /// Never [`Shape::Any`]: `*` is a prefix without a text.
    pub(in crate::policy) shape: Shape,
    pub(in crate::policy) text: Span,
    /// The length of its text in characters.
    pub(in crate::policy) length: u32,
}

impl Listed {
    /// Its rank: an exact name beats a pattern, a longer pattern beats a shorter one.
    fn rank(&self) -> (bool, u32) {
        (self.shape == Shape::Exact, self.length)
    }

    fn stronger<'l>(&'l self, other: Option<&'l Self>) -> &'l Self {
        match other {
            Some(other) if other.rank() >= self.rank() => other,
            _ => self,
        }
    }

    /// Whether it matches `value` as it is written.
    fn matches(&self, arena: &Arena, value: &str) -> bool {
        let text = arena.text(self.text);
        match self.shape {
            Shape::Exact => value == text,
            Shape::Suffix => value.ends_with(text),
            Shape::Prefix | Shape::Any => value.starts_with(text),
        }
    }
}

/// The owner of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// No team.
    None,
    Team(TeamNumber),
    /// Airflow may take the name for another one, which has another owner.
    Alike,
}

/// All that teams list of one kind.
#[derive(Debug)]
pub(in crate::policy) struct Owners {
    likeness: Likeness,
    listed: Vec<Listed>,
    /// For exact names, prefixes and suffixes. A table files numbers of `listed`.
    tables: [Table; 3],
}

impl Owners {
    /// Files `listed`, the objects of one kind. Also returns the pairs of which neither beats the other.
    pub(in crate::policy) fn build(arena: &Arena, field: Field, listed: Vec<Listed>) -> (Self, Vec<Clash>) {
        // Names that Airflow may take for the same must have the same owner.
        let likeness = Likeness::of(field, false, Effect::Deny);
        let clashes = clashes(arena, likeness, &listed);
        let tables = [Shape::Exact, Shape::Prefix, Shape::Suffix].map(|shape| {
            let numbered = (0u32..).zip(&listed);
            let mut filed: Vec<_> = numbered
                .filter(|(_, listed)| listed.shape == shape)
                .map(|(number, listed)| ((field, shape, listed.text), number))
                .collect();
            filed.sort_unstable_by(|((_, _, one), _), ((_, _, other), _)| {
                compare(likeness, shape, [*one, *other].map(|text| arena.text(text)))
            });
            Table::build(arena, field, shape, likeness, &filed)
        });
        let owners = Self {
            likeness,
            listed,
            tables,
        };
        (owners, clashes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The owner of `value`. Known only if the name as it is written and the name as the most tolerant server
    /// compares it have the same owner.
    pub(super) fn of(&self, arena: &Arena, value: &str) -> Owner {
        if self.listed.is_empty() || value.is_empty() {
            return Owner::None;
        }
        if self.likeness.may_be_any(value) {
            return Owner::Alike;
        }
        let (alike, exact) = self.strongest(arena, value);
        match (alike, exact) {
            (None, _) => Owner::None,
            (Some(alike), Some(exact)) if alike.team == exact.team => Owner::Team(exact.team),
            _ => Owner::Alike,
        }
    }

    /// The entry that gives `value` its owner as it is written.
    pub(in crate::policy) fn entry(&self, arena: &Arena, value: &str) -> Option<Listed> {
        let (_, exact) = self.strongest(arena, value);
        exact.copied()
    }

    /// The strongest entry for names that are alike, and for the name as it is written.
    fn strongest(&self, arena: &Arena, value: &str) -> (Option<&Listed>, Option<&Listed>) {
        let (mut alike, mut exact) = (None, None);
        for table in &self.tables {
            table.find(arena, value, &mut |numbers| {
                for listed in numbers
                    .iter()
                    .filter_map(|number| self.listed.get(*number as usize))
                {
                    alike = Some(listed.stronger(alike));
                    if listed.matches(arena, value) {
                        exact = Some(listed.stronger(exact));
                    }
                }
            });
            // An exact name beats all patterns.
            if exact.is_some_and(|listed| listed.shape == Shape::Exact) {
                break;
            }
        }
        (alike, exact)
    }

    /// The exact names.
    pub(in crate::policy) fn exact(&self) -> Vec<Listed> {
        let exact = self.listed.iter().filter(|listed| listed.shape == Shape::Exact);
        exact.copied().collect()
    }
}
