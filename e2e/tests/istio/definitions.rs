//! The API of Istio releases that the lab does not run. A bare API server with their definitions accepts every file
//! that users apply. It refuses unknown fields.

use std::fs;

use dagward_cluster::kubernetes::Kubernetes;
use dagward_cluster::network::Network;
use dagward_workbench::go;
use serde_json::{Value, json};

use crate::files::text;
use crate::manifests::manifests;

/// A release: its module of `lab/go/`, the Go module with the definitions, and the file in it.
type Release = [&'static str; 3];

const ISTIO_1_30: Release = [
    "istio-1.30",
    "istio.io/istio",
    "manifests/charts/base/files/crd-all.gen.yaml",
];

const ISTIO_1_32: Release = [
    "istio-api-1.32",
    "istio.io/api",
    "kubernetes/customresourcedefinitions.gen.yaml",
];

/// An API server with the definitions of a release and the namespace of the files.
fn server([module, published, file]: Release) -> (Network, Kubernetes) {
    let network = Network::new().unwrap();
    let kubernetes = Kubernetes::start(network.address()).unwrap();
    let definitions = go::source(module, published).unwrap().join(file);
    kubernetes
        .apply(&fs::read_to_string(definitions).unwrap())
        .unwrap();
    let mut wait = kubernetes.kubectl();
    let established = wait.args(["wait", "--for=condition=Established", "crd", "--all"]);
    assert!(established.output().unwrap().status.success());
    kubernetes.apply(&text("examples/istio/namespace.yaml")).unwrap();
    (network, kubernetes)
}

fn takes_every_file(kubernetes: &Kubernetes) {
    let files = manifests().into_iter().chain(["wasm-plugin.yaml".to_owned()]);
    for file in files {
        let applied = kubernetes.apply(&text(&file));
        assert!(applied.is_ok(), "{file}: {applied:?}");
    }
    let unknown = text("wasm-plugin.yaml").replace("  phase: AUTHZ\n", "  phase: AUTHZ\n  phrase: AUTHZ\n");
    let error = kubernetes.apply(&unknown).unwrap_err().to_string();
    assert!(error.contains("phrase"), "{error}");
}

#[test]
fn istio_1_30_takes_every_file() {
    let (_network, kubernetes) = server(ISTIO_1_30);
    takes_every_file(&kubernetes);
}

#[test]
fn istio_1_32_takes_every_file_and_required_tokens() {
    let (_network, kubernetes) = server(ISTIO_1_32);
    takes_every_file(&kubernetes);
    let required = |presence: &str| {
        let rule = json!({"issuer": "https://login.example.com", "presence": presence});
        authentication(&rule)
    };
    kubernetes.apply(&required("REQUIRED").to_string()).unwrap();
    let error = kubernetes.apply(&required("ALWAYS").to_string()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("spec.jwtRules[0].presence: Unsupported value"),
        "{error}"
    );
}

fn authentication(rule: &Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "RequestAuthentication",
        "metadata": {"name": "required", "namespace": "airflow"},
        "spec": {"jwtRules": [rule]},
    })
}
