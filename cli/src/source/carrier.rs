//! Where in a file the policies are: documents themselves, or carried by Istio's resources.

use std::fmt;

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
    /// The resource that carries it; `None` for a document that stands for itself.
    pub(crate) resource: Option<Resource>,
    /// The way from the document's root to the policy document.
    pub(crate) path: FieldPath,
    /// The policy document.
    pub(crate) node: &'a Node,
}

/// A Kubernetes resource by its names.
#[derive(Debug)]
pub(crate) struct Resource {
    kind: String,
    name: Option<String>,
    /// Where it is.
    pub(crate) namespace: Option<String>,
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
            what: Resource::read(node, kind).to_string(),
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
    let title = Resource::read(resource, kind);
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

impl Resource {
    fn read(node: &Node, kind: &str) -> Self {
        let metadata = |field| {
            let text = node.field("metadata")?.field(field)?.text()?;
            Some(text.to_owned())
        };
        Self {
            kind: kind.to_owned(),
            name: metadata("name"),
            namespace: metadata("namespace"),
        }
    }
}

/// `WasmPlugin airflow/dagward`.
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            name,
            namespace,
        } = self;
        match (namespace, name) {
            (Some(namespace), Some(name)) => write!(f, "{kind} {namespace}/{name}"),
            (None, Some(name)) => write!(f, "{kind} {name}"),
            (_, None) => f.write_str(kind),
        }
    }
}
