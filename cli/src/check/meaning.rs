//! Warnings about documents that the filter accepts, and that probably do not do what their author wants.

mod callers;
mod covered;
mod dashes;
mod document;
mod gateways;
mod holds;
mod lists;
mod pattern;
mod prefixes;
mod proofs;
mod requests;
mod routes;
mod trust;
mod view;

use dagward::policy::{FieldPath, Ruleset};

use super::code::Code;
use crate::report::Problem;
use crate::source::carrier::Carried;
use crate::source::node::{Node, Part};
use view::View;

/// Warns of a document.
pub(super) fn warnings(root: &Node, carried: &Carried<'_>, ruleset: &Ruleset) -> Vec<Problem> {
    let view = View::read(carried, ruleset);
    let mut sink = Sink {
        root,
        found: Vec::new(),
    };
    document::check(&view, &mut sink);
    trust::check(&view, &mut sink);
    let split = dashes::check(&view, &mut sink);
    callers::check(&view, &split, &mut sink);
    requests::check(&view, &split, &mut sink);
    prefixes::check(&view, &mut sink);
    proofs::check(&view, &mut sink);
    gateways::check(&view, &mut sink);
    holds::check(&view, &mut sink);
    lists::check(&view, &mut sink);
    covered::check(&view, &mut sink);
    sink.found
}

/// The warnings so far.
struct Sink<'a> {
    root: &'a Node,
    found: Vec<Problem>,
}

impl Sink<'_> {
    /// Warns of the value at a path, with the mend of its code.
    fn warn(&mut self, code: Code, path: &FieldPath, message: impl Into<String>) {
        self.warn_with(code, path, message, code.mend());
    }

    /// Warns of the value at a path, with a mend of its own.
    fn warn_with(
        &mut self,
        code: Code,
        path: &FieldPath,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.found.push(Problem {
            code,
            span: self.root.locate(path, Part::Value),
            path: path.clone(),
            message: message.into(),
            allowed: Some(mend.into()),
            suggestion: None,
        });
    }
}

#[cfg(test)]
mod tests;
