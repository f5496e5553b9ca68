//! Both forms of the image, and sidecars of another Istio than the control plane's: each agent
//! pulls either form, and its Envoy decides.

use dagward_lab::istio::release::Istio;
use dagward_lab::wait;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, SOON, health, xcom};
use crate::objects::{annotated, of_task, pod, service};
use crate::scene::Scene;

const SALES: &str = "airflow-worker-sales";

/// Namespaces with which form of the image, and whether their sidecars are of another release. All
/// other tests have the first form in sidecars of the control plane's own release.
const CASES: [(&str, usize, bool); 3] = [
    ("artifact", 1, false),
    ("other-image", 0, true),
    ("other-artifact", 1, true),
];

#[test]
fn every_sidecar_pulls_both_forms_of_the_image() {
    let scene = Scene::shared();
    let own = scene.cluster.release();
    let other = Istio::ALL.into_iter().find(|release| *release != own).unwrap();
    for (namespace, form, differs) in CASES {
        let release = if differs { other } else { own };
        // As a pod can choose it.
        let image = format!("docker.io/istio/proxyv2:{}", release.version);
        let sidecar = |pod| match differs {
            true => annotated(pod, "sidecar.istio.io/proxyImage", &image),
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
        for known in Istio::ALL {
            assert_eq!(log.contains(known.version), known == release, "{log}");
        }
        assert_eq!(sales.ask(&xcom("sales_daily")).status, 200);
        assert_eq!(sales.ask(&xcom("ml_train")).status, 403);
    }
}
