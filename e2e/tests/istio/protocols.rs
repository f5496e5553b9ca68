//! Requests that Airflow's server reads as HTTP: both sidecars read them as HTTP too, with
//! `examples/istio/protocols.yaml` for the server's sidecar and `examples/helm/values.yaml` for the client's.

use std::time::Duration;

use dagward_cluster::Cluster;
use dagward_shipped::manifest;
use dagward_testbed::client::Client;
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::files::{strict, text};

/// The first line is empty. Airflow's server skips it, and Istio guesses that this is not HTTP.
const DISGUISED: &[u8] =
    b"\r\nGET /execution/health HTTP/1.1\r\nhost: airflow-api-server:8080\r\nconnection: close\r\n\r\n";

/// The LocalExecutor's log server, whose port the chart's values cannot name.
const DISGUISED_LOG: &[u8] =
    b"\r\nGET /log/ HTTP/1.1\r\nhost: airflow-scheduler:8793\r\nconnection: close\r\n\r\n";

/// Airflow's server with an application that answers nothing of its own.
const SERVER: &str = "
import sys
import uvicorn

async def app(scope, receive, send):
    await send({'type': 'http.response.start', 'status': 204, 'headers': []})
    await send({'type': 'http.response.body'})

uvicorn.run(app, host='0.0.0.0', port=int(sys.argv[1]), http='httptools', lifespan='off')
";

const SIDECAR_OF_SERVER: &str = "istio-envoy";

const SIDECAR_OF_CALLER: &str = "envoy";

/// A server has answered before this time, even if it ends the connection late.
const QUIET: Duration = Duration::from_secs(2);

const IN_FORCE: Duration = Duration::from_secs(300);

#[test]
fn no_request_passes_by_the_sidecars() {
    let cluster = Cluster::start().unwrap();
    for manifest in [
        text("examples/istio/namespace.yaml"),
        strict(),
        // The Helm chart's names for the ports.
        service("api-server", "api-server", 8080).to_string(),
        service("scheduler", "task-logs", 8793).to_string(),
        pod("api-server", &["python", "-c", SERVER, "8080"]).to_string(),
        pod("scheduler", &["python", "-c", SERVER, "8793"]).to_string(),
        pod("caller", &["sleep", "infinity"]).to_string(),
    ] {
        cluster.kubernetes().apply(&manifest).unwrap();
    }
    cluster.pod("airflow", "api-server").unwrap();
    cluster.pod("airflow", "scheduler").unwrap();
    let caller = cluster.pod("airflow", "caller").unwrap();
    let address = cluster.service("airflow", "airflow-api-server").unwrap();
    let client = Client::plain(address).from(&caller.netns);
    let logs = cluster.service("airflow", "airflow-scheduler").unwrap();
    let logs = Client::plain(logs).from(&caller.netns);
    let asked = |client: &Client, request: &[u8], server: Option<&str>| {
        wait::until(&format!("an answer by {server:?}"), IN_FORCE, || {
            let answer = client.raw(request, QUIET).unwrap_or_default();
            Ok((server_of(&answer).as_deref() == server).then_some(()))
        })
        .unwrap();
    };
    let answered_by = |request: &[u8], server: Option<&str>| asked(&client, request, server);
    let plain = DISGUISED.trim_ascii_start();
    answered_by(plain, Some(SIDECAR_OF_CALLER));

    // Past all filters, with the caller's certificate.
    answered_by(DISGUISED, Some("uvicorn"));
    asked(&logs, DISGUISED_LOG, Some("uvicorn"));
    // Now the server's sidecar decides. But the caller's task headers have passed the caller's own sidecar.
    let protocols = text("examples/istio/protocols.yaml");
    cluster.kubernetes().apply(&protocols).unwrap();
    answered_by(DISGUISED, Some(SIDECAR_OF_SERVER));
    asked(&logs, DISGUISED_LOG, Some(SIDECAR_OF_SERVER));
    // Now the caller's sidecar forwards only requests that it has read.
    let values = manifest::read("examples/helm/values.yaml").unwrap();
    let port = values["apiServer"]["service"]["ports"][0]["name"]
        .as_str()
        .unwrap();
    cluster
        .kubernetes()
        .apply(&service("api-server", port, 8080).to_string())
        .unwrap();
    answered_by(DISGUISED, None);
    answered_by(plain, Some(SIDECAR_OF_CALLER));
}

/// The `server` header of the answer: the last proxy that read the answer as HTTP sets it.
fn server_of(answer: &[u8]) -> Option<String> {
    let answer = String::from_utf8_lossy(answer);
    let mut lines = answer.strip_prefix("HTTP/1.1 204 ")?.lines();
    lines.find_map(|line| line.strip_prefix("server: ").map(str::to_owned))
}

fn service(component: &str, name: &str, port: u16) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": format!("airflow-{component}"), "namespace": "airflow"},
        "spec": {
            "selector": {"component": component},
            "ports": [{"name": name, "port": port}],
        },
    })
}

fn pod(component: &str, command: &[&str]) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": component, "namespace": "airflow", "labels": {"component": component}},
        "spec": {"containers": [{"name": "base", "image": "apache/airflow:3.3.2", "command": command}]},
    })
}
