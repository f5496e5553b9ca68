//! `examples/enforce/modules.yaml`: proxies run only modules whose digest is listed.

use dagward_cluster::Cluster;
use dagward_workbench::wait;
use serde_json::{Value, json};

use super::{IN_FORCE, ask};
use crate::files::text;

/// The digest in the shipped file.
const LISTED: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

const OTHER: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

pub(super) fn have_a_listed_digest(cluster: &Cluster) {
    cluster
        .kubernetes()
        .apply(&text("examples/enforce/modules.yaml"))
        .unwrap();
    let tagged = plugin("airflow", "oci://registry.example.com/dagward:0.1.0");
    wait::until("the list of modules to be in force", IN_FORCE, || {
        Ok(create(cluster, &tagged).err())
    })
    .unwrap();

    let repository = "registry.example.com:5000/team/dagward";
    let good = [
        format!("oci://{repository}@{LISTED}"),
        format!("oci://{repository}:0.1.0@{LISTED}"),
        format!("registry.example.com/dagward@{LISTED}"),
    ];
    for namespace in ["airflow", "istio-system"] {
        for url in &good {
            create(cluster, &plugin(namespace, url)).unwrap();
            create(cluster, &extension(namespace, json!({"wasm": {"url": url}}))).unwrap();
        }
    }
    let bad = [
        format!("oci://{repository}:0.1.0"),
        format!("oci://{repository}@{OTHER}"),
        // Istio fetches these without a comparison of the digest.
        format!("https://{repository}@{LISTED}"),
        format!("http://{repository}/@{LISTED}"),
        format!("HTTPS://{repository}@{LISTED}"),
        format!("file:///tmp/dagward@{LISTED}"),
        format!("oci://{repository}@{OTHER}?@{LISTED}"),
        format!("oci://{repository}@{OTHER}#@{LISTED}"),
        format!("oci://{repository}@{OTHER}/a@{LISTED}"),
        format!("oci://{repository}@{LISTED}0"),
        format!("oci://{repository}@{LISTED}\n"),
        LISTED.to_owned(),
    ];
    for namespace in ["airflow", "istio-system"] {
        for url in &bad {
            for object in [
                plugin(namespace, url),
                extension(namespace, json!({"wasm": {"url": url}})),
            ] {
                let refusal = create(cluster, &object)
                    .err()
                    .unwrap_or_else(|| "admitted".to_owned());
                // The second one comes from Istio's own definition of the field.
                let refused = ["dagward-modules", "Invalid value"]
                    .iter()
                    .any(|by| refusal.contains(by));
                assert!(refused, "{object}: {refusal}");
            }
        }
    }
    the_agent_s_own_digest_is_that_of_the_url(cluster, &good[0]);
    let code = json!({"lua": {"inlineCode": "function envoy_on_request(handle) end"}});
    create(cluster, &extension("airflow", code)).unwrap_err();
    // The plugins of other namespaces belong to other teams.
    create(cluster, &plugin("default", &bad[0])).unwrap();

    // An existing module cannot be exchanged for another.
    let named = plugin("airflow", &good[0]).to_string();
    ask(cluster, "admin", &["create", "--filename", "-"], &named).unwrap();
    let change = json!({"spec": {"url": bad[1]}}).to_string();
    let patch = ["patch", "wasmplugin", "tried", "--namespace", "airflow"];
    let patch = [&patch[..], &["--type", "merge", "--patch", &change]].concat();
    let refusal = ask(cluster, "admin", &patch, "").unwrap_err();
    assert!(refusal.contains(&bad[1]), "{refusal}");
}

/// Istio's agent takes a module that it has by this digest, and then asks no registry for that of the url.
fn the_agent_s_own_digest_is_that_of_the_url(cluster: &Cluster, url: &str) {
    for (digest, passes) in [(LISTED, true), (OTHER, false)] {
        let sha256 = digest.trim_start_matches("sha256:");
        let spec = json!({"url": url, "sha256": sha256});
        for object in [
            object("WasmPlugin", "airflow", spec.clone()),
            extension("airflow", json!({"wasm": spec})),
        ] {
            let verdict = create(cluster, &object);
            assert_eq!(verdict.is_ok(), passes, "{object}: {verdict:?}");
            let refusal = verdict.err().unwrap_or_default();
            assert!(
                passes || refusal.contains("must be the digest of its `url`"),
                "{refusal}"
            );
        }
    }
}

fn create(cluster: &Cluster, object: &Value) -> Result<(), String> {
    let arguments = ["create", "--dry-run=server", "--filename", "-"];
    ask(cluster, "admin", &arguments, &object.to_string())
}

fn plugin(namespace: &str, url: &str) -> Value {
    object("WasmPlugin", namespace, json!({"url": url}))
}

fn extension(namespace: &str, spec: Value) -> Value {
    object("TrafficExtension", namespace, spec)
}

fn object(kind: &str, namespace: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": "tried", "namespace": namespace},
        "spec": spec,
    })
}
