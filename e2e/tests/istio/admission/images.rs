//! Istio's image, from any registry that a mesh pulls it from.
//!
//! The injection here uses one image. The tests therefore take injected pods, change the image, and create them in a
//! namespace without injection.

use dagward_cluster::Cluster;
use dagward_workbench::wait;
use serde_json::{Value, json};

use super::pods::{changed, task_pod};
use super::{IN_FORCE, SCHEDULER, account, ask, create, printed};
use crate::files::text;

/// The namespace without injection, and its scheduler.
const HERE: &str = "images";
const SCHEDULER_HERE: &str = "system:serviceaccount:images:airflow-scheduler";

/// The registries of Istio's releases, in each form of their names.
const ISTIO_S: [&str; 6] = [
    "docker.io/istio/proxyv2:1.31.0",
    "docker.io/istio/proxyv2:1.31.0-distroless",
    "registry.istio.io/release/proxyv2:1.30.4-distroless",
    "gcr.io/istio-release/proxyv2:1.28.10",
    "docker.io/istio/proxyv2@sha256:0b1f6c4a2f0b0d0c3fd5f0a9b0f5a7ac55df8ad81bcf0c8ed2c7e5a1b7f3d9c2",
    "registry.istio.io/release/proxyv2:1.30.4@sha256:0b1f6c4a2f0b0d0c3fd5f0a9b0f5a7ac55df8ad81bcf0c8ed2c7e5a1b7f3d9c2",
];

const OTHERS: [&str; 4] = [
    "docker.io/istio/proxyv2-own:1.31.0",
    "docker.io/own/proxyv2:1.31.0",
    "own.example.com/docker.io/istio/proxyv2:1.31.0",
    "mirror.example.com/istio/proxyv2:1.31.0",
];

pub(super) fn are_istio_s_or_the_operator_s(cluster: &Cluster) {
    prepare(cluster);
    let injected = injected(cluster);
    let refused = |image: &str| {
        let refusal = create(cluster, SCHEDULER_HERE, &with_image(&injected, image)).err();
        refusal.map(|refusal| refusal.contains("a task has a sidecar of one of the images of `sidecar`"))
    };
    wait::until("the policies to be in force", IN_FORCE, || {
        Ok(refused(OTHERS[0]).filter(|by_image| *by_image))
    })
    .unwrap();
    for image in ISTIO_S {
        create(cluster, SCHEDULER_HERE, &with_image(&injected, image)).unwrap();
    }
    for image in OTHERS {
        assert_eq!(refused(image), Some(true), "{image}");
    }

    // A mirror that the operator names.
    let names = json!({"data": {"sidecar": "mirror.example.com/istio/proxyv2"}}).to_string();
    let patch = [
        "patch",
        "configmap",
        "dagward-admission",
        "--namespace",
        HERE,
        "--type",
        "merge",
        "--patch",
    ];
    ask(cluster, "admin", &[&patch[..], &[&names]].concat(), "").unwrap();
    wait::until("the mirror", IN_FORCE, || {
        Ok(refused(OTHERS[3]).is_none().then_some(()))
    })
    .unwrap();
    assert_eq!(refused(ISTIO_S[0]), Some(true));
}

/// The same policies for another namespace.
fn prepare(cluster: &Cluster) {
    let admission = text("examples/enforce/admission.yaml")
        .replace("namespace: airflow", &format!("namespace: {HERE}"))
        .replace("metadata.name: airflow", &format!("metadata.name: {HERE}"))
        .replace(".airflow\n", &format!(".{HERE}\n"));
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HERE}});
    let map = crate::files::team_map(&[("sales", "airflow-worker-sales")]);
    let mut objects = vec![namespace, map, account("airflow-worker-sales")];
    for object in &mut objects[1..] {
        object["metadata"]["namespace"] = json!(HERE);
    }
    cluster.kubernetes().apply_all(&objects).unwrap();
    cluster.kubernetes().apply(&admission).unwrap();
}

/// A task's pod after Istio's webhook.
fn injected(cluster: &Cluster) -> Value {
    let arguments = [
        "create",
        "--dry-run=server",
        "--output",
        "json",
        "--filename",
        "-",
    ];
    let pod = printed(cluster, SCHEDULER, &arguments, &task_pod().to_string()).unwrap();
    let pod: Value = serde_json::from_str(&pod).unwrap();
    let kept = ["labels", "annotations", "name"].map(|field| (field, pod["metadata"][field].clone()));
    let mut spec = pod["spec"].clone();
    spec.as_object_mut().unwrap().remove("nodeName");
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": serde_json::Map::from_iter(kept.map(|(field, value)| (field.to_owned(), value))),
        "spec": spec,
    })
}

fn with_image(pod: &Value, image: &str) -> Value {
    let mut pod = changed(pod, &json!({"metadata": {"namespace": HERE}}));
    for field in ["containers", "initContainers"] {
        for container in pod["spec"][field].as_array_mut().unwrap() {
            let istio = container["name"].as_str().unwrap().starts_with("istio-");
            if istio {
                container["image"] = json!(image);
            }
        }
    }
    pod
}
