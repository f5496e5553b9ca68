//! The files that users apply: the API server accepts them as they are, istiod's webhook finds no fault in them, and
//! both refuse a mistake in the field that has it.

use std::fs;

use dagward_workbench::paths;

use crate::files;
use crate::scene::Scene;

/// The one kind that only Istio 1.30 and later have.
const EXTENSION: &str = "examples/istio/traffic-extension.yaml";

/// The list of modules refuses every plugin whose digest is not on it. `admission` applies it.
const MODULES: &str = "examples/enforce/modules.yaml";

/// A file with the lab's address of the image.
fn text(scene: &Scene, file: &str) -> String {
    files::text(file).replace("oci://registry.example.com/dagward:0.1.0", &scene.urls[0])
}

/// The files of the folders for `kubectl apply`. Patches and lists of files are not among them.
pub(crate) fn manifests() -> Vec<String> {
    let names = ["examples/istio", "examples/enforce"]
        .into_iter()
        .flat_map(|folder| {
            let files = fs::read_dir(paths::workspace().join(folder)).unwrap();
            files.map(move |file| format!("{folder}/{}", file.unwrap().file_name().to_str().unwrap()))
        });
    let mut files: Vec<_> = names
        .filter(|name| name.ends_with(".yaml") && name != MODULES)
        .filter(|file| {
            let text = files::text(file);
            let object = text.lines().any(|line| line.starts_with("apiVersion:"));
            object && !text.contains("\nkind: Kustomization\n")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_file_is_accepted_as_it_is() {
    // This test has its own cluster: the policy that refuses a bad document applies to the whole cluster.
    let scene = &Scene::own();
    let kubernetes = scene.cluster.kubernetes();
    scene.namespace("airflow", &[]);
    let mut files = manifests();
    assert!(files.iter().any(|file| file == EXTENSION), "{files:?}");
    if !scene.is_newest() {
        files.retain(|file| file != EXTENSION);
    }
    for file in &files {
        let applied = kubernetes.apply(&text(scene, file));
        assert!(applied.is_ok(), "{file}: {applied:?}");
    }
    if scene.is_newest() {
        let bad = text(scene, EXTENSION).replace("phase: AUTHZ", "phase: LAST");
        let error = kubernetes.apply(&bad).unwrap_err().to_string();
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
    // istiod is not a pod here, so its webhooks have an address. Istio's analyzer expects a service name.
    analyze.args(["analyze", "--namespace", "plugin", "--suppress", "IST0164=*"]);
    let output = analyze.output().unwrap();
    let found = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(found.contains("No validation issues found"), "{found}");
}
