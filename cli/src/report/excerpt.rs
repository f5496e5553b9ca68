//! The lines around a problem.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::source::Source;
use crate::source::position::Lines;

/// A file with an index of its lines. miette's own source code reads the text from its start for each problem.
#[derive(Debug)]
pub(super) struct Excerpts<'a> {
    source: &'a Source,
    lines: Lines<'a>,
}

impl<'a> Excerpts<'a> {
    pub(super) fn of(source: &'a Source) -> Self {
        Self {
            source,
            lines: Lines::new(&source.text),
        }
    }
}

impl SourceCode for Excerpts<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let wanted = span.offset()..span.offset() + span.len();
        let window = self
            .lines
            .around(&wanted, context_lines_before, context_lines_after);
        let text = self
            .source
            .text
            .get(window.clone())
            .ok_or(MietteError::OutOfBounds)?;
        let shifted = SourceSpan::from((span.offset() - window.start, span.len()));
        let contents = text.read_span(&shifted, context_lines_before, context_lines_after)?;
        let offset = contents.span().offset() + window.start;
        let position = self.lines.position(offset);
        Ok(Box::new(MietteSpanContents::new_named(
            self.source.name.clone(),
            contents.data(),
            (offset, contents.span().len()).into(),
            position.line - 1,
            position.column - 1,
            contents.line_count(),
        )))
    }
}
