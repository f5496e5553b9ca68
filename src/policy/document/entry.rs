//! An entry of `from` or `to`, as it is read from the document.

use std::borrow::Cow;
use std::iter::once;

use super::super::field::{Binding, Field};
use super::super::pattern::Written;
use super::super::side::Side;
use super::reader::At;

/// One entry of `from` or `to`, as read.
pub(super) struct Entry<'d> {
    pub(super) side: Side,
    pub(super) number: usize,
    pub(super) conditions: Vec<ReadCondition<'d>>,
}

/// One condition, as read.
pub(super) struct ReadCondition<'d> {
    pub(super) field: Field,
    pub(super) negated: bool,
    /// Whether a match binds variables.
    pub(super) binds: bool,
    /// The path of the claim that the condition is on.
    pub(super) claim: Option<Cow<'d, str>>,
    /// The patterns, each with its number in the list.
    pub(super) texts: Vec<(usize, Cow<'d, str>)>,
}

impl ReadCondition<'_> {
    /// Its valid patterns. The reader has already reported the invalid ones.
    pub(super) fn patterns(&self) -> impl Iterator<Item = (usize, &str, Written<'_>)> {
        self.texts.iter().filter_map(|(number, text)| {
            Written::parse(text)
                .ok()
                .map(|written| (*number, &**text, written))
        })
    }

    /// How its variables are bound. A `not…` condition binds none.
    pub(super) fn binding(&self) -> Binding {
        match self.negated {
            true => Binding::Nothing,
            false => self.field.binding(),
        }
    }

    /// The names in its patterns, without repeats.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .patterns()
            .flat_map(|(_, _, written)| written.variables().collect::<Vec<_>>())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names that each of its patterns has.
    pub(super) fn names_in_all(&self) -> impl Iterator<Item = &str> {
        self.names().into_iter().filter(|name| {
            let mut patterns = self.patterns();
            patterns.all(|(_, _, written)| written.variables().any(|other| other == *name))
        })
    }

    pub(super) fn word(&self) -> &'static str {
        if self.negated {
            self.field.not_word()
        } else {
            self.field.word()
        }
    }

    /// The position of its patterns: at its word, or below that at its claim.
    pub(super) fn at<'p>(&'p self, word: &'p At<'p>) -> At<'p> {
        self.claim.as_ref().map_or(*word, |claim| word.key(claim))
    }

    /// Its word, and its claim.
    pub(super) fn shown(&self) -> String {
        let claim = self.claim.iter().map(|claim| format!(".{claim}"));
        once(self.word().to_owned()).chain(claim).collect()
    }
}
