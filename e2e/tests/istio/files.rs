//! The files that users apply.

use std::fs;

use dagward_shipped::manifest;
use dagward_workbench::paths;
use serde_json::{Value, json};

pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(paths::workspace().join(file)).unwrap()
}

/// The mutual TLS of the overlay in `examples/enforce`.
pub(crate) fn strict() -> String {
    text("examples/istio/peer-authentication.yaml").replace("PERMISSIVE", "STRICT")
}

/// The shipped map of teams with these lines.
pub(crate) fn team_map(lines: &[(&str, &str)]) -> Value {
    let mut map = manifest::read("examples/istio/team-map.yaml").unwrap();
    for (team, accounts) in lines {
        map["data"][team] = json!(accounts);
    }
    map
}
