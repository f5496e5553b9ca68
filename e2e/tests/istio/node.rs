//! The lab's node, compared with a kubelet: it waits for the volumes of a pod, and restarts failed containers.

use serde_json::{Value, json};

use crate::airflow::SOON;
use crate::objects::pod;
use crate::scene::Scene;

const NAME: &str = "late";

/// One example is istiod's own ConfigMap: a busy istiod makes it after the pods of a new namespace.
#[test]
fn a_pod_starts_once_there_is_what_it_mounts() {
    let (scene, here) = (Scene::shared(), "late-volume");
    scene.namespace(here, &[NAME]);
    let mut late = pod(here, NAME, NAME);
    late["spec"]["volumes"] = json!([{"name": "settings", "configMap": {"name": NAME}}]);
    scene.apply(&[late]);
    let bound = |pod: &Value| pod["spec"]["nodeName"].is_string().then_some(());
    let path = format!("/api/v1/namespaces/{here}/pods/{NAME}");
    scene.cluster.api().when(&path, SOON, bound).unwrap();
    let metadata = json!({"name": NAME, "namespace": here});
    scene.apply(&[
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": "value"}}),
    ]);
    scene.cluster.pod(here, NAME).unwrap();
}

#[test]
fn an_init_container_that_fails_runs_again() {
    let (scene, here) = (Scene::shared(), "late-init");
    scene.namespace(here, &[NAME]);
    let mut late = pod(here, NAME, NAME);
    let once = "test -e /state/tried || { touch /state/tried; exit 1; }";
    late["spec"]["volumes"] = json!([{"name": "state", "emptyDir": {}}]);
    late["spec"]["initContainers"] = json!([{
        "name": "once", "image": "none", "command": ["sh", "-c", once],
        "volumeMounts": [{"name": "state", "mountPath": "/state"}],
    }]);
    scene.apply(&[late]);
    scene.cluster.pod(here, NAME).unwrap();
}
