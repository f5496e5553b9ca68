//! New code that crashes: a release of the filter in which a request with trailers crashes the VM.

use std::time::{Duration, Instant};

use dagward_build as module;
use dagward_workbench::wait;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, Caller, SOON, metrics, xcom};
use crate::figures::Figures;
use crate::objects::{of_task, pod, service};
use crate::scene::Scene;

const HERE: &str = "crash";
const SALES: &str = "airflow-worker-sales";

/// Envoy's longest wait before it replaces a VM that lived only for a short time.
const BACK_OFF: Duration = Duration::from_millis(1500);

#[test]
fn a_crash_costs_the_request_that_crashed() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    let crashing = scene
        .cluster
        .publish(&module::crashing().unwrap().path, "crashing")
        .unwrap();
    // Only the api-server's own filter crashes; the worker's sidecar has the released filter.
    let of = |name: &str, url: &str, app: &str| {
        let mut plugin = scene.plugin(HERE);
        plugin["metadata"]["name"] = json!(name);
        plugin["spec"]["url"] = json!(url);
        plugin["spec"]["selector"] = json!({"matchLabels": {"app": app}});
        plugin
    };
    scene.apply(&[
        of("crashing", &crashing[0], API_SERVER),
        of("dagward", &scene.urls[0], SALES),
    ]);
    let worker = of_task(pod(HERE, SALES, SALES), "sales_daily", "load");
    // Only HTTP/2 carries trailers here.
    let server = [
        service(HERE, API_SERVER, "http2", 8080),
        pod(HERE, API_SERVER, API_SERVER),
    ];
    let airflow = Airflow::with(scene, HERE, server, &[worker]);
    let mut sales = airflow.caller(SALES);
    sales.client = sales.client.http2();

    // Envoy makes a new VM at once if the last one is older than its back-off, which is at most 1.5 s.
    let born = Instant::now();
    let old = || Ok((born.elapsed() > 2 * BACK_OFF).then_some(()));
    wait::until("the back-off", SOON, old).unwrap();
    let figures = crash(&airflow, &sales);
    figures.print("the filter's VM crashes");
    assert_eq!(figures.lost, 1);
    // The new VM is younger than that: its thread answers 503 for a while. The other thread continues.
    crash(&airflow, &sales).print("the filter's VM crashes again at once");

    // The new VMs decide as the old ones did.
    assert_eq!(sales.ask(&xcom("ml_train")).status, 403);
    let received = airflow.app.received();
    assert!(!received.iter().any(|request| request.path.contains("ml_train")));
}

/// Crashes one of the VMs, and sends requests until a new VM has replaced it.
fn crash(airflow: &Airflow<'_>, sales: &Caller) -> Figures {
    // Since 1.30 istiod makes a TrafficExtension from a WasmPlugin, under another name.
    let plugin = match airflow.scene.is_newest() {
        true => "crash_crashing_istio_translated_wasmplugin",
        false => "crash_crashing",
    };
    let name = format!("envoy_wasm_{plugin}_vm_reload_success");
    let reloads = || metrics(&airflow.server).metric(&name, &[]).unwrap();
    let before = reloads();
    let trailers = xcom("sales_daily").body("x").trailer("x-crash", "now");
    assert_eq!(sales.ask(&trailers).status, 503);
    let start = Instant::now();
    let mut figures = Figures {
        requests: 1,
        lost: 1,
        ..Figures::default()
    };
    wait::until("the new VM", SOON, || {
        let status = sales.ask(&xcom("sales_daily")).status;
        assert!([200, 503].contains(&status), "{status}");
        figures.requests += 1;
        figures.lost += u64::from(status == 503);
        Ok((reloads() > before).then_some(()))
    })
    .unwrap();
    figures.healed = start.elapsed();
    figures
}
