//! The plugin as a WasmPlugin and as a TrafficExtension. One replaces the other while requests pass.

use dagward_cluster::kubernetes::Kubernetes;
use dagward_shipped::manifest;
use serde_json::{Value, json};

use crate::airflow::{API_SERVER, Airflow, Caller, SOON, xcom};
use crate::objects::{of_task, pod};
use crate::scene::Scene;

const HERE: &str = "forms";
const SALES: &str = "airflow-worker-sales";

/// Enough connections for each worker of both proxies to get some.
const CONNECTIONS: u32 = 20;

/// Checks that the policy is in force: the task can read only its own team's data, and its sidecar stamps the task
/// headers.
fn enforced(airflow: &Airflow<'_>, sales: &Caller) {
    let forged = xcom("ml_train").header("x-airflow-dag-id", "ml_train");
    // The workers of a proxy get a change one after the other, and a connection can go to any of them.
    let refused = || (0..CONNECTIONS).all(|_| sales.ask(&forged).status == 403);
    let everywhere = || Ok(refused().then_some(()));
    let proxies = airflow.scene.cluster.proxies();
    proxies
        .until(HERE, "refusals by every worker", SOON, everywhere)
        .unwrap();
    // The server's sidecar may have it before the task's sidecar, which stamps the task headers. Until then everything
    // is refused.
    sales.until(&xcom("sales_daily"), 200);
    airflow.app.clear();
    assert_eq!(sales.ask(&xcom("sales_daily")).status, 200);
    let received = airflow.app.received();
    assert_eq!(received.len(), 1);
    for (header, value) in [
        ("x-airflow-dag-id", "sales_daily"),
        ("x-airflow-task-id", "load"),
        ("x-airflow-proof", "pod"),
    ] {
        assert_eq!(received[0].header(header), Some(value), "{header}");
    }
}

/// The shipped TrafficExtension, with the plugin's policy, as its comment says.
fn extension(scene: &Scene) -> Value {
    let mut extension = manifest::read("examples/istio/traffic-extension.yaml").unwrap();
    let plugin = scene.plugin(HERE);
    extension["metadata"]["namespace"] = json!(HERE);
    extension["spec"]["wasm"]["url"] = plugin["spec"]["url"].clone();
    extension["spec"]["wasm"]["pluginConfig"] = plugin["spec"]["pluginConfig"].clone();
    extension
}

fn delete(kubernetes: &Kubernetes, kind: &str) {
    let mut delete = kubernetes.kubectl();
    delete.args(["delete", "--namespace", HERE, kind, "dagward"]);
    let output = delete.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn each_form_decides_and_takes_the_place_of_the_other() {
    let scene = Scene::shared();
    let kubernetes = scene.cluster.kubernetes();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    let worker = of_task(pod(HERE, SALES, SALES), "sales_daily", "load");
    let airflow = Airflow::start(scene, HERE, &[worker]);
    let sales = airflow.caller(SALES);
    assert_eq!(sales.ask(&xcom("ml_train")).status, 200);

    let mut forms = vec![("wasmplugin", scene.plugin(HERE), "/spec/pluginConfig/mode")];
    // Istio 1.29 has only the first form.
    if scene.is_newest() {
        let mode = "/spec/wasm/pluginConfig/mode";
        forms.push(("trafficextension", extension(scene), mode));
        forms.push(("wasmplugin", scene.plugin(HERE), "/spec/pluginConfig/mode"));
    }
    for (kind, form, mode) in forms {
        scene.apply(std::slice::from_ref(&form));
        enforced(&airflow, &sales);
        // A live change, and the change back.
        let mut shadow = form.clone();
        *shadow.pointer_mut(mode).unwrap() = json!("shadow");
        scene.apply(&[shadow]);
        sales.until(&xcom("ml_train"), 200);
        scene.apply(&[form]);
        enforced(&airflow, &sales);

        delete(kubernetes, kind);
        sales.until(&xcom("ml_train"), 200);
    }
    assert_eq!([API_SERVER, SALES].map(|pod| scene.restarts(HERE, pod)), [0, 0]);
    assert_eq!(scene.cluster.proxies().rejections_in(HERE).unwrap(), []);
}
