//! A task's pod as the scheduler creates it, and the forgeries that a DAG author can make of it.

use serde_json::{Value, json};

/// A pod of `sales_daily`, from the pod template of the Helm chart.
pub(super) fn task_pod() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "task",
            "namespace": "airflow",
            "labels": {"tier": "airflow", "component": "worker", "dag_id": "sales_daily"},
            "annotations": {"dag_id": "sales_daily", "run_id": "r", "task_id": "load"},
        },
        "spec": {
            "serviceAccountName": "airflow-worker-sales",
            "restartPolicy": "Never",
            "securityContext": {"runAsUser": 50000, "runAsGroup": 0, "fsGroup": 0},
            "containers": [base()],
        },
    })
}

fn base() -> Value {
    json!({
        "name": "base",
        "image": "apache/airflow:3.3.2",
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
    })
}

/// `value` with the fields of `change`; null removes one (RFC 7396).
pub(super) fn changed(value: &Value, change: &Value) -> Value {
    let Some(fields) = change.as_object() else {
        return change.clone();
    };
    let mut value = value.as_object().cloned().unwrap_or_default();
    for (name, change) in fields {
        if change.is_null() {
            value.remove(name);
        } else {
            let before = value.get(name).cloned().unwrap_or_default();
            value.insert(name.clone(), changed(&before, change));
        }
    }
    value.into()
}

/// The pod with one more container.
pub(super) fn with_container(container: Value) -> Value {
    json!({"spec": {"containers": [base(), container]}})
}

