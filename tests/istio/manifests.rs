//! The files that users apply: the API server takes them as they are, istiod's webhook finds nothing wrong in
//! them, and what is wrong is refused where it is written.

use std::fs;

use dagward_lab::istio::Cluster;
use dagward_lab::{go, paths};

use crate::scene::Scene;

/// Istio's modules that know TrafficExtension.
const LATER: [&str; 2] = ["istio-crds", "istio-next"];

/// A text of the repository with the image where it is pushed to in the lab.
fn text(scene: &Scene, file: &str) -> String {
    let text = fs::read_to_string(paths::workspace().join(file)).unwrap();
    text.replace("oci://registry.example.com/dagward:0.1.0", &scene.urls[0])
}

/// Whether a file is for `kubectl apply`: not a patch, not values, not what names other files.
fn is_manifest(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("apiVersion:")) && !text.contains("\nkind: Kustomization")
}

fn trafficextension(cluster: &Cluster, module: &str) {
    let crds = go::source(module, "istio.io/istio")
        .unwrap()
        .join("manifests/charts/base/files/crd-all.gen.yaml");
    let crds = fs::read_to_string(crds).unwrap();
    let crd = crds
        .split("\n---\n")
        .find(|crd| crd.contains("\n  name: trafficextensions.extensions.istio.io\n"));
    cluster.kubernetes().apply(crd.unwrap()).unwrap();
    let mut wait = cluster.kubernetes().kubectl();
    wait.args([
        "wait",
        "--for=condition=Established",
        "crd/trafficextensions.extensions.istio.io",
    ]);
    assert!(wait.output().unwrap().status.success());
}

#[test]
fn every_file_is_accepted_as_it_is() {
    let scene = Scene::shared();
    let cluster = &scene.cluster;
    scene.namespace("airflow", &[]);
    for module in LATER {
        trafficextension(cluster, module);
        let mut files: Vec<_> = fs::read_dir(paths::workspace().join("examples/istio"))
            .unwrap()
            .collect();
        files.sort_by_key(|file| file.as_ref().unwrap().path());
        let mut applied = 0;
        for file in files {
            let path = file.unwrap().path();
            let name = format!("examples/istio/{}", path.file_name().unwrap().display());
            let text = if name.ends_with(".yaml") {
                text(scene, &name)
            } else {
                continue;
            };
            if is_manifest(&text) {
                cluster
                    .kubernetes()
                    .apply(&text)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                applied += 1;
            }
        }
        assert!(applied >= 4, "{applied}");
        let bad = text(scene, "examples/istio/traffic-extension.yaml").replace("phase: AUTHZ", "phase: LAST");
        let error = cluster.kubernetes().apply(&bad).unwrap_err().to_string();
        assert!(error.contains("spec.phase: Unsupported value"), "{error}");
    }
}

#[test]
fn the_plugin_is_accepted_and_a_bad_one_refused_by_its_field() {
    let scene = Scene::shared();
    let kubernetes = scene.cluster.kubernetes();
    let manifest = text(scene, "wasm-plugin.yaml").replace("namespace: airflow", "namespace: plugin");
    scene.namespace("plugin", &[]);
    kubernetes.apply(&manifest).unwrap();
    for (good, bad, field) in [
        (
            "phase: AUTHZ",
            "phase: LAST",
            "spec.phase: Unsupported value: \"LAST\"",
        ),
        (
            "failStrategy: FAIL_RELOAD",
            "failStrategy: FAIL",
            "spec.failStrategy: Unsupported value: \"FAIL\"",
        ),
        ("url: oci://", "url: ftp://", "url"),
    ] {
        assert!(manifest.contains(good), "{good}");
        let error = kubernetes
            .apply(&manifest.replace(good, bad))
            .unwrap_err()
            .to_string();
        assert!(error.contains(field), "{error}");
    }
    let mut analyze = scene.cluster.istioctl();
    // istiod is no pod here, so its webhooks have an address; Istio would have them have a name.
    analyze.args(["analyze", "--namespace", "plugin", "--suppress", "IST0164=*"]);
    let output = analyze.output().unwrap();
    let found = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(found.contains("No validation issues found"), "{found}");
}
