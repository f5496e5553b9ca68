//! The resource that carries a policy document: warns where the resource keeps the document from doing what it says.

mod fields;
mod namespace;
mod plugin;
mod reach;
mod settings;

use dagward::policy::{FieldPath, Mode};

use super::code::Code;
use crate::report::Problem;
use crate::source::carrier::{Carried, Carrier};
use crate::source::node::{Kind, Node, Part};

pub(crate) use plugin::Plugin;

/// Warns of a resource that does not fit the document in it.
pub(super) fn warnings(root: &Node, carried: &Carried<'_>, mode: Mode) -> Vec<Problem> {
    let Some(carrier) = &carried.resource else {
        return Vec::new();
    };
    let mut report = Report {
        root,
        carrier,
        warnings: Vec::new(),
    };
    fields::check(&mut report);
    settings::check(&mut report, mode);
    let is_airflow = is_about_airflow(carried.node);
    reach::check(&mut report, is_airflow);
    if is_airflow {
        namespace::check(&mut report, carried);
    }
    report.warnings
}

/// Whether the document is for Airflow's own namespace. A document for a service that tasks call has neither surfaces
/// nor actions. A document without policies only stamps and counts.
fn is_about_airflow(document: &Node) -> bool {
    let policies = document.field("policies").map(Node::elements).unwrap_or_default();
    let rules = policies.iter().flat_map(|policy| list(policy, "rules"));
    let mut targets = rules.flat_map(|rule| list(rule, "to"));
    document.field("apiServers").is_some()
        || policies.is_empty()
        || targets.any(|to| {
            ["surfaces", "actions"]
                .iter()
                .any(|field| to.field(field).is_some())
        })
}

fn list<'a>(node: &'a Node, field: &str) -> &'a [Node] {
    node.field(field).map(Node::elements).unwrap_or_default()
}

/// The warnings so far.
struct Report<'a> {
    root: &'a Node,
    carrier: &'a Carrier<'a>,
    warnings: Vec<Problem>,
}

impl<'a> Report<'a> {
    /// The path to a field of the resource, and its value.
    fn field(&self, fields: &[&str]) -> (FieldPath, Option<&'a Node>) {
        let path = fields
            .iter()
            .fold(self.carrier.path.clone(), |path, field| path.key(field));
        let value = fields
            .iter()
            .try_fold(self.carrier.node, |node, field| node.field(field));
        (path, value.filter(|value| !is_null(value)))
    }

    /// The path to a field beside `pluginConfig`, and its value.
    fn module(&self, field: &str) -> (FieldPath, Option<&'a Node>) {
        self.field(&[self.carrier.module, &[field]].concat())
    }

    /// The path to a field of the document, and its value.
    fn module_config(&self, field: &str) -> (FieldPath, Option<&'a Node>) {
        self.field(&[self.carrier.module, &["pluginConfig", field]].concat())
    }

    /// Warns of a value, or of a missing field.
    fn warn(&mut self, code: Code, path: FieldPath, message: impl Into<String>, mend: &str) {
        let part = if self.root.at(&path).is_some() {
            Part::Value
        } else {
            Part::Key
        };
        self.warnings.push(Problem {
            code,
            span: self.root.locate(&path, part),
            path,
            message: message.into(),
            allowed: Some(mend.to_owned()),
            suggestion: None,
        });
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar(value) if value.is_null())
}