/// The forgeries that an author can make of a task's pod, each with a part of the refusal.
pub(super) fn forgeries() -> Vec<(Value, &'static str)> {
    let base = |change: Value| json!({"spec": {"containers": [changed(&base(), &change)]}});
    let spec = |name: &str, value: Value| json!({"spec": {name: value}});
    let annotation = |name: &str, value: &str| json!({"metadata": {"annotations": {name: value}}});
    let label = |name: &str, value: &str| json!({"metadata": {"labels": {name: value}}});
    let image = "docker.io/istio/proxyv2:1.29.1";
    let uncaptured = ["istio-iptables", "-p", "15001", "-o", "8080"];

    let fits = "does not fit the DAG";
    let sidecar = "a task has a sidecar of one of the images";
    let captured = "all traffic of a task is captured";
    let change = "a task cannot change its sidecar";
    let user = "neither root nor 1337";
    let certificate = "a certificate of the mesh is its sidecar's alone";
    let shares = "shares no namespace with its node";
    let arguments = "the arguments that Istio gives it";
    let volume = "a task has no volume of its node";
    let projected = |audience: &str| {
        json!([{"name": "own", "projected": {"sources": [
            {"serviceAccountToken": {"audience": audience, "path": "token"}}]}}])
    };
    vec![
        (spec("serviceAccountName", json!("airflow-worker-ml")), fits),
        (spec("serviceAccountName", json!("airflow-api-server")), fits),
        (spec("serviceAccountName", json!("default")), fits),
        (annotation("dag_id", "ml_train"), fits),
        // Every team that has an account uses only that account.
        (spec("serviceAccountName", json!("airflow-worker")), fits),
        // This DAG does not belong to team sales: the team's name is longer.
        (annotation("dag_id", "salesmen_daily"), fits),
        (
            json!({"metadata": {"annotations": null}}),
            "the annotation `dag_id`",
        ),
        (label("component", "api-server"), "`component` is `api-server`"),
        // Pods without a sidecar, or with one that sees less.
        (label("sidecar.istio.io/inject", "false"), sidecar),
        (annotation("sidecar.istio.io/inject", "false"), sidecar),
        (annotation("inject.istio.io/templates", "gateway"), sidecar),
        (
            annotation("traffic.sidecar.istio.io/excludeOutboundPorts", "8080"),
            captured,
        ),
        (annotation("sidecar.istio.io/bootstrapOverride", "own"), change),
        (annotation("sidecar.istio.io/userVolume", "{}"), change),
        (annotation("sidecar.istio.io/userVolumeMount", "{}"), change),
        (annotation("sidecar.istio.io/proxyImage", "own"), change),
        (annotation("sidecar.istio.io/extraStatTags", "dag_id"), change),
        (
            annotation("sidecar.istio.io/componentLogLevel", "misc:error -c /own"),
            arguments,
        ),
        // A line break in an annotation of Istio, up to 1.31.0.
        (
            annotation("sidecar.istio.io/logLevel", "warning\n    - --templateFile=/own"),
            arguments,
        ),
        (
            annotation(
                "sidecar.istio.io/logLevel",
                "warning\nmetadata:\n  annotations:\n    sidecar.istio.io/logLevel: null\nrest: |2",
            ),
            "one has gone with its injection",
        ),
        (
            annotation(
                "sidecar.istio.io/logLevel",
                "warning\nmetadata:\n  annotations:\n    sidecar.istio.io/logLevel: debug\nrest: |2",
            ),
            change,
        ),
        (annotation("sidecar.istio.io/logLevel", "debug"), change),
        (
            annotation(
                "proxy.istio.io/config",
                "extraStatTags:\n- dag_id\nbinaryPath: /own\n",
            ),
            change,
        ),
        (label("istio.io/dataplane-mode", "ambient"), change),
        (spec("hostNetwork", json!(true)), shares),
        (spec("hostPID", json!(true)), shares),
        (spec("shareProcessNamespace", json!(true)), shares),
        (spec("hostIPC", json!(true)), shares),
        (
            base(json!({"ports": [{"containerPort": 8080, "hostPort": 8080}]})),
            "no port of its node",
        ),
        // Files of the node, with which a container can become any other.
        (
            spec("volumes", json!([{"name": "node", "hostPath": {"path": "/"}}])),
            volume,
        ),
        (
            spec(
                "volumes",
                json!([{"name": "own", "csi": {"driver": "csi.spiffe.io"}}]),
            ),
            volume,
        ),
        (
            spec(
                "volumes",
                json!([{"name": "own", "flexVolume": {"driver": "own/own"}}]),
            ),
            volume,
        ),
        // A sidecar of the pod's own, instead of Istio's or over it.
        (
            with_container(json!({"name": "istio-proxy", "image": "own"})),
            sidecar,
        ),
        (
            with_container(json!({"name": "istio-proxy", "image": "auto", "command": ["own"]})),
            sidecar,
        ),
        (
            with_container(
                json!({"name": "istio-proxy", "image": "auto", "env": [{"name": "CA_ADDR", "value": "own"}]}),
            ),
            change,
        ),
        (
            spec(
                "initContainers",
                json!([{"name": "istio-init", "image": "auto", "args": uncaptured}]),
            ),
            captured,
        ),
        (
            spec(
                "initContainers",
                json!([{"name": "istio-validation", "image": image, "args": uncaptured}]),
            ),
            captured,
        ),
        // Ways past the sidecar: as the sidecar's own user or group, or as a user that can become it.
        (spec("securityContext", json!({"runAsUser": 1337})), user),
        (spec("securityContext", json!({"runAsGroup": 1337})), user),
        (spec("securityContext", json!({"runAsUser": 0})), user),
        (spec("securityContext", json!({"runAsUser": null})), user),
        (spec("securityContext", json!({"runAsGroup": null})), user),
        (base(json!({"securityContext": {"runAsUser": 1337}})), user),
        (
            base(json!({"securityContext": {"allowPrivilegeEscalation": null}})),
            user,
        ),
        (
            base(json!({"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}})),
            user,
        ),
        (
            spec("initContainers", json!([{"name": "before", "image": "own"}])),
            user,
        ),
        // The sidecar's certificate, or a token to get one.
        (
            base(json!({"volumeMounts": [{"name": "istio-token", "mountPath": "/token"}]})),
            certificate,
        ),
        (
            base(json!({"volumeMounts": [{"name": "workload-socket", "mountPath": "/socket"}]})),
            certificate,
        ),
        (spec("volumes", projected("istio-ca")), certificate),
        (
            spec("volumes", projected("https://kubernetes.default.svc")),
            certificate,
        ),
    ]
}
