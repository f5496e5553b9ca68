//! `examples/istio/document.yaml`: the words that admission lets a document have are those that the filter reads.

use dagward::policy::{self, Field, LoadError, Mode, Side};
use dagward_shipped::manifest;
use serde_json::{Value, json};

const FILE: &str = "examples/istio/document.yaml";

/// A list of words in a variable of the admission policy.
fn words(variable: &str) -> Vec<String> {
    let policy = &manifest::read_all(FILE).unwrap()[0];
    let variables = policy["spec"]["variables"].as_array().unwrap();
    let found = variables.iter().find(|found| found["name"] == variable).unwrap();
    let list = found["expression"].as_str().unwrap().replace('\'', "\"");
    let words: Vec<String> = serde_json::from_str(&list).unwrap();
    sorted(words)
}

/// The words that the filter says it would take for `xyz`, in a document with that in one place.
fn allowed(document: &Value) -> Vec<String> {
    let errors: Vec<LoadError> = policy::load(document.to_string().as_bytes()).err().unwrap();
    let error = errors.iter().find(|error| error.found.contains("`xyz`")).unwrap();
    let allowed = error.allowed.as_deref().unwrap();
    sorted(
        allowed
            .split(", ")
            .map(|word| word.trim_matches('`').to_owned())
            .collect(),
    )
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort_unstable();
    words
}

fn of_policy(policy: &Value) -> Value {
    json!({"apiVersion": "dagward/v1", "policies": [policy]})
}

#[test]
fn its_words_are_the_filter_s() {
    let entry = |side: Side| {
        let words = Field::of(side).flat_map(|field| [field.word(), field.not_word()]);
        sorted(words.map(str::to_owned).collect())
    };
    let mut document = of_policy(&json!({}));
    document["xyz"] = json!(1);
    for (variable, expected) in [
        ("fields", allowed(&document)),
        (
            "modes",
            sorted(Mode::ALL.map(|mode| mode.as_str().to_owned()).into()),
        ),
        ("fieldsOfPolicies", allowed(&of_policy(&json!({"xyz": 1})))),
        ("modesOfPolicies", allowed(&of_policy(&json!({"mode": "xyz"})))),
        ("actions", allowed(&of_policy(&json!({"action": "xyz"})))),
        (
            "fieldsOfRules",
            allowed(&of_policy(&json!({"rules": [{"xyz": 1}]}))),
        ),
        ("from", entry(Side::From)),
        ("to", entry(Side::To)),
        (
            "fieldsOfTokens",
            allowed(&json!({"apiVersion": "dagward/v1", "policies": [], "tokens": [{"xyz": 1}]})),
        ),
    ] {
        assert_eq!(words(variable), expected, "{variable}");
    }
}
