//! Pods as other webhooks and the Helm chart make them, from `webhooks/`, each with its verdict. Those webhooks do not
//! run here. Each file names the additions and their source.

use std::fs;

use dagward_cluster::Cluster;
use dagward_shipped::manifest;
use dagward_workbench::paths;
use serde_json::{Value, json};

use super::pods::{changed, task_pod};
use super::{SCHEDULER, create};

const FOLDER: &str = "e2e/tests/istio/admission/webhooks";

/// Admission gives each pod the verdict of its file.
pub(super) fn get_their_verdict(cluster: &Cluster) {
    let mut wrong = Vec::new();
    for addition in additions() {
        let verdict = create(cluster, SCHEDULER, &with(&addition));
        let expected = addition["expected"].as_str().unwrap();
        let as_expected = match &verdict {
            Ok(()) => expected == "admitted",
            Err(refusal) => refusal.contains("dagward-task-pods") && refusal.contains(expected),
        };
        if !as_expected {
            wrong.push(format!("{}: {verdict:?}", addition["pod"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn additions() -> Vec<Value> {
    let folder = fs::read_dir(paths::workspace().join(FOLDER)).unwrap();
    let mut files: Vec<_> = folder.map(|file| file.unwrap().file_name()).collect();
    files.sort_unstable();
    let read = |file: &std::ffi::OsString| manifest::read(&format!("{FOLDER}/{}", file.to_str().unwrap()));
    let lists = files.iter().map(|file| read(file).unwrap());
    lists.flat_map(|list| list.as_array().unwrap().clone()).collect()
}

/// A task's pod with an addition: `mounts` and `env` go to its container, all else to the pod.
fn with(addition: &Value) -> Value {
    let metadata = json!({
        "labels": addition.get("labels").unwrap_or(&json!({})),
        "annotations": addition.get("annotations").unwrap_or(&json!({})),
    });
    let mut pod = changed(&task_pod(), &json!({"metadata": metadata}));
    for field in ["initContainers", "containers", "volumes"] {
        extend(&mut pod["spec"][field], &addition[field]);
    }
    let base = &mut pod["spec"]["containers"][0];
    extend(&mut base["volumeMounts"], &addition["mounts"]);
    extend(&mut base["env"], &addition["env"]);
    pod
}

fn extend(list: &mut Value, more: &Value) {
    let items = [&*list, more].map(|list| list.as_array().cloned().unwrap_or_default());
    *list = items.concat().into();
}
