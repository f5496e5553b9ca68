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
    find_at(root, &FieldPath::default(), None)
}

/// `listed` is the kind that the list gives to items without one.
fn find_at<'a>(node: &'a Node, path: &FieldPath, listed: Option<&str>) -> Vec<Found<'a>> {
    let kind = node.field("kind").and_then(Node::text).or(listed);
    match kind {
        None if is_kustomization(node) => vec![passed_over(node, "Kustomization")],
        None => vec![Found::Policy(Carried {
            resource: None,
            path: path.clone(),
            node,
        })],
        Some("WasmPlugin") => vec![plugin(node, "WasmPlugin", path, &["spec", "pluginConfig"])],
        Some("TrafficExtension") => {
            let fields = ["spec", "wasm", "pluginConfig"];
            vec![plugin(node, "TrafficExtension", path, &fields)]
        }
        Some(kind) => match kind.strip_suffix("List") {
            Some(listed) if node.field("items").is_some() => items(node, &path.key("items"), listed),
            _ => vec![passed_over(node, kind)],
        },
    }
}

/// A kustomization needs no kind (`kustomize.config.k8s.io/v1beta1`).
fn is_kustomization(node: &Node) -> bool {
    let has = |field: &&str| node.field(field).is_some();
    !is_ours(node) && ["resources", "patches", "components", "bases"].iter().any(has)
}

fn passed_over<'a>(node: &Node, kind: &str) -> Found<'a> {
    let mend = match kind {
        "Kustomization" | "Component" => ": build it first, `kubectl kustomize FOLDER | dagward validate -`",
        _ => "",
    };
    Found::PassedOver {
        what: format!("{}{mend}", Resource::read(node, kind)),
        span: node.span.clone(),
    }
}

/// What `kubectl get -o yaml` prints for several resources, or the API server for a list of one kind.
fn items<'a>(list: &'a Node, path: &FieldPath, listed: &str) -> Vec<Found<'a>> {
    let items = list.field("items").map(Node::elements).unwrap_or_default();
    let listed = Some(listed).filter(|listed| !listed.is_empty());
    items
        .iter()
        .enumerate()
        .flat_map(|(index, item)| find_at(item, &path.index(index), listed))
        .collect()
}

fn plugin<'a>(resource: &'a Node, kind: &str, base: &FieldPath, fields: &[&str]) -> Found<'a> {
    let title = Resource::read(resource, kind);
    let config = fields.iter().try_fold(resource, |node, field| node.field(field));
    match config {
        Some(node) if is_ours(node) => {
            let path = fields.iter().fold(base.clone(), |path, field| path.key(field));
            Found::Policy(Carried {
                resource: Some(title),
                path,
                node,
            })
        }
        Some(node) if node.text().is_some() => {
            let what =
                format!("{title}, whose pluginConfig is a text: take the `|` away to make it an object");
            Found::PassedOver {
                what,
                span: resource.span.clone(),
            }
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
