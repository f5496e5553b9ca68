//! Envoy's bootstrap: node, admin, statistics, listeners and clusters.

use serde_json::{Value, json};

use super::Files;
use super::cluster::clusters;
use super::listener::listeners;
use super::spec::Spec;
use super::stats_tags::stats_config;

/// The whole configuration of a sidecar.
pub(super) fn bootstrap(spec: &Spec, files: &Files) -> Value {
    json!({
        "node": spec.node.to_json(),
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "stats_config": stats_config(),
        "static_resources": {
            "listeners": listeners(spec, files),
            "clusters": clusters(spec),
        },
    })
}
