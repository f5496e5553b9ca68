//! Kubernetes' objects, as far as the tests need them.

use dagward_shipped::chart::{Object, Pods};
use dagward_shipped::manifest;
use serde_json::{Value, json};

/// A pod whose only program waits. The test serves and sends its requests.
pub(crate) fn pod(namespace: &str, name: &str, account: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}, "annotations": {}},
        "spec": {
            "serviceAccountName": account,
            "containers": [{"name": "base", "image": "none", "command": ["sleep", "infinity"]}],
        },
    })
}

/// The pod with one more annotation.
pub(crate) fn annotated(mut pod: Value, name: &str, value: &str) -> Value {
    pod["metadata"]["annotations"][name] = json!(value);
    pod
}

/// The pod as Airflow's KubernetesExecutor makes it for a task.
pub(crate) fn of_task(pod: Value, dag: &str, task: &str) -> Value {
    let annotations = [
        ("dag_id", dag),
        ("task_id", task),
        ("run_id", "r1"),
        ("try_number", "1"),
    ];
    let annotate = |pod, (name, value): &(&str, &str)| annotated(pod, name, value);
    annotations.iter().fold(pod, annotate)
}

/// The pod with the labels of examples/istio/proxy-config.yaml in dagward's metrics.
pub(crate) fn measured(pod: Value) -> Value {
    let name = "proxy.istio.io/config";
    let patch = manifest::read("examples/istio/proxy-config.yaml").unwrap();
    let tags = &patch["spec"]["template"]["metadata"]["annotations"][name];
    annotated(pod, name, tags.as_str().unwrap())
}

/// A service for the pods whose label `app` has its name. The port's name tells Istio the protocol.
pub(crate) fn service(namespace: &str, name: &str, protocol: &str, port: u16) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"name": protocol, "port": port}]},
    })
}

/// A pod as the Helm chart renders it from the shipped values, with another program in the container that listens.
pub(crate) fn of_chart(namespace: &str, name: &str, pods: &Pods, command: &[&str]) -> Value {
    let values = manifest::read("examples/helm/values.yaml").unwrap();
    let listens = pods
        .containers
        .iter()
        .find(|container| !container.ports.is_empty());
    let container = listens.or(pods.containers.last()).unwrap();
    let ports = container.ports.iter();
    let ports = ports.map(|port| json!({"name": port.name, "containerPort": port.number}));
    let ports: Vec<_> = ports.collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": pods.labels,
            "annotations": values["airflowPodAnnotations"],
        },
        "spec": {
            "serviceAccountName": pods.account,
            "containers": [{"name": container.name, "image": "none", "command": command, "ports": ports}],
        },
    })
}

/// A Service as the Helm chart renders it, if the object is a Service. Labels that are not in the facts are left out.
pub(crate) fn service_of_chart(namespace: &str, object: &Object) -> Option<Value> {
    let service = object.service()?;
    let mut selector = service.selector.clone();
    selector.retain(|label, _| !label.starts_with("app.kubernetes.io/") || label.ends_with("/name"));
    let ports = service.ports.iter();
    let ports = ports.map(|port| json!({"name": port.name, "port": port.number}));
    Some(json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": object.name, "namespace": namespace},
        "spec": {"selector": selector, "ports": ports.collect::<Vec<_>>()},
    }))
}
