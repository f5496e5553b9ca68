//! A reader of YAML, and so of JSON, into nodes with positions. It reads the same values as kubectl, or reports a
//! problem.
//!
//! Duplicate keys, keys that are not text and foreign tags are problems here, because two readers could understand them
//! differently. Aliases are replaced by the value of their anchor.

mod anchors;
mod compose;
mod events;
mod fields;
mod hints;

use dagward::policy::FieldPath;
use serde_json::Value;

use super::characters::{self, Characters};
use super::node::{Kind, Node, Span};
use super::stream::{self, Piece};
use crate::check::code::Code;
use crate::report::Problem;
use compose::Composer;
use events::Events;

/// One document of a file.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its value.
    pub(crate) root: Node,
    /// The problems with it as YAML.
    pub(crate) problems: Vec<Problem>,
}

impl Document {
    /// A document without a value, because of this problem.
    fn left_out(problem: Problem) -> Self {
        let start = problem.span.start;
        Self {
            root: Node {
                span: start..start,
                kind: Kind::Scalar(Value::Null),
            },
            problems: vec![problem],
        }
    }
}

/// The documents that were read from a file.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// The documents that are complete.
    pub(crate) read: Vec<Document>,
    /// Why reading stopped before the end of the file.
    pub(crate) broken: Option<Problem>,
}

/// Reads all documents of a text.
pub(crate) fn read(text: &str) -> Documents {
    let pieces = stream::cut(text);
    let mut documents = Documents::default();
    for piece in pieces.read {
        let written = text.get(piece.span.clone()).unwrap_or_default();
        if let Some(problem) = unreadable(written, &piece) {
            if may_have_policy(written) {
                documents.broken = Some(problem);
                return documents;
            }
            documents.read.push(Document::left_out(problem));
            continue;
        }
        let characters = Characters::of(written, piece.is_json);
        match Composer::new(Events::new(text, piece, &characters)).document() {
            Ok(document) => documents.read.extend(document),
            Err(problem) => {
                documents.broken = Some(problem);
                return documents;
            }
        }
    }
    documents.broken = pieces
        .broken
        .map(|(span, message)| problem(FieldPath::default(), span, message));
    documents
}

/// Whether a document could have a policy. Other documents may carry any text.
pub(crate) fn may_have_policy(written: &str) -> bool {
    let marks = ["dagward/", "policies", "pluginConfig"];
    marks.iter().any(|mark| written.contains(mark))
}

/// Text that kubectl's parser or ours cannot read. It is found before the parser runs.
fn unreadable(written: &str, piece: &Piece) -> Option<Problem> {
    if piece.is_json {
        return None;
    }
    let (offset, length, message) = if let Some((offset, character, meaning)) = characters::special(written) {
        let escaped = character.escape_unicode();
        let message = format!("the character `{escaped}`: kubectl {meaning}; write it as an escape in `\"`");
        (offset, character.len_utf8(), message)
    } else {
        let offset = characters::tag_before_comma(written)?;
        (
            offset,
            1,
            "a tag has no meaning before a comma; quote a text that begins with `!`".to_owned(),
        )
    };
    let start = piece.span.start + offset;
    Some(problem(FieldPath::default(), start..start + length, message))
}

fn problem(path: FieldPath, span: Span, message: String) -> Problem {
    Problem {
        code: Code::Yaml,
        path,
        span,
        message,
        allowed: None,
        suggestion: None,
    }
}

#[cfg(test)]
mod tests;
