//! An update that a proxy rejects: no part of it takes effect, and the failed wait names the reason.

use std::time::Duration;

use dagward_workbench::wait;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, SOON};
use crate::scene::Scene;

const HERE: &str = "rejected";

/// Long enough for istiod to push, and short enough for a wait that fails.
const SHORT: Duration = Duration::from_secs(1);

#[test]
fn a_wait_in_vain_names_the_rejected_update() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[API_SERVER]);
    let airflow = Airflow::start(scene, HERE, &[]);
    let proxies = scene.cluster.proxies();
    assert_eq!(proxies.rejections_in(HERE).unwrap(), []);

    // A filter that this Envoy does not have, such as Istio's own `istio.stats`.
    let filter = json!({"name": "nowhere", "typed_config": {
        "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
        "type_url": "type.googleapis.com/nowhere.Filter",
    }});
    let patch = json!({
        "applyTo": "HTTP_FILTER",
        "match": {"context": "SIDECAR_INBOUND", "listener": {"filterChain": {
            "filter": {"name": "envoy.filters.network.http_connection_manager"},
        }}},
        "patch": {"operation": "INSERT_BEFORE", "value": filter},
    });
    scene.apply(&[json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "nowhere", "namespace": HERE},
        "spec": {"configPatches": [patch]},
    })]);
    let rejection = wait::until("the rejection", SOON, || Ok(proxies.rejections_in(HERE)?.pop()));
    let rejection = rejection.unwrap();
    assert_eq!(rejection.proxy, format!("{API_SERVER}.{HERE}"));
    assert_eq!(rejection.resource, "Listener");

    let error = proxies.until(HERE, "what never comes", SHORT, || Ok(None::<()>));
    let error = format!("{:#}", error.unwrap_err());
    for part in [
        "rejects its last update of Listener",
        "nowhere",
        "gave up waiting",
    ] {
        assert!(error.contains(part), "{error}");
    }
    drop(airflow);
}
