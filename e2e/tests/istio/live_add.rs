//! The first plugin for a running sidecar. Envoy 1.36 and 1.37 (Istio 1.28 and 1.29) can crash then on CPUs with
//! protection keys: they start V8 when threads already exist that never get access to its key. The shipped bootstrap
//! starts V8 earlier. These sidecars are therefore of Istio 1.29, also under a later control plane, as in an upgrade.
//! One sidecar is the control plane's own.

use std::fs;

use dagward_cluster::Pod;
use dagward_shipped::manifest;
use dagward_workbench::wait;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, SOON, metrics, xcom};
use crate::objects::{annotated, of_task, pod, service};
use crate::scene::Scene;

const HERE: &str = "live-add";
const SALES: &str = "airflow-worker-sales";

/// The pod whose sidecar is the control plane's own, without the bootstrap.
const OWN: &str = "own";

/// The number of V8 engines in a sidecar's Envoy.
fn engines(pod: &Pod) -> f64 {
    metrics(pod)
        .metric("envoy_wasm_envoy_wasm_runtime_v8_active", &[])
        .unwrap()
}

#[test]
fn the_first_plugin_comes_to_a_running_sidecar() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    let mut bootstrap = manifest::read("examples/istio/bootstrap.yaml").unwrap();
    bootstrap["metadata"]["namespace"] = json!(HERE);
    scene.apply(&[bootstrap]);
    let remedied = |pod| annotated(pod, "sidecar.istio.io/bootstrapOverride", "dagward-bootstrap");
    let image = |pod, image| annotated(pod, "sidecar.istio.io/proxyImage", image);
    // Istio 1.29 has Envoy 1.37, and 1.28 has Envoy 1.36.
    let [old, older] = ["proxyv2:1.29.1", "proxyv2:1.29.1-envoy-1.36.4"];
    let server = [
        service(HERE, API_SERVER, "http", 8080),
        image(remedied(pod(HERE, API_SERVER, API_SERVER)), old),
    ];
    let worker = remedied(of_task(pod(HERE, SALES, SALES), "sales_daily", "load"));
    let pods = [
        image(worker, older),
        image(pod(HERE, "bare", SALES), old),
        pod(HERE, OWN, SALES),
    ];
    let airflow = Airflow::with(scene, HERE, server, &pods);
    let sales = airflow.caller(SALES);
    let own = scene.cluster.pod(HERE, OWN).unwrap();
    let bare = scene.cluster.pod(HERE, "bare").unwrap();
    // Only the pods with the bootstrap have the remedy.
    let early = [&airflow.server, &sales.pod, &bare].map(|pod| engines(pod) > 0.0);
    assert_eq!(early, [true, true, false]);
    assert_eq!(sales.ask(&xcom("ml_train")).status, 200);

    scene.apply(&[scene.plugin(HERE)]);
    // The server's sidecar may have it before the task's sidecar, which stamps the task headers. Until then everything
    // is refused.
    sales.until(&xcom("ml_train"), 403);
    sales.until(&xcom("sales_daily"), 200);
    assert_eq!([API_SERVER, SALES].map(|pod| scene.restarts(HERE, pod)), [0, 0]);

    // The Envoys of Istio 1.30 and later need no remedy.
    if scene.is_newest() {
        wait::until("the plugin", SOON, || Ok((engines(&own) > 0.0).then_some(()))).unwrap();
        assert_eq!(scene.restarts(HERE, OWN), 0);
    }

    // Without the remedy.
    let restarts = || scene.restarts(HERE, "bare");
    if fs::read_to_string("/proc/cpuinfo").unwrap().contains(" pku") {
        wait::until("the crash", SOON, || Ok((restarts() > 0).then_some(()))).unwrap();
        println!("without the bootstrap the sidecar crashed");
    } else {
        wait::until("the plugin", SOON, || Ok((engines(&bare) > 0.0).then_some(()))).unwrap();
        assert_eq!(restarts(), 0);
        println!(
            "NOT SHOWN: this CPU has no protection keys (`pku`), so nothing crashes without the bootstrap"
        );
    }
}
