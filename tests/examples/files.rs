//! The reader of the example files.

use std::fs;

use dagward::policy::{self, LoadError, Ruleset};
use dagward_shipped::manifest;
use dagward_workbench::paths;
use serde_json::Value;

/// Every YAML file that users copy, by its path in the repository, sorted.
pub(crate) fn yaml_files() -> Vec<String> {
    let mut files = vec!["wasm-plugin.yaml".to_owned()];
    let mut folders = vec!["examples".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(paths::workspace().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.ends_with(".yaml") {
                files.push(path);
            }
        }
    }
    files.sort_unstable();
    files
}

/// The policy document that a YAML file is or carries.
pub(crate) fn policy_in(file: &str) -> Option<Value> {
    let manifests = manifest::read_all(file).unwrap();
    manifests.iter().find_map(manifest::policy).cloned()
}

/// The policy of a file, as the filter loads it.
pub(crate) fn ruleset(file: &str) -> Ruleset {
    load(&policy_in(file).expect(file))
}

/// A policy document, as the filter loads it.
pub(crate) fn load(document: &Value) -> Ruleset {
    policy::load(document.to_string().as_bytes()).unwrap_or_else(|errors| {
        let errors: Vec<_> = errors.iter().map(LoadError::to_string).collect();
        panic!("{errors:#?}: {document}")
    })
}

/// The `extraStatTags` in a pod's annotation of an object in a file.
pub(crate) fn stat_tags(file: &str, annotations: &str) -> Vec<String> {
    let object = manifest::read(file).unwrap();
    let annotations = object.pointer(annotations).unwrap();
    let proxy = manifest::parse(annotations["proxy.istio.io/config"].as_str().unwrap()).unwrap();
    let tags = proxy["extraStatTags"].as_array().unwrap();
    tags.iter().map(|tag| tag.as_str().unwrap().to_owned()).collect()
}

/// The tags that an Envoy's bootstrap extracts from metrics' names.
pub(crate) fn tag_names(file: &str) -> Vec<String> {
    let bootstrap = manifest::read(file).unwrap();
    let tags = bootstrap.pointer("/stats_config/stats_tags").unwrap();
    let names = tags.as_array().unwrap().iter().map(|tag| &tag["tag_name"]);
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}
