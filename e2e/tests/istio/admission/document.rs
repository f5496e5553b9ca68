//! `examples/istio/document.yaml`: the API server refuses a document of a wrong shape, and accepts every document that
//! the filter accepts.

use dagward::policy;
use dagward_cluster::Cluster;
use dagward_shipped::manifest;
use dagward_workbench::wait;
use serde_json::{Value, json};

use super::pods::changed;
use super::{IN_FORCE, ask};
use crate::files::text;

/// Documents that load.
const GOOD: [&str; 8] = [
    "wasm-plugin.yaml",
    "examples/istio/waypoint.yaml",
    "examples/policies/ai-agents.yaml",
    "examples/policies/business-service.yaml",
    "examples/policies/names-in-names.yaml",
    "examples/policies/teams-list.yaml",
    "examples/policies/observe-first-day.yaml",
    "cli/tests/validate/good/tokens.yaml",
];

/// A field of the starter policy, a wrong value for it, and a part of the refusal.
fn mistakes() -> Vec<(&'static str, Value, &'static str)> {
    let lists = "must be lists of texts";
    let texts = "a condition must be a list of texts";
    vec![
        ("/polices", json!([]), "unknown fields in `pluginConfig`: polices"),
        ("/apiVersion", json!("dagward/v2"), "must be `dagward/v1`"),
        ("/mode", json!("enforced"), "`pluginConfig.mode` must be one of"),
        ("/mode", json!(true), "`pluginConfig.mode` must be one of"),
        ("/apiServers", json!("spiffe://a/b"), lists),
        ("/stampers", json!([1]), lists),
        ("/meshHosts", json!({}), lists),
        ("/basePath", json!(1), "`basePath` must be a text"),
        ("/airflow2WebPages", json!("yes"), "true or false"),
        ("/tokens", json!({}), "`tokens` must be a list"),
        ("/tokens", json!(["a"]), "`tokens` must be a list"),
        (
            "/tokens",
            json!([{"name": "a", "jwksUrl": "a"}]),
            "tokens.jwksUrl",
        ),
        ("/policies", json!({}), "`policies` must be a list"),
        ("/policies", Value::Null, "`policies` must be a list"),
        ("/policies/0", json!("a"), "`policies` must be a list"),
        ("/policies/0/rule", json!([]), "policies.rule"),
        ("/policies/0/name", json!(2024), "each policy must have a `name`"),
        ("/policies/0/name", json!("a b"), "each policy must have a `name`"),
        ("/policies/0/action", json!("ALOW"), "the `action` of each policy"),
        ("/policies/0/action", Value::Null, "the `action` of each policy"),
        ("/policies/0/mode", json!("observe"), "the `mode` of a policy"),
        ("/policies/0/rules", json!({}), "each policy must have `rules`"),
        ("/policies/0/rules", json!([]), "each policy must have `rules`"),
        ("/policies/0/rules", json!(["a"]), "each policy must have `rules`"),
        (
            "/policies/0/rules/0/form",
            json!([{}]),
            "no fields but `from` and `to`",
        ),
        (
            "/policies/0/rules/0/from",
            json!({}),
            "no fields but `from` and `to`",
        ),
        (
            "/policies/0/rules/0/from",
            json!([]),
            "no fields but `from` and `to`",
        ),
        (
            "/policies/0/rules/0/from/0",
            json!(1),
            "no fields but `from` and `to`",
        ),
        (
            "/policies/0/rules/0/from/0/principal",
            json!(["a"]),
            "an unknown condition",
        ),
        // These conditions belong to the other half of a rule.
        (
            "/policies/0/rules/0/from/0/actions",
            json!(["xcom:read"]),
            "an unknown condition",
        ),
        (
            "/policies/0/rules/0/to/0/dag",
            json!(["a"]),
            "an unknown condition",
        ),
        ("/policies/0/rules/0/to/0/dags", json!("a"), texts),
        ("/policies/0/rules/0/to/0/dags", json!([true]), texts),
        ("/policies/0/rules/0/to/0/dags", json!([202401]), texts),
        ("/policies/0/rules/0/to/0/dags", json!([]), texts),
        ("/policies/0/rules/0/from/0/claims", json!(["a"]), texts),
    ]
}

