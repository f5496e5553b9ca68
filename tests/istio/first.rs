//! The shipped plugin in injected sidecars.

use dagward_lab::client::{Client, Request};
use dagward_lab::upstream::{Answer, Upstream};
use dagward_lab::{manifest, wait};
use serde_json::json;
use std::time::Duration;

use crate::scene::Scene;

#[test]
fn a_worker_reads_its_own_dag_and_no_other() {
    let scene = Scene::shared();
    scene.namespace("first", &["airflow-api-server", "airflow-worker-sales"]);
    let mut plugin = manifest::read("wasm-plugin.yaml").unwrap();
    plugin["metadata"]["namespace"] = json!("first");
    plugin["spec"]["url"] = json!(scene.urls[0]);
    let policy = plugin["spec"]["pluginConfig"].to_string();
    let policy = policy
        .replace("ns/airflow/", "ns/first/")
        .replace("shadow", "enforce");
    plugin["spec"]["pluginConfig"] = serde_json::from_str(&policy).unwrap();
    let pod = |name: &str, dag: &str| {
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name, "namespace": "first",
                "labels": {"app": name},
                "annotations": {"dag_id": dag, "task_id": "load", "run_id": "r1", "try_number": "1"},
            },
            "spec": {"serviceAccountName": name, "containers": [{"name": "base", "image": "lab", "command": ["sleep", "infinity"]}]},
        })
    };
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "airflow-api-server", "namespace": "first"},
        "spec": {"selector": {"app": "airflow-api-server"}, "ports": [{"name": "http", "port": 8080}]},
    });
    scene.apply(&[
        plugin,
        service,
        pod("airflow-api-server", "none"),
        pod("airflow-worker-sales", "sales_daily"),
    ]);
    let server = scene.cluster.pod("first", "airflow-api-server").unwrap();
    let worker = scene.cluster.pod("first", "airflow-worker-sales").unwrap();
    let app = Upstream::within(&server.place, 8080, Answer::echo).unwrap();
    let client =
        Client::plain(scene.cluster.service("first", "airflow-api-server").unwrap()).from(&worker.place);
    let ask = |dag: &str| {
        let path = format!("/execution/xcoms/{dag}/r1/load/return_value");
        client
            .send(&Request::get("airflow-api-server:8080", &path))
            .unwrap()
    };
    // The endpoints come to the worker's sidecar after the pod is ready.
    let answer = wait::until("an answer", Duration::from_secs(30), || {
        Ok(Some(ask("sales_daily")).filter(|answer| answer.status != 503))
    });
    assert_eq!(answer.unwrap().status, 200);
    assert_eq!(ask("ml_train").status, 403);
    assert_eq!(app.counts().completed, 1);
    let received = &app.received()[0];
    assert_eq!(received.header("x-airflow-dag-id"), Some("sales_daily"));
    assert_eq!(received.header("x-airflow-proof"), Some("pod"));
}
