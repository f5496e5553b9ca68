//! The parts of Kubernetes' controller manager that the lab needs: the account `default` and the
//! API server's certificate in every namespace, and the endpoints of every service.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::api::Api;
use super::fields::{is_ready, list, text};

/// Creates the objects that every namespace has.
pub(super) fn provide(api: &Api, namespace: &str, root: &std::path::Path) -> Result<()> {
    let path = format!("/api/v1/namespaces/{namespace}");
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
    api.provide(&format!("{path}/serviceaccounts"), &account)?;
    let certificate = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-root-ca.crt"},
        "data": {"ca.crt": fs::read_to_string(root)?},
    });
    api.provide(&format!("{path}/configmaps"), &certificate)
}

/// Writes the endpoints of all services that select pods. From them, and from the pods that they
/// name, Istio learns which peers have sidecars.
pub(super) fn endpoints(api: &Api, services: &[Value], pods: &[Value]) -> Result<()> {
    for service in services {
        let (Some(namespace), Some(name)) = (
            text(service, "/metadata/namespace"),
            text(service, "/metadata/name"),
        ) else {
            continue;
        };
        let Some(selector) = service.pointer("/spec/selector").and_then(Value::as_object) else {
            continue;
        };
        let chosen: Vec<&Value> = pods
            .iter()
            .filter(|pod| text(pod, "/metadata/namespace") == Some(namespace))
            .filter(|pod| {
                let labels = pod.pointer("/metadata/labels");
                let label = |name: &String| labels.and_then(|labels| labels.get(name));
                selector.iter().all(|(name, value)| label(name) == Some(value))
            })
            .filter(|pod| text(pod, "/status/podIP").is_some() && runs(pod))
            .collect();
        // Other code writes the endpoints of Istio's own service.
        if chosen.is_empty() && namespace == super::istiod::NAMESPACE {
            continue;
        }
        let path = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/{name}-pods");
        api.apply(&path, &slice(namespace, name, service, &chosen))
            .with_context(|| format!("endpoints of `{namespace}/{name}`"))?;
    }
    Ok(())
}

fn runs(pod: &Value) -> bool {
    text(pod, "/status/phase") == Some("Running") && pod.pointer("/metadata/deletionTimestamp").is_none()
}

fn slice(namespace: &str, name: &str, service: &Value, pods: &[&Value]) -> Value {
    let endpoints: Vec<_> = pods
        .iter()
        .map(|pod| {
            let target = json!({
                "kind": "Pod",
                "name": pod.pointer("/metadata/name"),
                "namespace": namespace,
                "uid": pod.pointer("/metadata/uid"),
            });
            let ready = is_ready(pod);
            json!({
                "addresses": [pod.pointer("/status/podIP")],
                "conditions": {"ready": ready, "serving": ready, "terminating": false},
                "nodeName": super::kubelet::NODE,
                "targetRef": target,
            })
        })
        .collect();
    let ports: Vec<_> = list(service, "/spec/ports")
        .iter()
        .map(|port| {
            json!({
                "name": text(port, "/name").unwrap_or_default(),
                "protocol": text(port, "/protocol").unwrap_or("TCP"),
                "appProtocol": port.get("appProtocol"),
                "port": target(port, pods),
            })
        })
        .collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": format!("{name}-pods"),
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    })
}

/// The pods' port behind a service's port: a number, or the name of a container's port.
fn target(port: &Value, pods: &[&Value]) -> Option<u64> {
    let target = port.get("targetPort").or(port.get("port"))?;
    let Some(name) = target.as_str() else {
        return target.as_u64();
    };
    let containers = pods.iter().flat_map(|pod| list(pod, "/spec/containers"));
    let mut ports = containers.flat_map(|container| list(container, "/ports"));
    let port = ports.find(|port| text(port, "/name") == Some(name))?;
    port.get("containerPort")?.as_u64()
}
