//! The policies of a file: bare documents, and documents that Istio's resources carry.

use std::fmt;

use dagward::policy::FieldPath;

use super::node::{Kind, Node, Span};

/// One resource or policy document of a file.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A policy document.
    Policy(Carried<'a>),
    /// A resource without a dagward policy.
    PassedOver {
        /// Its kind and name, and why it is passed over.
        what: String,
        /// Its position.
        span: Span,
    },
}

/// A policy document with the resource that carries it.
#[derive(Debug)]
pub(crate) struct Carried<'a> {
    /// The resource that carries it; `None` for a bare document.
    pub(crate) resource: Option<Carrier<'a>>,
    /// The path from the document's root to the policy document.
    pub(crate) path: FieldPath,
    /// The policy document.
    pub(crate) node: &'a Node,
}

/// A resource that carries a policy document.
#[derive(Debug)]
pub(crate) struct Carrier<'a> {
    /// Its kind, name and namespace.
    pub(crate) resource: Resource,
    /// The path to it from the document's root.
    pub(crate) path: FieldPath,
    /// Its value.
    pub(crate) node: &'a Node,
    /// The path from it to the fields of the module: `url`, `failStrategy`, `pluginConfig`.
    pub(crate) module: &'static [&'static str],
}

/// The kind, name and namespace of a Kubernetes resource.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    kind: String,
    name: Option<String>,
    /// The namespace, if one is written.
    pub(crate) namespace: Option<String>,
}

/// Finds the policies of one document.
pub(crate) fn find(root: &Node) -> Vec<Found<'_>> {
    find_at(root, &FieldPath::default(), None)
}

/// `listed` is the kind that the list gives to items without one.
fn find_at<'a>(node: &'a Node, path: &FieldPath, listed: Option<&str>) -> Vec<Found<'a>> {
    let kind = node.field("kind").and_then(Node::text).or(listed);
    if kind.is_none()
        && let Some(what) = other_format(node)
    {
        return vec![Found::PassedOver {
            what: what.to_owned(),
            span: node.span.clone(),
        }];
    }
    match kind {
        None if is_kustomization(node) => vec![passed_over(node, "Kustomization")],
        None if !may_be_ours(node) => vec![Found::PassedOver {
            what: foreign(node).to_owned(),
            span: node.span.clone(),
        }],
        None => vec![Found::Policy(Carried {
            resource: None,
            path: path.clone(),
            node,
        })],
        Some("WasmPlugin") => vec![plugin(node, "WasmPlugin", path, &["spec"])],
        Some("TrafficExtension") => vec![plugin(node, "TrafficExtension", path, &["spec", "wasm"])],
        Some(kind) => match kind.strip_suffix("List") {
            Some(listed) if node.field("items").is_some() => items(node, &path.key("items"), listed),
            _ => vec![passed_over(node, kind)],
        },
    }
}

/// A document of another format of dagward's than the policy, and what to do with it.
fn other_format(node: &Node) -> Option<&'static str> {
    let version = node.field("apiVersion")?.text()?.strip_prefix("dagward/")?;
    let (format, _) = version.split_once('/')?;
    Some(match format {
        "cases" => "test cases: play them with `dagward test POLICY CASES`",
        _ => "a file of another format of dagward's",
    })
}

/// Whether a document without a kind is a policy, maybe a misspelt one. Among several files there can be any other.
fn may_be_ours(node: &Node) -> bool {
    let has_key = |key: &str| {
        let folded: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
        let folded = folded.to_ascii_lowercase();
        OWN.contains(&&*folded) || ["polic", "polis"].iter().any(|stem| folded.starts_with(stem))
    };
    match &node.kind {
        Kind::Map(entries) => entries.is_empty() || entries.iter().any(|entry| has_key(&entry.key)),
        // Null stands for an empty document.
        Kind::Scalar(value) => value.is_null(),
        Kind::List(_) => false,
    }
}

/// Fields of a policy document that other formats do not have, in lower case.
const OWN: [&str; 7] = [
    "apiversion",
    "apiserverhosts",
    "apiservers",
    "meshhosts",
    "policies",
    "stampers",
    "airflow2webpages",
];

/// A document that is not a policy, and what to do with it.
fn foreign(node: &Node) -> &'static str {
    let of_charts = [
        "executor",
        "images",
        "image",
        "workers",
        "webserver",
        "apiServer",
        "scheduler",
        "triggerer",
        "dagProcessor",
        "replicaCount",
        "extraObjects",
        "airflow",
    ];
    let is_of_chart = of_charts.iter().any(|field| node.field(field).is_some());
    match &node.kind {
        Kind::List(_) => "a list, and a policy document is an object with `apiVersion` and `policies`",
        Kind::Scalar(_) => "a text",
        Kind::Map(_) if is_of_chart => {
            "values of a Helm chart: render the chart first, `helm template … --values FILE | dagward validate -`"
        }
        Kind::Map(_) => "a document with neither `kind` nor `apiVersion` nor `policies`",
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

/// The items of the List that `kubectl get -o yaml` prints for several resources, or of a list of one kind from the API
/// server.
fn items<'a>(list: &'a Node, path: &FieldPath, listed: &str) -> Vec<Found<'a>> {
    let items = list.field("items").map(Node::elements).unwrap_or_default();
    let listed = Some(listed).filter(|listed| !listed.is_empty());
    items
        .iter()
        .enumerate()
        .flat_map(|(index, item)| find_at(item, &path.index(index), listed))
        .collect()
}

fn plugin<'a>(node: &'a Node, kind: &str, path: &FieldPath, module: &'static [&'static str]) -> Found<'a> {
    let resource = Resource::read(node, kind);
    let fields = || module.iter().copied().chain(["pluginConfig"]);
    let config = fields().try_fold(node, Node::field);
    let what = match config {
        Some(config) if is_ours(config) => {
            return Found::Policy(Carried {
                path: fields().fold(path.clone(), |path, field| path.key(field)),
                node: config,
                resource: Some(Carrier {
                    resource,
                    path: path.clone(),
                    node,
                    module,
                }),
            });
        }
        Some(config) if config.text().is_some() => {
            format!("{resource}, whose pluginConfig is a text: remove the `|` to make it an object")
        }
        Some(_) => format!("{resource}, whose pluginConfig has neither `apiVersion` nor `policies`"),
        None => format!("{resource}, which has no {}.pluginConfig", module.join(".")),
    };
    Found::PassedOver {
        what,
        span: node.span.clone(),
    }
}

/// Whether a `pluginConfig` is a policy. Other plugins have a `pluginConfig` too, and a misspelt policy is still a
/// policy.
fn is_ours(config: &Node) -> bool {
    ["apiVersion", "policies"]
        .iter()
        .any(|field| config.field(field).is_some())
}

impl Resource {
    /// Whether both are one object in a cluster.
    pub(crate) fn is_same_object(&self, other: &Self) -> bool {
        self.name.is_some()
            && (&self.kind, &self.namespace, &self.name) == (&other.kind, &other.namespace, &other.name)
    }

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

/// Writes `WasmPlugin airflow/dagward`.
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
