//! A registry that needs credentials: the plugin's `imagePullSecret`, and the refusal without it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dagward_testbed::registry::{PASSWORD, USER};
use serde_json::{Value, json};

use crate::airflow::{API_SERVER, Airflow, health, xcom};
use crate::objects::{of_task, pod};
use crate::scene::Scene;

const HERE: &str = "private";
const SALES: &str = "airflow-worker-sales";
const SECRET: &str = "dagward-registry";

#[test]
fn the_plugin_s_secret_pulls_the_image() {
    let mut scene = Scene::own();
    scene.cluster.registry().protect().unwrap();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    let mut plugin = scene.plugin(HERE);
    scene.apply(&[plugin.clone()]);
    let worker = of_task(pod(HERE, SALES, SALES), "sales_daily", "load");
    let airflow = Airflow::start(&scene, HERE, &[worker]);
    let sales = airflow.caller(SALES);
    // The agent refuses, and not the policy: the answer has no code, and the agent's log has the reason.
    let refused = sales.ask(&health());
    assert_eq!((refused.status, &*refused.text()), (403, "RBAC: access denied"));
    let log = airflow.log(API_SERVER);
    assert!(
        log.contains("error in converting the wasm config to local") && log.contains("UNAUTHORIZED"),
        "{log}"
    );

    plugin["spec"]["imagePullSecret"] = json!(SECRET);
    scene.apply(&[secret(&scene), plugin]);
    sales.until(&health(), 200);
    sales.until(&xcom("ml_train"), 403);
    assert_eq!(sales.ask(&xcom("sales_daily")).status, 200);
}

/// The Secret that `kubectl create secret docker-registry` makes.
fn secret(scene: &Scene) -> Value {
    let registry = scene.urls[0]
        .strip_prefix("oci://")
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let credentials = json!({"username": USER, "password": PASSWORD, "auth": auth});
    let login = json!({"auths": {registry: credentials}}).to_string();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": HERE},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": login},
    })
}
