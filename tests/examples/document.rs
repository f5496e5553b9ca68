//! `examples/istio/document.yaml`: the words that admission allows in a document are those of the grammar.

use dagward::policy::Side;
use dagward::policy::grammar::{Form, Object};
use dagward_shipped::manifest;

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

/// The names of an object's fields.
fn names(object: Object) -> Vec<String> {
    let fields = object.fields().into_iter();
    sorted(fields.map(|field| field.name.to_owned()).collect())
}

/// The words that a field accepts.
fn words_of(object: Object, name: &str) -> Vec<String> {
    let field = object.fields().into_iter().find(|field| field.name == name);
    match field.unwrap().form {
        Form::Word(words) => sorted(words().into_iter().map(str::to_owned).collect()),
        other => panic!("{other:?} takes no words"),
    }
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort_unstable();
    words
}

#[test]
fn its_words_are_those_of_the_grammar() {
    for (variable, expected) in [
        ("fields", names(Object::Document)),
        ("modes", words_of(Object::Document, "mode")),
        ("fieldsOfPolicies", names(Object::Policy)),
        ("modesOfPolicies", words_of(Object::Policy, "mode")),
        ("actions", words_of(Object::Policy, "action")),
        ("fieldsOfRules", names(Object::Rule)),
        ("from", names(Object::Entry(Side::From))),
        ("to", names(Object::Entry(Side::To))),
        ("fieldsOfTokens", names(Object::Issuer)),
        ("fieldsOfTeams", names(Object::Team)),
    ] {
        assert_eq!(words(variable), expected, "{variable}");
    }
}
