//! Texts without quotes that kubectl reads as numbers, booleans or null.

use dagward::policy::{ErrorKind, Type};

use crate::report::Problem;
use crate::source::node::{Kind, Node};

/// Explains how a value got the wrong type, and how to mend it.
pub(super) fn explain(text: &str, root: &Node, kind: &ErrorKind, problem: Problem) -> Problem {
    let (ErrorKind::WrongType { expected, given }, Some(written)) = (kind, unquoted(text, root, &problem))
    else {
        return problem;
    };
    // A list of words has no other spelling.
    if *expected == Type::Text {
        return Problem {
            message: format!("kubectl reads `{written}` as {given}: quote it"),
            suggestion: Some(format!("\"{written}\"")),
            ..problem
        };
    }
    let is_as_written = given.contains(&format!("`{written}`")) || given == written;
    Problem {
        message: match is_as_written {
            true => problem.message,
            false => format!("kubectl reads `{written}` as {given}"),
        },
        ..problem
    }
}

/// The type and the text of the value, if kubectl reads it as a number, a boolean or null.
fn unquoted<'t>(text: &'t str, root: &Node, problem: &Problem) -> Option<&'t str> {
    let node = root.at(&problem.path)?;
    let is_other = matches!(&node.kind, Kind::Scalar(value) if !value.is_string());
    let written = text.get(node.span.clone())?;
    (is_other && !written.is_empty()).then_some(written)
}
