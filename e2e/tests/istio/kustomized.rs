//! The folders for `kubectl apply -k`: the base refuses no request, the overlay does, and `other-names` replaces the
//! chart's names everywhere. `steps` applies them.

use std::fs;
use std::path::Path;

use dagward_cluster::kubernetes::Kubernetes;
use dagward_shipped::manifest;
use dagward_workbench::paths;
use serde_json::{Value, json};

use crate::files::text;

fn built(folder: &Path) -> Vec<Value> {
    manifest::parse_all(&Kubernetes::kustomize(folder).unwrap()).unwrap()
}

/// The one object of this kind and name.
fn one<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    let mut found = objects
        .iter()
        .filter(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    let (one, more) = (found.next(), found.next());
    assert!(one.is_some() && more.is_none(), "{kind} `{name}`");
    one.unwrap()
}

/// The four values that decide whether a request can be refused.
fn refuses(objects: &[Value]) -> [&Value; 4] {
    let plugin = one(objects, "WasmPlugin", "dagward");
    let authentication = one(objects, "PeerAuthentication", "default");
    [
        &plugin["spec"]["failStrategy"],
        &plugin["spec"]["pluginName"],
        &plugin["spec"]["pluginConfig"]["mode"],
        &authentication["spec"]["mtls"]["mode"],
    ]
}

#[test]
fn the_base_is_open_and_the_overlay_is_not() {
    for base in [".", "examples/istio"] {
        let base = built(&paths::workspace().join(base));
        assert_eq!(
            refuses(&base),
            ["FAIL_OPEN", "dagward-open", "shadow", "PERMISSIVE"]
        );
        // The base refuses no pods, and has no accounts of teams.
        for object in &base {
            let kind = object["kind"].as_str().unwrap();
            let name = object["metadata"]["name"].as_str().unwrap();
            assert_ne!(kind, "ServiceAccount");
            assert!(
                !kind.starts_with("ValidatingAdmission") || name == "dagward-document",
                "{name}"
            );
        }
    }
    // Istio uses one Telemetry without a selector for a namespace, and ignores any other.
    let base = built(paths::workspace());
    let telemetry = one(&base, "Telemetry", "dagward");
    assert_eq!(
        telemetry["spec"]["selector"]["matchLabels"],
        json!({"tier": "airflow"})
    );
    let enforced = built(&paths::workspace().join("examples/enforce"));
    assert_eq!(
        refuses(&enforced),
        ["FAIL_RELOAD", "dagward", "enforce", "STRICT"]
    );
    one(&enforced, "ValidatingAdmissionPolicy", "dagward-task-pods");
}

/// The texts of an object that hold this word.
fn with<'o>(object: &'o Value, word: &str, found: &mut Vec<&'o str>) {
    match object {
        Value::String(text) if text.contains(word) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| with(item, word, found)),
        Value::Object(fields) => fields.values().for_each(|field| with(field, word, found)),
        _ => {}
    }
}

/// `examples/other-names` over the base, and over the overlay as an operator who enforces has it.
fn with_other_names() -> [Vec<Value>; 2] {
    let scratch = paths::scratch("names").unwrap();
    let depth = scratch
        .path()
        .strip_prefix(paths::workspace())
        .unwrap()
        .components()
        .count();
    let examples = format!("{}examples", "../".repeat(depth));
    let kustomization = text("examples/other-names/kustomization.yaml");
    assert!(kustomization.contains("- ../istio\n"));
    let kustomization = kustomization
        .replace("- ../istio\n", "- ../enforce\n- ../database\n")
        .replace("- ../", &format!("- {examples}/"));
    fs::write(scratch.path().join("kustomization.yaml"), kustomization).unwrap();
    fs::write(
        scratch.path().join("names.yaml"),
        text("examples/other-names/names.yaml"),
    )
    .unwrap();
    let shipped = paths::workspace().join("examples/other-names");
    [built(&shipped), built(scratch.path())]
}

