//! JSON Schemas of the Istio resources that carry a document. They describe the CRDs of Istio 1.31
//! (`extensions.istio.io/v1alpha1`), with the document as `pluginConfig`. They do not allow unknown fields, because the
//! API server would drop them.

use serde_json::{Map, Value, json};

pub(crate) const VERSION: &str = "extensions.istio.io/v1alpha1";

/// A WasmPlugin: the fields of the module stand beside those of the selection.
pub(super) fn wasm_plugin() -> Value {
    let mut properties = place("UNSPECIFIED_PHASE");
    properties.insert("targetRef".to_owned(), json!({"$ref": "#/$defs/targetRef"}));
    properties.extend(module());
    resource(
        "WasmPlugin",
        json!({
            "type": "object",
            "properties": properties,
            "required": ["url", "pluginConfig"],
            "additionalProperties": false,
        }),
    )
}

/// A TrafficExtension: the fields of the module stand in `wasm`.
pub(super) fn traffic_extension() -> Value {
    let mut properties = place("UNSPECIFIED");
    let wasm = json!({
        "type": "object",
        "description": "The module and its document",
        "properties": module(),
        "required": ["url", "pluginConfig"],
        "additionalProperties": false,
    });
    properties.insert("wasm".to_owned(), wasm);
    resource(
        "TrafficExtension",
        json!({
            "type": "object",
            "properties": properties,
            "required": ["wasm"],
            "additionalProperties": false,
        }),
    )
}

fn resource(kind: &str, spec: Value) -> Value {
    let (group, version) = VERSION.split_once('/').unwrap_or_default();
    json!({
        "type": "object",
        "description": format!("A {kind} that carries a dagward policy document"),
        "properties": {
            "apiVersion": {"const": VERSION},
            "kind": {"const": kind},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": {"type": "object"},
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
        "x-kubernetes-group-version-kind": [{"group": group, "version": version, "kind": kind}],
    })
}

/// The fields that select where and when the module runs. The two kinds use different words for no phase.
fn place(no_phase: &str) -> Map<String, Value> {
    object(json!({
        "selector": {
            "type": "object",
            "description": "The pods that the plugin is for; without it all pods of the namespace",
            "properties": {
                "matchLabels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 63}},
            },
            "additionalProperties": false,
        },
        "targetRefs": {
            "type": "array",
            "description": "The waypoints and gateways that the plugin is for",
            "items": {"$ref": "#/$defs/targetRef"},
            "maxItems": 16,
        },
        "match": {"type": "array", "items": {"$ref": "#/$defs/match"}},
        "phase": {
            "enum": [no_phase, "AUTHN", "AUTHZ", "STATS"],
            "description": "Where in the filter chain the plugin runs; dagward needs `AUTHZ`",
        },
        "priority": {
            "type": ["integer", "null"],
            "description": "The order within the phase: the highest runs first",
        },
    }))
}

/// The module and how it is loaded.
fn module() -> Map<String, Value> {
    object(json!({
        "url": {
            "type": "string",
            "minLength": 1,
            "description": "Where the module is: `oci://REGISTRY/IMAGE@sha256:DIGEST`",
        },
        "sha256": {"type": "string", "pattern": "(^$|^[a-f0-9]{64}$)"},
        "imagePullPolicy": {"enum": ["UNSPECIFIED_POLICY", "IfNotPresent", "Always"]},
        "imagePullSecret": {"type": "string", "minLength": 1, "maxLength": 253},
        "verificationKey": {"type": "string"},
        "pluginName": {"type": "string", "minLength": 1, "maxLength": 256},
        "pluginConfig": {"$ref": "#/$defs/document"},
        "failStrategy": {
            "enum": ["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"],
            "description": "The proxy's reaction to a crash of the module; `FAIL_RELOAD` starts it again",
        },
        "type": {"enum": ["UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"]},
        "vmConfig": {"$ref": "#/$defs/vmConfig"},
    }))
}

/// The schemas that both kinds use.
pub(super) fn shared() -> Map<String, Value> {
    object(json!({
        "targetRef": {
            "type": "object",
            "properties": {
                "group": {"type": "string", "maxLength": 253},
                "kind": {"type": "string", "minLength": 1, "maxLength": 63},
                "name": {"type": "string", "minLength": 1, "maxLength": 253},
                "namespace": {"type": "string", "maxLength": 0},
            },
            "required": ["kind", "name"],
            "additionalProperties": false,
        },
        "match": {
            "type": "object",
            "description": "The directions and ports that the plugin is for; without it all of them",
            "properties": {
                "mode": {"enum": ["UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"]},
                "ports": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"number": {"type": "integer", "minimum": 1, "maximum": 65_535}},
                        "required": ["number"],
                        "additionalProperties": false,
                    },
                },
            },
            "additionalProperties": false,
        },
        "vmConfig": {
            "type": "object",
            "properties": {
                "env": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string", "minLength": 1, "maxLength": 256},
                            "value": {"type": "string", "maxLength": 2048},
                            "valueFrom": {"enum": ["INLINE", "HOST"]},
                        },
                        "required": ["name"],
                        "additionalProperties": false,
                    },
                    "maxItems": 256,
                },
            },
            "additionalProperties": false,
        },
    }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
