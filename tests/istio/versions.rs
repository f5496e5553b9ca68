//! Both forms of the image, and sidecars of a later Istio than the control plane's: each agent pulls either form, and its
//! Envoy decides.

use dagward_lab::wait;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, SOON, health, xcom};
use crate::objects::{annotated, of_task, pod, service};
use crate::scene::Scene;

const SALES: &str = "airflow-worker-sales";

/// A sidecar as a pod can choose it.
const LATER: &str = "docker.io/istio/proxyv2:1.31.0";

/// Namespaces with which form of the image, and whether their sidecars are later ones. All other tests have the first
/// form in sidecars of the control plane's own release.
const CASES: [(&str, usize, bool); 3] = [
    ("artifact", 1, false),
    ("later-image", 0, true),
    ("later-artifact", 1, true),
];

#[test]
fn every_sidecar_pulls_both_forms_of_the_image() {
    let scene = Scene::shared();
    for (namespace, form, later) in CASES {
        let sidecar = |pod| match later {
            true => annotated(pod, "sidecar.istio.io/proxyImage", LATER),
            false => pod,
        };
        scene.namespace(namespace, &[API_SERVER, SALES]);
        let mut plugin = scene.plugin(namespace);
        plugin["spec"]["url"] = json!(scene.urls[form]);
        scene.apply(&[plugin]);
        let worker = of_task(pod(namespace, SALES, SALES), "sales_daily", "load");
        let server = [
            service(namespace, API_SERVER, "http", 8080),
            sidecar(pod(namespace, API_SERVER, API_SERVER)),
        ];
        let airflow = Airflow::with(scene, namespace, server, &[sidecar(worker)]);
        let sales = airflow.caller(SALES);
        let healthy = || Ok(Some(sales.ask(&health())).filter(|answer| answer.status == 200));
        wait::until("an answer", SOON, healthy).unwrap();
        let log = airflow.log(API_SERVER);
        assert_eq!(log.contains("1.31.0"), later, "{log}");
        assert_eq!(sales.ask(&xcom("sales_daily")).status, 200);
        assert_eq!(sales.ask(&xcom("ml_train")).status, 403);
    }
}
