//! New code that crashes: a release of the filter in which a request with trailers takes the VM down.

use std::time::Instant;

use dagward_lab::module;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, xcom};
use crate::figures::Figures;
use crate::objects::{of_task, pod, service};
use crate::scene::Scene;

const HERE: &str = "crash";
const SALES: &str = "airflow-worker-sales";

#[test]
fn a_crash_costs_the_request_that_crashed() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    let crashing = scene
        .cluster
        .publish(&module::crashing().unwrap().path, "crashing")
        .unwrap();
    // Only what is before the api-server crashes; the worker's sidecar has the filter itself.
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
    // Trailers come through HTTP/2 alone.
    let server = [
        service(HERE, API_SERVER, "http2", 8080),
        pod(HERE, API_SERVER, API_SERVER),
    ];
    let airflow = Airflow::with(scene, HERE, server, &[worker]);
    let mut sales = airflow.caller(SALES);
    sales.client = sales.client.http2();

    let crash = xcom("sales_daily").body("x").trailer("x-crash", "now");
    assert_eq!(sales.ask(&crash).status, 503);
    let start = Instant::now();
    let before = sales.until(&xcom("sales_daily"), 200);
    let healed = start.elapsed();
    // The new VM decides as the old one did.
    assert_eq!(sales.ask(&xcom("ml_train")).status, 403);
    let wrong = airflow
        .app
        .received()
        .iter()
        .filter(|request| request.path.contains("ml_train"))
        .count();
    let figures = Figures {
        requests: 3 + before.len() as u64,
        lost: 1 + before.len() as u64,
        wrong: wrong as u64,
        healed,
    };
    figures.print("the filter's VM crashes");
    assert!(before.iter().all(|status| *status == 503), "{before:?}");
    assert_eq!(wrong, 0);
}
