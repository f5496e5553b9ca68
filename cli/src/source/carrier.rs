//! Where in a file the policies are: documents themselves, or carried by Istio's resources.

use dagward::policy::FieldPath;

use super::node::{Node, Span};

/// What one document of a file turned out to hold.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A policy document.
    Policy(Carried<'a>),
    /// A resource that is none of dagward's business.
    PassedOver {
        /// What it is, and why it was passed over.
        what: String,
        /// Where it stands.
        span: Span,
    },
}

/// A policy document and what carries it.
#[derive(Debug)]
pub(crate) struct Carried<'a> {
    /// The resource that carries it, such as `WasmPlugin airflow/dagward`; `None` for a document
    /// that stands for itself.
    pub(crate) resource: Option<String>,
    /// The way from the document's root to the policy document.
    pub(crate) path: FieldPath,
    /// The policy document.
    pub(crate) node: &'a Node,
}

/// Finds the policies of one document.
pub(crate) fn find(root: &Node) -> Vec<Found<'_>> {
    find_at(root, &FieldPath::default())
}

fn find_at<'a>(node: &'a Node, path: &FieldPath) -> Vec<Found<'a>> {
    let Some(kind) = node.field("kind").and_then(Node::text) else {
        return vec![Found::Policy(Carried {
            resource: None,
            path: path.clone(),
            node,
        })];
    };
    match kind {
        "List" => items(node, &path.key("items")),
        "WasmPlugin" => vec![plugin(node, kind, path, &["spec", "pluginConfig"])],
        "TrafficExtension" => vec![plugin(node, kind, path, &["spec", "wasm", "pluginConfig"])],
        _ => vec![Found::PassedOver {
            what: title(node, kind),
            span: node.span.clone(),
        }],
    }
}

/// What `kubectl get -o yaml` prints for several resources.
fn items<'a>(list: &'a Node, path: &FieldPath) -> Vec<Found<'a>> {
    let items = list.field("items").map(Node::elements).unwrap_or_default();
    items
        .iter()
        .enumerate()
        .flat_map(|(index, item)| find_at(item, &path.index(index)))
        .collect()
}

fn plugin<'a>(resource: &'a Node, kind: &str, path: &FieldPath, fields: &[&str]) -> Found<'a> {
    let title = title(resource, kind);
    let config = fields.iter().try_fold(resource, |node, field| node.field(field));
    match config {
        Some(node) if is_ours(node) => {
            let path = fields.iter().fold(path.clone(), |path, field| path.key(field));
            Found::Policy(Carried {
                resource: Some(title),
                path,
                node,
            })
        }
        Some(_) => {
            let what = format!("{title}, whose pluginConfig has neither `apiVersion` nor `policies`");
            Found::PassedOver {
                what,
                span: resource.span.clone(),
            }
        }
        None => {
            let what = format!("{title}, which has no {}", fields.join("."));
            Found::PassedOver {
                what,
                span: resource.span.clone(),
            }
        }
    }
}

/// Other plugins have a configuration too, and a misspelt policy is still a policy.
fn is_ours(config: &Node) -> bool {
    ["apiVersion", "policies"]
        .iter()
        .any(|field| config.field(field).is_some())
}

fn title(resource: &Node, kind: &str) -> String {
    let metadata = |field| {
        resource
            .field("metadata")
            .and_then(|node| node.field(field))
            .and_then(Node::text)
    };
    match (metadata("namespace"), metadata("name")) {
        (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (None, Some(name)) => format!("{kind} {name}"),
        (_, None) => kind.to_owned(),
    }
}
