//! Several plugins on the same pods.

use dagward::policy::FieldPath;

use super::super::code::Code;
use crate::report::Problem;
use crate::source::Source;
use crate::source::carrier::{Carrier, Resource};
use crate::source::node::{Node, Span};

/// Istio's default root namespace: the plugins in it apply to the whole mesh.
pub(super) const ROOT: &str = "istio-system";

/// A resource that carries a policy.
#[derive(Debug)]
pub(crate) struct Plugin {
    resource: Resource,
    file: String,
    path: FieldPath,
    span: Span,
    /// The labels of its selector; an empty list selects every pod.
    labels: Vec<(String, String)>,
    /// The waypoints and gateways that it is attached to instead of pods.
    targets: Option<serde_json::Value>,
}

impl Plugin {
    /// Reads which pods a resource selects.
    pub(crate) fn of(carrier: &Carrier<'_>, source: &Source) -> Self {
        let spec = |field| carrier.node.field("spec").and_then(|spec| spec.field(field));
        let labels = spec("selector").and_then(|selector| selector.field("matchLabels"));
        let labels = labels.cloned().map(Node::into_entries).unwrap_or_default();
        let label = |entry: crate::source::node::Entry| Some((entry.key, entry.value.text()?.to_owned()));
        let name = carrier
            .node
            .field("metadata")
            .and_then(|metadata| metadata.field("name"));
        Self {
            resource: carrier.resource.clone(),
            file: source.name.clone(),
            path: carrier.path.key("metadata").key("name"),
            span: name.unwrap_or(carrier.node).span.clone(),
            labels: labels.into_iter().filter_map(label).collect(),
            targets: spec("targetRefs").map(Node::to_json),
        }
    }

    /// Warns of a plugin that selects the same pods.
    pub(crate) fn beside(&self, others: &[Self]) -> Option<Problem> {
        let other = others.iter().find(|other| self.meets(other))?;
        let place = match self.file == other.file {
            true => String::new(),
            false => format!(" in `{}`", other.file),
        };
        let (effect, mend) = match self.resource.is_same_object(&other.resource) {
            true => (
                "is the same object: the one that you apply last replaces the other",
                "one of the two, or another name",
            ),
            false => (
                "works on the same pods: a request passes only if both allow it, and each refuses requests that only the \
                 other allows",
                "one plugin with the policies of both",
            ),
        };
        Some(Problem {
            code: Code::TwoPlugins,
            path: self.path.clone(),
            span: self.span.clone(),
            message: format!("{}{place} {effect}", other.resource),
            allowed: Some(mend.to_owned()),
            suggestion: None,
        })
    }

    fn meets(&self, other: &Self) -> bool {
        let namespaces = [&self.resource, &other.resource].map(|resource| resource.namespace.as_deref());
        let is_same = namespaces[0] == namespaces[1] || namespaces.contains(&Some(ROOT));
        let differs = |(key, value): &(String, String)| {
            other
                .labels
                .iter()
                .any(|(name, label)| name == key && label != value)
        };
        is_same && self.targets == other.targets && !self.labels.iter().any(differs)
    }
}
