//! Tokens of team ml in the hands of a task of team sales: what it tries with them from its own pod, without the filter
//! and with it. Meanwhile ml's tasks run on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dagward_lab::airflow::theft::{Hand, Leak, Theft};
use dagward_lab::client::{Client, Request, Response};
use dagward_lab::{paths, wait};
use serde_json::json;

use super::Stage;

const NAMESPACE: &str = "airflow";

const SERVER: &str = "airflow-api-server";

/// A variable of team ml that Istio's own rule does not know, and its value.
const VARIABLE: [&str; 2] = ["store_of_ml", "sealed"];

/// A pod on a busy machine has started its task within this.
const STARTED: Duration = Duration::from_secs(240);

pub(crate) fn with_the_filter(stage: &Stage<'_>) {
    let [key, value] = VARIABLE;
    let variable = json!({"key": key, "value": value});
    assert_eq!(
        stage.rest.post("/api/v2/variables", &variable).unwrap().status,
        201
    );
    commit(stage, "refused", Theft::failed);
}

pub(crate) fn without_it(stage: &Stage<'_>) {
    commit(stage, "given", Theft::succeeded);
}

fn commit(stage: &Stage<'_>, run: &str, expected: impl Fn(&Theft, &Response) -> Result<()>) {
    let files = paths::scratch("stolen").unwrap();
    // Containers do not run as root.
    fs::set_permissions(files.path(), Permissions::from_mode(0o777)).unwrap();
    let file = |name: &str| files.path().join(name);
    let leaky = ["ml_leaky", "sales_leaky"];
    for dag in leaky {
        let conf = json!({"leak_to": file(dag), "until": file("until")});
        stage.rest.trigger(dag, run, &conf).unwrap();
    }
    for dag in leaky {
        wait::until("a task's token", STARTED, || Ok(file(dag).exists().then_some(()))).unwrap();
    }
    // A task that has not begun, so that a forged token would be the first that a proxy sees.
    pause(stage, true);
    stage.rest.trigger("ml_daily", run, &json!({})).unwrap();

    let [victim, thief] = leaky.map(|dag| Leak {
        task: task_instance(stage, dag, run, "leak"),
        token: file(dag),
    });
    let queued = task_instance(stage, "ml_daily", run, "extract");
    let hand = Hand::of(&victim, &thief, &queued, VARIABLE, &jwt_secret(stage)).unwrap();
    let cluster = &stage.scene.cluster;
    let pod = stage.pod("sales_leaky", "leak", run).unwrap();
    let pod = cluster.pod(NAMESPACE, pod["metadata"]["name"].as_str().unwrap());
    let service = cluster.service(NAMESPACE, SERVER).unwrap();
    let client = Client::plain(service).from(&pod.unwrap().place);
    for theft in hand.thefts() {
        expected(&theft, &client.send(&theft.request).unwrap()).unwrap();
    }
    fs::write(file("until"), "").unwrap();
    pause(stage, false);
    for dag in ["ml_leaky", "ml_daily"] {
        let state = stage.rest.finished(dag, run).unwrap();
        assert_eq!(state, "success", "{dag}: {}", logs(stage, dag, run));
    }
}

/// What the pods of a run have written.
fn logs(stage: &Stage<'_>, dag: &str, run: &str) -> String {
    let pods = stage.airflow.pods(&[("dag_id", dag), ("run_id", run)]).unwrap();
    let logs = pods.iter().map(|pod| stage.airflow.log(pod, "base").unwrap());
    logs.collect()
}

fn pause(stage: &Stage<'_>, paused: bool) {
    let request = Request::new("PATCH", SERVER, "/api/v2/dags/ml_daily")
        .header("content-type", "application/json")
        .body(json!({"is_paused": paused}).to_string());
    assert_eq!(stage.rest.send(request).unwrap().status, 200);
}

/// The id of a task of a run, which is the subject of its tokens.
fn task_instance(stage: &Stage<'_>, dag: &str, run: &str, task: &str) -> String {
    let path = format!("/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}");
    let answer = stage.rest.get(&path).unwrap().json().unwrap();
    answer["id"].as_str().unwrap().to_owned()
}

/// What signs Airflow's tokens.
fn jwt_secret(stage: &Stage<'_>) -> String {
    let api = stage.scene.cluster.api();
    let secret = api.get("/api/v1/namespaces/airflow/secrets/airflow").unwrap();
    let text = secret["data"]["AIRFLOW__API_AUTH__JWT_SECRET"].as_str().unwrap();
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}
