//! Texts without quotes, of which kubectl makes numbers, booleans and null.

use dagward::policy::{ErrorKind, Type};

use crate::report::Problem;
use crate::source::node::{Kind, Node};

/// Says of a value of a wrong type how it came to that, and how to mend it.
pub(super) fn explain(text: &str, root: &Node, kind: &ErrorKind, problem: Problem) -> Problem {
    let (ErrorKind::WrongType { expected, given }, Some(written)) = (kind, unquoted(text, root, &problem))
    else {
        return problem;
    };
    // Words of a list are not written like something else.
    if *expected == Type::Text {
        return Problem {
            message: format!("kubectl makes {given} of `{written}`: quote it"),
            suggestion: Some(format!("\"{written}\"")),
            ..problem
        };
    }
    let is_as_written = given.contains(&format!("`{written}`")) || given == written;
    Problem {
        message: match is_as_written {
            true => problem.message,
            false => format!("kubectl makes {given} of `{written}`"),
        },
        ..problem
    }
}

/// What is written there, if it is a number, a boolean or null to kubectl.
fn unquoted<'t>(text: &'t str, root: &Node, problem: &Problem) -> Option<&'t str> {
    let node = root.at(&problem.path)?;
    let is_other = matches!(&node.kind, Kind::Scalar(value) if !value.is_string());
    let written = text.get(node.span.clone())?;
    (is_other && !written.is_empty()).then_some(written)
}
