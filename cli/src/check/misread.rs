//! Values that kubectl reads as another type than their author means: texts without quotes, and lists without dashes.

use dagward::policy::{ErrorKind, Type};

use crate::report::Problem;
use crate::source::node::{Kind, Node};

/// Explains how a value got the wrong type, and how to mend it.
pub(super) fn explain(text: &str, root: &Node, kind: &ErrorKind, problem: Problem) -> Problem {
    let ErrorKind::WrongType { expected, given } = kind else {
        return problem;
    };
    let Some(written) = unquoted(text, root, &problem) else {
        return shape(text, root, *expected, problem);
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

/// Explains a value of another shape: an object in the place of a list, one text in the place of a list, or a variable
/// in braces in the place of a text.
fn shape(text: &str, root: &Node, expected: Type, problem: Problem) -> Problem {
    let Some(node) = root.at(&problem.path) else {
        return problem;
    };
    let written = text.get(node.span.clone()).unwrap_or_default();
    let is_one_line = !written.is_empty() && !written.contains('\n');
    let mend = match (expected, &node.kind) {
        (Type::List, Kind::Map(_)) => "begin each element of a list with `- `",
        (Type::List, Kind::Scalar(_)) if is_one_line => "put it in brackets",
        (Type::Text, Kind::Map(entries))
            if is_one_line && entries.iter().all(|entry| is_null(&entry.value)) =>
        {
            "YAML takes the braces for an object: quote it"
        }
        (Type::Object, Kind::List(_)) => "an object has no `- ` before its fields",
        _ => return problem,
    };
    let suggestion = match (expected, &node.kind) {
        (Type::List, Kind::Scalar(_)) => Some(format!("[{written}]")),
        (Type::Text, _) => Some(format!("\"{written}\"")),
        _ => None,
    };
    Problem {
        message: format!("{}: {mend}", problem.message),
        suggestion,
        ..problem
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar(value) if value.is_null())
}

/// The type and the text of the value, if kubectl reads it as a number, a boolean or null.
fn unquoted<'t>(text: &'t str, root: &Node, problem: &Problem) -> Option<&'t str> {
    let node = root.at(&problem.path)?;
    let is_other = matches!(&node.kind, Kind::Scalar(value) if !value.is_string());
    let written = text.get(node.span.clone())?;
    (is_other && !written.is_empty()).then_some(written)
}
