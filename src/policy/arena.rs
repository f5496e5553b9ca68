//! The storage of a compiled policy's texts and patterns: a few flat vectors.
//!
//! Ten thousand rules as boxed trees would take several times the memory of their text, in every VM of every
//! proxy. In flat vectors, a rule takes about 150 bytes plus its text.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::pattern::{Piece, Shape, Written};

/// A range in one of the vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// The range `start..end`; empty if the numbers do not form a range of 32 bits.
    pub(super) fn new(start: usize, end: usize) -> Self {
        match (u32::try_from(start), u32::try_from(end.saturating_sub(start))) {
            (Ok(start), Ok(len)) => Self { start, len },
            _ => Self::default(),
        }
    }

    /// The elements of `items` in this range; empty if the range lies outside `items`.
    pub(super) fn of<T>(self, items: &[T]) -> &[T] {
        let start = self.start as usize;
        items.get(start..start + self.len as usize).unwrap_or_default()
    }

    /// The text of `buffer` in this range; empty if the range lies outside `buffer`.
    pub(super) fn text(self, buffer: &str) -> &str {
        let start = self.start as usize;
        buffer.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// A piece of a compiled pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// Literal text.
    Text(Span),
    /// The number of a variable within its rule.
    Variable(u8),
}

/// A compiled pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern {
    pub(super) shape: Shape,
    parts: Span,
}

/// The texts and patterns of a rule set.
#[derive(Debug, Default)]
pub(super) struct Arena {
    buffer: String,
    parts: Vec<Part>,
    patterns: Vec<Pattern>,
}

impl Arena {
    pub(super) fn text(&self, span: Span) -> &str {
        span.text(&self.buffer)
    }

    pub(super) fn patterns(&self, span: Span) -> &[Pattern] {
        span.of(&self.patterns)
    }

    pub(super) fn parts(&self, pattern: Pattern) -> &[Part] {
        pattern.parts.of(&self.parts)
    }

    /// Whether two lists of patterns are the same. Texts are compared by where they are stored.
    fn are_alike(&self, one: Span, other: Span) -> bool {
        let shape_and_parts = |pattern: &Pattern| (pattern.shape, self.parts(*pattern));
        let one = self.patterns(one).iter().map(shape_and_parts);
        one.eq(self.patterns(other).iter().map(shape_and_parts))
    }

    /// The pattern as the document spells it, for explanations.
    pub(super) fn show(&self, pattern: Pattern, variable: impl Fn(u8) -> String) -> String {
        let body: String = self
            .parts(pattern)
            .iter()
            .map(|part| match part {
                Part::Text(span) => self.text(*span).to_owned(),
                Part::Variable(number) => variable(*number),
            })
            .collect();
        match pattern.shape {
            Shape::Any => "*".to_owned(),
            Shape::Exact => body,
            Shape::Prefix => format!("{body}*"),
            Shape::Suffix => format!("*{body}"),
        }
    }
}

/// The number of recent texts, and of recent lists, that the builder remembers. Repeated texts tend to repeat
/// soon, so the builder can forget all of them now and then at little cost. To remember all of them would
/// take about as much memory as the rules themselves.
const MAX_RECENT: usize = 4_096;

/// Fills an [`Arena`]. Texts and lists of patterns that it has seen recently are not stored again.
#[derive(Default)]
pub(super) struct ArenaBuilder {
    arena: Arena,
    hasher: RandomState,
    texts: HashMap<u64, Span>,
    lists: HashMap<u64, Span>,
}

impl ArenaBuilder {
    /// Stores a list of patterns and returns its range; `number` gives each variable its number.
    pub(super) fn list<'w>(
        &mut self,
        list: impl IntoIterator<Item = Written<'w>>,
        number: impl Fn(&str) -> u8,
    ) -> Span {
        let (patterns, parts) = (self.arena.patterns.len(), self.arena.parts.len());
        for written in list {
            self.push(&written, &number);
        }
        let added = Span::new(patterns, self.arena.patterns.len());
        let hash = self.hash_of(added);
        match self.lists.get(&hash) {
            Some(known) if self.arena.are_alike(*known, added) => {
                self.arena.patterns.truncate(patterns);
                self.arena.parts.truncate(parts);
                *known
            }
            _ => {
                remember(&mut self.lists, hash, added);
                added
            }
        }
    }

    /// Stores `text` and returns its range.
    pub(super) fn intern(&mut self, text: &str) -> Span {
        let hash = self.hasher.hash_one(text);
        if let Some(known) = self.texts.get(&hash)
            && self.arena.text(*known) == text
        {
            return *known;
        }
        let start = self.arena.buffer.len();
        self.arena.buffer.push_str(text);
        let span = Span::new(start, self.arena.buffer.len());
        remember(&mut self.texts, hash, span);
        span
    }

    /// The arena as filled so far.
    pub(super) fn arena(&self) -> &Arena {
        &self.arena
    }

    /// Reserves memory for the texts and patterns of `rules` rules, written in `bytes` bytes. About a third
    /// of a document is its own words; the rest is the language's.
    pub(super) fn reserve(&mut self, rules: usize, bytes: usize) {
        self.arena.buffer.reserve(bytes / 3);
        self.arena.patterns.reserve(rules * 2);
        self.arena.parts.reserve(rules * 2);
    }

    /// The finished arena.
    pub(super) fn finish(mut self) -> Arena {
        self.arena.buffer.shrink_to_fit();
        self.arena.parts.shrink_to_fit();
        self.arena.patterns.shrink_to_fit();
        self.arena
    }

    fn push(&mut self, written: &Written<'_>, number: impl Fn(&str) -> u8) {
        let start = self.arena.parts.len();
        for piece in &written.pieces {
            let part = match piece {
                Piece::Text(text) => Part::Text(self.intern(text)),
                Piece::Variable(name) => Part::Variable(number(name)),
            };
            self.arena.parts.push(part);
        }
        let parts = Span::new(start, self.arena.parts.len());
        self.arena.patterns.push(Pattern {
            shape: written.shape,
            parts,
        });
    }

    fn hash_of(&self, list: Span) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        for pattern in self.arena.patterns(list) {
            pattern.shape.hash(&mut hasher);
            self.arena.parts(*pattern).hash(&mut hasher);
        }
        hasher.finish()
    }
}

fn remember(recent: &mut HashMap<u64, Span>, hash: u64, span: Span) {
    if recent.len() >= MAX_RECENT {
        recent.clear();
    }
    recent.insert(hash, span);
}
