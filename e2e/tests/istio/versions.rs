//! Both forms of the image, with sidecars of another Istio than the control plane's, and with the Envoy of the next.
//! Each agent pulls either form, and its Envoy decides.

use dagward_cluster::release::Istio;
use dagward_testbed::envoy::DEFAULT_VERSION;
use dagward_workbench::wait;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, SOON, health, xcom};
use crate::objects::{annotated, of_task, pod, service};
use crate::scene::Scene;

const SALES: &str = "airflow-worker-sales";

/// The namespaces, each with a form of the image and its sidecars. All other tests have the first form, in sidecars of
/// the control plane's own release.
const CASES: [(&str, usize, Sidecar); 4] = [
    ("artifact", 1, Sidecar::Own),
    ("other-image", 0, Sidecar::Other),
    ("other-artifact", 1, Sidecar::Other),
    ("next-envoy", 0, Sidecar::NextEnvoy),
];

/// The sidecars of a namespace.
#[derive(Clone, Copy)]
enum Sidecar {
    /// The sidecars that istiod injects.
    Own,
    /// The sidecars of the lab's other Istio.
    Other,
    /// The control plane's own agent with the newest Envoy, the one of the next Istio.
    NextEnvoy,
}

#[test]
fn every_sidecar_pulls_both_forms_of_the_image() {
    let scene = Scene::shared();
    let own = scene.cluster.release();
    let other = Istio::ALL.into_iter().find(|release| *release != own).unwrap();
    for (namespace, form, sidecar) in CASES {
        let (release, tag) = match sidecar {
            Sidecar::Own => (own, None),
            Sidecar::Other => (other, Some(other.version.to_owned())),
            Sidecar::NextEnvoy => (own, Some(format!("{}-envoy-{DEFAULT_VERSION}", own.version))),
        };
        // A pod can choose this by itself.
        let sidecar = |pod| match &tag {
            Some(tag) => {
                let image = format!("docker.io/istio/proxyv2:{tag}");
                annotated(pod, "sidecar.istio.io/proxyImage", &image)
            }
            None => pod,
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
