//! An entry of `from` or `to`, as it is read from the document.

use std::borrow::Cow;
use std::iter::once;

use super::super::field::Field;
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

    /// Whether a match binds variables.
    pub(super) fn binds(&self) -> bool {
        self.field.binds() && !self.negated
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
