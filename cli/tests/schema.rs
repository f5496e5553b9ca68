//! `dagward schema`: compares the documents that the schema accepts with those that the filter accepts.

#![expect(clippy::unwrap_used, reason = "a failed test is what a panic means here")]

#[path = "schema/random.rs"]
mod random;

use std::cell::Cell;
use std::process::Command;

use dagward::policy::{self, LoadError};
use dagward_shipped::manifest;
use dagward_workbench::paths;
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

fn validator(target: &str) -> Validator {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dagward"));
    let output = command.args(["schema", "--for", target]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn complaints(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect()
}

fn read(document: &Value) -> Result<(), Vec<LoadError>> {
    policy::read(document.to_string().as_bytes()).map(drop)
}

/// The YAML files of the repository's examples.
fn examples() -> Vec<(String, Value)> {
    let mut files = vec!["wasm-plugin.yaml".to_owned()];
    for folder in ["examples/policies", "examples/istio"] {
        let entries = std::fs::read_dir(paths::workspace().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let yaml = names.filter(|name| name.ends_with(".yaml"));
        files.extend(yaml.map(|name| format!("{folder}/{name}")));
    }
    let values = |file: String| {
        let all = manifest::read_all(&file).unwrap();
        all.into_iter().map(move |value| (file.clone(), value))
    };
    files.into_iter().flat_map(values).collect()
}

#[test]
fn every_example_is_valid() {
    let [document, plugin, extension] = ["document", "wasm-plugin", "traffic-extension"].map(validator);
    let mut seen = [0; 3];
    for (file, value) in examples() {
        let (number, validator) = match value["kind"].as_str() {
            None if value["policies"].is_array() => (0, &document),
            Some("WasmPlugin") => (1, &plugin),
            Some("TrafficExtension") => (2, &extension),
            _ => continue,
        };
        seen[number] += 1;
        assert_eq!(complaints(validator, &value), Vec::<String>::new(), "{file}");
        if let Some(carried) = manifest::policy(&value) {
            assert_eq!(complaints(&document, carried), Vec::<String>::new(), "{file}");
        }
    }
    assert!(seen.iter().all(|seen| *seen > 0), "{seen:?}");
}

#[test]
fn what_has_a_wrong_shape_is_refused_by_both() {
    let validator = validator("document");
    let with = |field: &str, value: Value| {
        let mut document = json!({"apiVersion": "dagward/v1", "policies": []});
        document[field] = value;
        document
    };
    let policy = |policy: Value| with("policies", json!([policy]));
    let rule = |rule: Value| policy(json!({"name": "p", "action": "ALLOW", "rules": [rule]}));
    let issuer = |field: &str, value: Value| {
        let mut issuer = json!({
            "name": "i", "kind": "oidc", "issuer": "https://issuer.example", "audiences": ["a"], "fromIstio": true,
        });
        issuer[field] = value;
        with("tokens", json!([issuer]))
    };
    assert_eq!(read(&issuer("required", json!(true))), Ok(()));
    for document in [
        json!([]),
        json!({}),
        json!({"apiVersion": "dagward/v1"}),
        with("apiVersion", json!("dagward/v2")),
        with("mod", json!("enforce")),
        with("mode", json!("enforced")),
        with("mode", json!(null)),
        with("stampers", json!([])),
        with("stampers", json!("spiffe://td/*")),
        with("meshHosts", json!([7])),
        with("airflow", json!("nowhere")),
        with("airflow", json!({})),
        with("airflow", json!({"ports": [0]})),
        with("airflow", json!({"ports": [8080], "port": 1})),
        with("basePath", json!(1)),
        with("airflow2WebPages", json!("yes")),
        with("policies", json!({})),
        policy(json!({"name": "p", "action": "ALLOW"})),
        policy(json!({"name": "a b", "action": "ALLOW", "rules": [{}]})),
        policy(json!({"name": 2024, "action": "ALLOW", "rules": [{}]})),
        policy(json!({"name": "p", "action": "allow", "rules": [{}]})),
        policy(json!({"name": "p", "action": "ALLOW", "rules": []})),
        policy(json!({"name": "p", "action": "ALLOW", "rules": [{}], "mode": "observe"})),
        rule(json!({"form": []})),
        rule(json!({"from": []})),
        rule(json!({"to": [{}]})),
        rule(json!({"to": [{"dags": "a"}]})),
        rule(json!({"to": [{"dags": [1]}]})),
        rule(json!({"to": [{"dags": [""]}]})),
        rule(json!({"to": [{"principals": ["spiffe://td/a"]}]})),
        rule(json!({"to": [{"actions": ["xcom:reed"]}]})),
        rule(json!({"to": [{"surfaces": ["exec"]}]})),
        rule(json!({"from": [{"proof": ["pods"]}]})),
        rule(json!({"from": [{"claims": {}}]})),
        rule(json!({"from": [{"claims": {"groups": "admins"}}]})),
        with("tokens", json!([])),
        issuer("kind", json!("jwt")),
        issuer("audiences", json!([])),
        issuer("algorithms", json!(["RS255"])),
        issuer("cluster", json!("c")),
        issuer("clockSkewSeconds", json!(301)),
        issuer("locations", json!([{"header": "a", "cookie": "b"}])),
        issuer("locations", json!([{"query": "a", "prefix": "Bearer "}])),
        issuer("surfaces", json!(["rest", "unclassified"])),
        issuer("fromIstio", json!("true")),
    ] {
        assert!(read(&document).is_err(), "the filter takes {document}");
        assert!(!validator.is_valid(&document), "the schema takes {document}");
    }
}

#[test]
fn a_resource_has_the_fields_of_its_kind() {
    let [plugin, extension] = ["wasm-plugin", "traffic-extension"].map(validator);
    let resource = |kind: &str, spec: Value| {
        json!({
            "apiVersion": "extensions.istio.io/v1alpha1", "kind": kind, "metadata": {"name": "dagward"}, "spec": spec,
        })
    };
    let module = json!({
        "url": "oci://registry.example.com/dagward:0.1.0",
        "pluginConfig": {"apiVersion": "dagward/v1", "policies": []},
    });
    let mut misspelt = module.clone();
    misspelt["uri"] = json!("oci://registry.example.com/dagward:0.1.0");
    let mut broken = module.clone();
    broken["pluginConfig"]["mod"] = json!("enforce");
    assert!(plugin.is_valid(&resource("WasmPlugin", module.clone())));
    assert!(extension.is_valid(&resource("TrafficExtension", json!({"wasm": module.clone()}))));
    for wrong in [
        misspelt,
        broken,
        json!({"wasm": module.clone()}),
        json!({"url": "oci://a/b"}),
    ] {
        assert!(
            !plugin.is_valid(&resource("WasmPlugin", wrong.clone())),
            "{wrong}"
        );
        assert!(!extension.is_valid(&resource("TrafficExtension", json!({"wasm": wrong}))));
    }
    assert!(!extension.is_valid(&resource("TrafficExtension", module)));
}

#[test]
fn the_schema_takes_what_the_filter_takes() {
    use proptest::test_runner::{Config, TestRunner};

    let validator = validator("document");
    let documents = random::documents();
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config::with_cases(4_000));
    runner
        .run(&random::changed(documents), |document| {
            match read(&document) {
                Ok(()) => {
                    taken.set(taken.get() + 1);
                    let complaints = complaints(&validator, &document);
                    prop_assert!(complaints.is_empty(), "{complaints:?} {document}");
                }
                Err(_) => refused.set(refused.get() + 1),
            }
            Ok(())
        })
        .unwrap();
    // The generator is only useful if both happen often.
    let (taken, refused) = (taken.get(), refused.get());
    assert!(taken > 500 && refused > 500, "{taken} taken, {refused} refused");
}
