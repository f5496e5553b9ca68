//! The first plugin for a sidecar that runs already. Envoy 1.36 and 1.37 (Istio 1.28 and 1.29) can crash there on CPUs
//! with protection keys: they start V8 when threads exist that never get access to its key. The shipped
//! bootstrap starts V8 before.

use std::fs;

use dagward_lab::istio::Pod;
use dagward_lab::{manifest, wait};
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, SOON, metrics, xcom};
use crate::objects::{annotated, of_task, pod, service};
use crate::scene::Scene;

const HERE: &str = "live-add";
const SALES: &str = "airflow-worker-sales";

/// Engines of V8 in a sidecar's Envoy.
fn engines(pod: &Pod) -> f64 {
    metrics(pod)
        .metric("envoy_wasm_envoy_wasm_runtime_v8_active", &[])
        .unwrap()
}

#[test]
fn the_first_plugin_comes_to_a_running_sidecar() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    let file = "examples/istio/bootstrap.yaml";
    let mut bootstrap = manifest::read(file).unwrap();
    bootstrap["metadata"]["namespace"] = json!(HERE);
    scene.apply(&[bootstrap]);
    let remedied = |pod| annotated(pod, "sidecar.istio.io/bootstrapOverride", "dagward-bootstrap");
    let server = [
        service(HERE, API_SERVER, "http", 8080),
        remedied(pod(HERE, API_SERVER, API_SERVER)),
    ];
    let worker = remedied(of_task(pod(HERE, SALES, SALES), "sales_daily", "load"));
    let airflow = Airflow::with(scene, HERE, server, &[worker, pod(HERE, "bare", SALES)]);
    let sales = airflow.caller(SALES);
    let bare = scene.cluster.pod(HERE, "bare").unwrap();
    // The remedy is in force where it should be, and nowhere else.
    let early = [&airflow.server, &sales.pod, &bare].map(|pod| engines(pod) > 0.0);
    assert_eq!(early, [true, true, false]);
    assert_eq!(sales.ask(&xcom("ml_train")).status, 200);

    scene.apply(&[scene.plugin(HERE)]);
    sales.until(&xcom("ml_train"), 403);
    assert_eq!(sales.ask(&xcom("sales_daily")).status, 200);
    assert_eq!([API_SERVER, SALES].map(|pod| scene.restarts(HERE, pod)), [0, 0]);

    // Without it.
    let keys = fs::read_to_string("/proc/cpuinfo").unwrap().contains(" pku");
    let came = || Ok((engines(&bare) > 0.0 || scene.restarts(HERE, "bare") > 0).then_some(()));
    wait::until("the plugin or the crash", SOON, came).unwrap();
    let restarts = scene.restarts(HERE, "bare");
    match keys {
        true => println!("without the bootstrap the sidecar crashed {restarts} times"),
        false => println!(
            "NOT SHOWN: this CPU has no protection keys (`pku`), so the crash without the bootstrap cannot be seen"
        ),
    }
    assert_eq!(restarts > 0, keys);
}
