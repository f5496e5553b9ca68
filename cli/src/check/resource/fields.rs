//! Fields that the resource does not have, and fields without effect.

use dagward::policy::{FieldPath, nearest};
use serde_json::Value;

use super::super::code::Code;
use super::Report;
use crate::report::Problem;
use crate::schema::{VERSION, resource_schema};
use crate::source::node::{Entry, Kind, Node};

/// Warns of fields of the resource.
pub(super) fn check(report: &mut Report<'_>) {
    let kind = report
        .field(&["kind"])
        .1
        .and_then(Node::text)
        .unwrap_or("WasmPlugin");
    let schema = resource_schema(kind);
    let (path, node) = (report.carrier.path.clone(), report.carrier.node);
    walk(report, &schema, &schema, node, &path);
    let (path, value) = report.field(&["apiVersion"]);
    if value.is_some_and(|value| value.text() != Some(VERSION)) {
        let message = "the API server does not know this version of the resource";
        report.warn(Code::ResourceVersion, path, message, &format!("`{VERSION}`"));
    }
    let (path, value) = report.module("verificationKey");
    if value.is_some() {
        let message = "Istio does not act on this field: no proxy verifies the image's signature";
        report.warn(
            Code::IgnoredField,
            path,
            message,
            "the digest in `url`, and a check before you apply it",
        );
    }
}

/// Compares an object with its schema, and the objects in it.
fn walk(report: &mut Report<'_>, whole: &Value, schema: &Value, node: &Node, path: &FieldPath) {
    let schema = resolved(whole, schema);
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(elements) => {
            for (number, element) in elements.iter().enumerate() {
                walk(report, whole, &schema["items"], element, &path.index(number));
            }
        }
        Kind::Map(entries) => {
            let Some(known) = schema["properties"].as_object() else {
                return;
            };
            for entry in entries {
                let at = path.key(&entry.key);
                match known.get(&entry.key) {
                    // The policy has a reader of its own.
                    _ if entry.key == "pluginConfig" => {}
                    Some(schema) => walk(report, whole, schema, &entry.value, &at),
                    None if schema["additionalProperties"] == false => {
                        let names = known.keys().map(String::as_str);
                        report.warnings.push(unknown(entry, at, near(&entry.key, names)));
                    }
                    None => {}
                }
            }
        }
    }
}

fn unknown(entry: &Entry, path: FieldPath, near: Option<String>) -> Problem {
    Problem {
        code: Code::UnknownFieldOfResource,
        span: entry.key_span.clone(),
        path,
        message: format!(
            "the resource has no field `{}` here, and the API server drops it",
            entry.key
        ),
        allowed: None,
        suggestion: near,
    }
}

/// The field that the author may have meant.
fn near<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Option<String> {
    let same_meaning = match name {
        "image" | "uri" | "module" => Some("url"),
        "config" | "configuration" | "pluginconfig" => Some("pluginConfig"),
        "labels" => Some("matchLabels"),
        _ => None,
    };
    let meant = same_meaning.filter(|meant| known.clone().any(|known| known == *meant));
    meant.or_else(|| nearest(name, known)).map(str::to_owned)
}

/// The schema behind a reference.
fn resolved<'s>(whole: &'s Value, schema: &'s Value) -> &'s Value {
    let target = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'));
    target
        .and_then(|pointer| whole.pointer(pointer))
        .unwrap_or(schema)
}
