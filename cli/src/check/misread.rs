//! Texts without quotes, of which kubectl makes numbers, booleans and null.

use crate::report::Problem;
use crate::source::node::{Kind, Node};

/// Says of a value of a wrong kind how it came to that, and how to mend it.
pub(super) fn explain(text: &str, root: &Node, problem: Problem) -> Problem {
    let (Some(found), Some(written)) = (
        problem.message.strip_prefix("found "),
        unquoted(text, root, &problem),
    ) else {
        return problem;
    };
    if takes_text(&problem) {
        return Problem {
            message: format!("kubectl makes {found} of `{written}`: quote it"),
            suggestion: Some(format!("\"{written}\"")),
            ..problem
        };
    }
    let is_as_written = found.contains(&format!("`{written}`")) || found == written;
    Problem {
        message: match is_as_written {
            true => problem.message,
            false => format!("kubectl makes {found} of `{written}`"),
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

/// Whether a text would have been of the right kind.
fn takes_text(problem: &Problem) -> bool {
    let allowed = problem.allowed.as_deref().unwrap_or_default();
    // In backquotes stand words, of which none is written like something else.
    let takes_other = allowed == "a list"
        || allowed.starts_with('`')
        || allowed.starts_with("a whole number")
        || allowed.ends_with("which is an object");
    !takes_other
}
