//! Envoy's bootstrap: node, admin, statistics, listeners and clusters.

use serde_json::{Value, json};

use super::cluster::clusters;
use super::listener::listeners;
use super::spec::Spec;
use super::stats_tags::stats_config;
use super::{Files, hbone};

/// The whole configuration of a sidecar.
pub(super) fn bootstrap(spec: &Spec, files: &Files) -> Value {
    let extensions: Vec<_> = spec
        .takes_hbone()
        .then(hbone::bootstrap_extension)
        .into_iter()
        .collect();
    json!({
        "node": spec.node.to_json(),
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "bootstrap_extensions": extensions,
        "stats_config": stats_config(),
        "static_resources": {
            "listeners": listeners(spec, files),
            "clusters": clusters(spec),
        },
    })
}