pub(super) fn is_refused_for_its_shape(cluster: &Cluster) {
    cluster
        .kubernetes()
        .apply(&text("examples/istio/document.yaml"))
        .unwrap();
    let starter = document("wasm-plugin.yaml");
    let apply = |document: &Value| apply(cluster, document, &json!({}));
    wait::until("the policy to be in force", IN_FORCE, || {
        Ok(apply(&json!({})).err().map(drop))
    })
    .unwrap();
    for file in GOOD {
        apply(&document(file)).unwrap();
    }
    let mut wrong = Vec::new();
    for (field, value, expected) in mistakes() {
        let document = with(&starter, field, value);
        assert!(policy::load(document.to_string().as_bytes()).is_err(), "{field}");
        let verdict = apply(&document);
        if !verdict.as_ref().is_err_and(|refusal| refusal.contains(expected)) {
            wrong.push(format!("{field}: {verdict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A text that takes too long to search.
    let policies = starter["policies"]
        .as_array()
        .unwrap()
        .iter()
        .cycle()
        .take(600)
        .enumerate();
    let mut large = starter.clone();
    large["policies"] = policies
        .map(|(number, policy)| changed(policy, &json!({"name": format!("p{number}")})))
        .collect();
    apply(&large).unwrap();
    an_open_plugin_does_not_enforce(cluster, &starter);
    other_plugins_are_no_matter(cluster);
}

/// The overlay changes three fields. If one of them were missing, the policy would sometimes not be enforced.
fn an_open_plugin_does_not_enforce(cluster: &Cluster, starter: &Value) {
    let mut enforced = starter.clone();
    enforced["mode"] = json!("enforce");
    for open in [
        json!({"pluginName": "dagward-open"}),
        json!({"failStrategy": "FAIL_OPEN"}),
    ] {
        apply(cluster, starter, &open).unwrap();
        let refusal = apply(cluster, &enforced, &open).unwrap_err();
        assert!(refusal.contains("`mode: enforce` needs"), "{refusal}");
    }
    apply(cluster, &enforced, &json!({})).unwrap();
}

fn other_plugins_are_no_matter(cluster: &Cluster) {
    let mut other = plugin(&json!({"anything": 1}), &json!({"pluginName": "other"}));
    other["metadata"]["name"] = json!("other");
    try_to(cluster, &other).unwrap();
}

fn document(file: &str) -> Value {
    let manifests = manifest::read_all(file).unwrap();
    let mut document = manifests.iter().find_map(manifest::policy).cloned().unwrap();
    // A plugin that enforces must fail closed. This test checks that by itself.
    document["mode"] = json!("shadow");
    document
}

fn plugin(document: &Value, more: &Value) -> Value {
    let mut plugin = manifest::read("wasm-plugin.yaml").unwrap();
    plugin["metadata"]["namespace"] = json!("default");
    plugin["spec"]["pluginConfig"] = document.clone();
    let fields = plugin["spec"].as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    plugin
}

fn apply(cluster: &Cluster, document: &Value, more: &Value) -> Result<(), String> {
    try_to(cluster, &plugin(document, more))
}

fn try_to(cluster: &Cluster, object: &Value) -> Result<(), String> {
    let arguments = ["create", "--dry-run=server", "--filename", "-"];
    ask(cluster, "admin", &arguments, &object.to_string())
}

/// The document with another value of a field; null removes it.
fn with(document: &Value, pointer: &str, value: Value) -> Value {
    let mut document = document.clone();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[field.parse::<usize>().unwrap()] = value,
        object if value.is_null() => drop(object.as_object_mut().unwrap().remove(field)),
        object => object[field] = value,
    }
    document
}
