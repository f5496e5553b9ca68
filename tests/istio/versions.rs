//! Sidecars of a later Istio than the control plane's: its agent pulls both forms of the image, and its Envoy decides.

use dagward_lab::wait;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, SOON, health, xcom};
use crate::objects::{annotated, of_task, pod, service};
use crate::scene::Scene;

const SALES: &str = "airflow-worker-sales";

/// A sidecar as a pod can choose it.
const LATER: &str = "docker.io/istio/proxyv2:1.31.0";

#[test]
fn a_later_sidecar_pulls_both_forms_of_the_image() {
    let scene = Scene::shared();
    let namespaces = ["later-image", "later-artifact"];
    let later = |pod| annotated(pod, "sidecar.istio.io/proxyImage", LATER);
    for (namespace, url) in namespaces.iter().zip(&scene.urls) {
        scene.namespace(namespace, &[API_SERVER, SALES]);
        let mut plugin = scene.plugin(namespace);
        plugin["spec"]["url"] = json!(url);
        let worker = of_task(pod(namespace, SALES, SALES), "sales_daily", "load");
        scene.apply(&[
            plugin,
            service(namespace, API_SERVER, "http", 8080),
            later(pod(namespace, API_SERVER, API_SERVER)),
            later(worker),
        ]);
    }
    for namespace in namespaces {
        let server = [
            service(namespace, API_SERVER, "http", 8080),
            later(pod(namespace, API_SERVER, API_SERVER)),
        ];
        let airflow = Airflow::with(scene, namespace, server, &[]);
        let sales = airflow.caller(SALES);
        let healthy = || Ok(Some(sales.ask(&health())).filter(|answer| answer.status == 200));
        wait::until("an answer", SOON, healthy).unwrap();
        let build = airflow.log(API_SERVER);
        assert!(build.contains("1.31.0"), "{build}");
        assert_eq!(sales.ask(&xcom("sales_daily")).status, 200);
        assert_eq!(sales.ask(&xcom("ml_train")).status, 403);
    }
}
