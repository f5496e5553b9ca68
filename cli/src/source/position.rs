//! Offsets as lines and columns, for people and editors. Both count from 1. Columns count characters.

use super::node::Span;

/// The starts of a text's lines.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

/// A line and a column, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The line.
    pub(crate) line: usize,
    /// The column, in characters.
    pub(crate) column: usize,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text.
    pub(crate) fn new(text: &'a str) -> Self {
        let behind_breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(behind_breaks).collect(),
        }
    }

    /// The line and column of a byte offset.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let line = self.number(offset);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        Position {
            line: line + 1,
            column: before.chars().count() + 1,
        }
    }

    /// The whole lines of a span, with some lines of context before and behind it.
    pub(crate) fn around(&self, span: &Span, before: usize, after: usize) -> Span {
        let first = self.number(span.start).saturating_sub(before);
        let behind = self.number(span.end).saturating_add(after).saturating_add(1);
        let start = self.starts.get(first).copied().unwrap_or(0);
        start..self.starts.get(behind).copied().unwrap_or(self.text.len())
    }

    /// The number of an offset's line, from 0.
    fn number(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }
}

/// The part of a span on its first line with text, without the white space around it: the part that a caret can stand
/// under.
pub(crate) fn first_line(text: &str, span: &Span) -> Span {
    let written = text.get(span.clone()).unwrap_or_default();
    // A tab is a problem by itself.
    if written == "\t" {
        return span.clone();
    }
    let start = span.start + written.len() - written.trim_start().len();
    let line = written.trim_start().lines().next().unwrap_or_default();
    start..start + line.trim_end().len()
}
