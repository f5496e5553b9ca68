//! The parser's events, with their positions in the file.

use dagward::policy::FieldPath;
use libyaml_safer::{Encoding, Error, EventData as Event, Parser};

use super::super::characters::Characters;
use super::super::node::Span;
use super::super::stream::Piece;
use super::{hints, problem};
use crate::report::Problem;

/// The events of one document.
pub(super) struct Events<'a> {
    /// A port of libyaml. go-yaml 2 is a port of it too.
    parser: Parser<&'a [u8]>,
    characters: &'a Characters<'a>,
    text: &'a str,
    piece: Piece,
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a str, piece: Piece, characters: &'a Characters<'a>) -> Self {
        let mut parser = Parser::new();
        parser.set_encoding(Encoding::Utf8);
        parser.set_input(characters.text.as_bytes());
        Self {
            parser,
            characters,
            text,
            piece,
        }
    }

    /// Whether kubectl reads the document as JSON.
    pub(super) fn is_json(&self) -> bool {
        self.piece.is_json
    }

    /// The position of the document's end.
    pub(super) fn end(&self) -> usize {
        self.piece.span.end
    }

    /// The whole text of the file.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The text at a position of the file.
    pub(super) fn written(&self, span: &Span) -> &'a str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The next event.
    ///
    /// # Errors
    /// The problem with the text as YAML.
    pub(super) fn next(&mut self) -> Result<(Event, Span), Problem> {
        match self.parser.parse() {
            Ok(event) => {
                let span = self.offset(event.start_mark.index)..self.offset(event.end_mark.index);
                Ok((event.data, span))
            }
            Err(error) => Err(self.syntax(&error)),
        }
    }

    /// A text that ends too early gets the position of its last character, because nothing stands at its end.
    fn syntax(&self, error: &Error) -> Problem {
        let written = self
            .text
            .get(..self.piece.span.end)
            .unwrap_or_default()
            .trim_end();
        let last = written.char_indices().next_back().map_or(0, |(offset, _)| offset);
        let mark = error.problem_mark().map(|mark| self.offset(mark.index));
        let start = mark.unwrap_or(last).min(last);
        let length = written
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        if self.written(&(start..start + length)) == "\t" {
            let message = "a tab: YAML takes only spaces here".to_owned();
            return problem(FieldPath::default(), start..start + length, message);
        }
        let context = error
            .context()
            .map(|context| format!("{context}, "))
            .unwrap_or_default();
        let message = format!("{context}{}", error.problem());
        hints::explain(
            self.text,
            problem(FieldPath::default(), start..start + length, message),
        )
    }

    /// The position in the file of a byte of the parser's text.
    fn offset(&self, index: u64) -> usize {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        self.piece.span.start + self.characters.origin(index)
    }
}
