//! The caller's identity is the one in its certificate. A caller without a certificate is refused.

use std::time::Duration;

use dagward_cluster::Pod;
use dagward_testbed::client::Client;
use dagward_testbed::netns::Netns;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, code, health, xcom};
use crate::objects::{of_task, pod};
use crate::scene::Scene;

const SALES: &str = "airflow-worker-sales";

/// The answer to a request without a sidecar, sent directly to the api-server's pod.
fn straight(server: &Pod, netns: &Netns) -> Option<u16> {
    let client = Client::plain((server.address, 8080).into()).from(netns);
    let answer = client.within(Duration::from_secs(10)).send(&health());
    answer.ok().map(|answer| answer.status)
}

#[test]
fn only_a_certificate_is_an_identity() {
    let scene = Scene::shared();
    let (here, elsewhere, outside) = ("identity", "identity-elsewhere", "identity-outside");
    scene.namespace(here, &[API_SERVER, SALES]);
    scene.namespace(elsewhere, &[SALES]);
    let unlabelled = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": outside}});
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": SALES, "namespace": outside}});
    scene.apply(&[unlabelled, account, scene.plugin(here)]);
    let worker = |namespace| of_task(pod(namespace, SALES, SALES), "sales_daily", "load");
    let airflow = Airflow::start(scene, here, &[worker(here), worker(elsewhere), worker(outside)]);

    let sales = airflow.caller(SALES);
    assert_eq!(sales.ask(&xcom("sales_daily")).status, 200);

    // Outside the mesh: STRICT resets a connection without mutual TLS, though the policy allows every caller to ask for
    // health.
    let (_namespace, netns) = scene.cluster.outside().unwrap();
    assert_eq!(straight(&airflow.server, &netns), None);
    let without = scene.cluster.pod(outside, SALES).unwrap();
    assert_eq!(straight(&airflow.server, &without.netns), None);

    // In the mesh: an account of the same name in another namespace. It sends the same task headers as the worker's
    // sidecar.
    let stranger = airflow.caller_of(elsewhere, SALES);
    let forged = xcom("sales_daily")
        .header("x-airflow-dag-id", "sales_daily")
        .header("x-airflow-task-id", "load")
        .header("x-airflow-proof", "pod");
    let answer = stranger.ask(&forged);
    assert_eq!((answer.status, code(&answer)), (403, "no_rule_allows".to_owned()));
    assert_eq!(stranger.ask(&health()).status, 200);

    // It is refused until the policy names it.
    let mut plugin = scene.plugin(here);
    let named = json!({
        "name": "a-guest",
        "action": "ALLOW",
        "rules": [{
            "from": [{"principals": [format!("spiffe://cluster.local/ns/{elsewhere}/sa/{SALES}")]}],
            "to": [{"surfaces": ["execution"], "dags": ["sales_*"], "actions": ["xcom:read"]}],
        }],
    });
    let policies = plugin["spec"]["pluginConfig"]["policies"].as_array_mut().unwrap();
    policies.push(named);
    scene.apply(&[plugin]);
    stranger.until(&forged, 200);
    assert_eq!(stranger.ask(&xcom("ml_train")).status, 403);
    // Its task headers did not reach the app: this proxy does not trust it as a stamper.
    let received = airflow.app.received();
    let last = received
        .iter()
        .rfind(|request| request.path.contains("sales_daily"))
        .unwrap();
    assert_ne!(last.header("x-airflow-proof"), Some("pod"));
}