#[test]
fn other_names_stand_wherever_the_chart_s_stood() {
    for objects in with_other_names() {
        // First as the parts of the chart's names, then as the names themselves.
        for (word, alike) in [
            ("spiffe://", "spiffe://prod.example.com/ns/data-eng/sa/etl-"),
            ("airflow-", "airflow-task-pods"),
        ] {
            let mut found = Vec::new();
            // NetworkPolicies use labels, which do not depend on the release's name.
            let objects = objects.iter().filter(|object| object["kind"] != "NetworkPolicy");
            objects.for_each(|object| with(object, word, &mut found));
            // The messages of admission policies quote the names that they found.
            found.retain(|text| !text.starts_with(alike) && !text.contains('\''));
            assert!(found.is_empty(), "{word}: {found:#?}");
        }
        for object in &objects {
            let namespace = &object["metadata"]["namespace"];
            assert!(namespace.is_null() || namespace == "data-eng", "{object}");
        }
        let namespace = one(&objects, "Namespace", "data-eng");
        assert_eq!(namespace["metadata"]["labels"], json!({"istio.io/rev": "stable"}));
        let subjects = &one(&objects, "RoleBinding", "airflow-task-pods")["subjects"];
        assert_eq!(
            *subjects,
            json!([{"kind": "ServiceAccount", "name": "etl-scheduler", "namespace": "data-eng"}])
        );
        let policies = &one(&objects, "WasmPlugin", "dagward")["spec"]["pluginConfig"]["policies"];
        let people = policies.as_array().unwrap().iter();
        let mut people = people.filter(|policy| policy["name"] == "people-come-through-the-gateway");
        assert_eq!(
            people.next().unwrap()["rules"][0]["from"],
            json!([{"namespaces": ["gateways"]}])
        );
        let teams = one(&objects, "ConfigMap", "dagward-teams");
        assert_eq!(teams["data"], json!({"all-others": "etl-worker"}));
    }
    let [_, enforced] = with_other_names();
    for policy in ["accounts", "authors", "creators", "task-ids", "task-pods"] {
        let name = format!("dagward-{policy}.data-eng");
        let spec = &one(&enforced, "ValidatingAdmissionPolicyBinding", &name)["spec"];
        let namespace = &spec["matchResources"]["namespaceSelector"]["matchLabels"];
        assert_eq!(
            *namespace,
            json!({"kubernetes.io/metadata.name": "data-eng"}),
            "{name}"
        );
        let parameters = &spec["paramRef"]["namespace"];
        assert!(parameters == "data-eng" || policy == "task-ids", "{name}");
        assert_eq!(spec["policyName"], format!("dagward-{policy}"));
    }
    let names = one(&enforced, "ConfigMap", "dagward-admission");
    for name in ["scheduler", "worker", "triggerer", "processor"] {
        assert!(
            names["data"][name].as_str().unwrap().starts_with("etl-"),
            "{name}"
        );
    }
    assert_eq!(names["data"]["secrets"], "etl-");
    assert_eq!(names["data"]["taskSecrets"], "etl-ssh-secret");
}

/// `kubectl apply -k examples/database`, by itself and with other names beside the overlay.
#[test]
fn the_database_has_a_folder_of_its_own() {
    let policies = |objects: &[Value]| {
        let ours =
            |object: &&Value| object["kind"] == "NetworkPolicy" || object["kind"] == "AuthorizationPolicy";
        let ours: Vec<_> = objects.iter().filter(ours).cloned().collect();
        assert_eq!(ours.len(), 7);
        let mut principals = Vec::new();
        for object in &ours {
            assert_eq!(
                object["metadata"]["labels"]["app.kubernetes.io/part-of"],
                "dagward"
            );
            with(object, "/sa/", &mut principals);
        }
        assert!(principals.len() > 15, "{principals:?}");
        let namespace = ours[0]["metadata"]["namespace"].clone();
        assert!(
            ours.iter()
                .all(|object| object["metadata"]["namespace"] == namespace)
        );
        let principals: Vec<_> = principals.into_iter().map(str::to_owned).collect();
        (namespace, principals)
    };
    let plain = built(&paths::workspace().join("examples/database"));
    let (namespace, plain) = policies(&plain);
    assert_eq!(namespace, "airflow");
    let [_, enforced] = with_other_names();
    let (namespace, other) = policies(&enforced);
    assert_eq!(namespace, "data-eng");
    let renamed = |account: &String| {
        account.replace(
            "cluster.local/ns/airflow/sa/airflow-",
            "prod.example.com/ns/data-eng/sa/etl-",
        )
    };
    let mut renamed: Vec<_> = plain.iter().map(renamed).collect();
    let mut other = other;
    renamed.sort_unstable();
    other.sort_unstable();
    assert_eq!(other, renamed);
    // They refuse connections, so the base has none of them.
    for object in built(paths::workspace()) {
        assert!(object["kind"] != "NetworkPolicy" && object["kind"] != "AuthorizationPolicy");
    }
}
