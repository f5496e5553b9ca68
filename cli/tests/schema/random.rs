//! Random documents: those of the examples, with a few changes.

use dagward::policy::grammar::{Form, Object};
use dagward_shipped::manifest;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// Documents that the filter accepts.
pub(crate) fn documents() -> Vec<Value> {
    let mut documents: Vec<Value> = super::examples()
        .iter()
        .filter_map(|(_, value)| manifest::policy(value).cloned())
        .collect();
    documents.push(with_every_field());
    for document in &documents {
        assert_eq!(super::read(document), Ok(()), "{document}");
    }
    documents
}

/// A document with each field of the document, of a policy, of an issuer and of a location.
fn with_every_field() -> Value {
    json!({
        "apiVersion": "dagward/v1",
        "mode": "shadow",
        "stampers": ["spiffe://td/*"],
        "apiServers": ["spiffe://td/ns/airflow/sa/api"],
        "apiServerHosts": ["api.airflow.svc.cluster.local"],
        "meshHosts": ["*.svc.cluster.local"],
        "airflow": {"ports": [8080, 8793]},
        "basePath": "/airflow",
        "airflow2WebPages": true,
        "tokens": [
            {
                "name": "workers", "kind": "kubernetes", "issuer": "https://kubernetes.example", "audiences": ["airflow"],
                "algorithms": ["RS256"], "jwksUri": "https://kubernetes.example/keys", "cluster": "outbound|443||k",
                "refreshSeconds": 60, "locations": [{"header": "x-token", "prefix": "Bearer "}, {"cookie": "c"}],
                "surfaces": ["rest", "ui"], "clockSkewSeconds": 5, "boundToPeer": true, "required": false,
            },
            {
                "name": "people", "kind": "oidc", "issuer": "https://issuer.example", "audiences": ["airflow"],
                "fromIstio": true, "locations": [{"query": "access_token"}],
            },
        ],
        "policies": [
            {
                "name": "teams", "action": "ALLOW", "mode": "enforce",
                "rules": [{
                    "from": [{"principals": ["spiffe://td/ns/a/sa/w-{team}"], "dags": ["{team}_*"], "proof": ["pod"]}],
                    "to": [
                        {"surfaces": ["exec*"], "actions": ["xcom:*", "variable:read"], "variables": ["{team}_*"]},
                        {"methods": ["GET"], "paths": ["/health"], "notHosts": ["*.example"], "pools": ["p"]},
                    ],
                }],
            },
            {
                "name": "people", "action": "DENY",
                "rules": [{"from": [{"requestPrincipals": ["https://issuer.example/*"], "claims": {"groups": ["*"]}}]}],
            },
        ],
    })
}

/// One of the documents, with up to four changes.
pub(crate) fn changed(documents: Vec<Value>) -> impl Strategy<Value = Value> {
    let changes = prop::collection::vec((any::<Index>(), change()), 0..5);
    (select(documents), changes).prop_map(|(mut document, changes)| {
        for (place, change) in changes {
            let count = count(&document);
            let mut place = place.index(count);
            visit(&mut document, &mut place, &change);
        }
        document
    })
}

/// A change of a value.
#[derive(Debug, Clone)]
enum Change {
    /// Another value replaces it.
    Replace(Value),
    /// It gains a field or an element.
    Add(String, Value),
    /// It loses a field or an element.
    Remove(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let names: Vec<String> = Object::ALL
        .iter()
        .flat_map(|object| object.fields())
        .map(|field| field.name.to_owned())
        .collect();
    prop_oneof![
        value().prop_map(Change::Replace),
        (select(names), value()).prop_map(|(name, value)| Change::Add(name, value)),
        any::<Index>().prop_map(Change::Remove),
    ]
}

/// Values that some field accepts, or almost accepts.
fn value() -> impl Strategy<Value = Value> {
    let forms = Object::ALL.iter().flat_map(|object| object.fields());
    let mut values: Vec<Value> = forms.flat_map(|field| of(&field.form)).collect();
    values.extend([
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(60),
        json!(-1),
        json!(1.5),
        json!(""),
        json!("*"),
        json!("a b"),
        json!([]),
        json!({}),
        json!([{}]),
        json!("{team}"),
        json!(["{team}*"]),
        json!("none"),
    ]);
    select(values)
}

/// Some values of a form.
fn of(form: &Form) -> Vec<Value> {
    match form {
        Form::Word(words) | Form::WordPattern(words, _) => {
            words().into_iter().take(12).map(Value::from).collect()
        }
        Form::Flag => vec![json!(true), json!(false)],
        Form::Number(range) => vec![json!(range.start()), json!(range.end()), json!(range.end() + 1)],
        Form::Prose(longest) => vec![
            json!("why"),
            json!("a".repeat(*longest)),
            json!("a".repeat(longest + 1)),
        ],
        Form::Name => vec![json!("n-1"), json!("N.2_")],
        Form::Text(example) | Form::Pattern(example) => vec![json!(example), json!(format!("{example}*"))],
        Form::List(element) | Form::AnyList(element) => {
            of(element).into_iter().map(|value| json!([value])).collect()
        }
        Form::Object(_) | Form::WordOr(..) => vec![json!({"ports": [8080]}), json!({"cookie": "a"})],
        Form::Claims => vec![json!({"groups": ["a"]})],
        Form::KeySet => vec![json!({"keys": []})],
    }
}

/// The number of values in a value, including itself.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Array(elements) => elements.iter().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value that is at `place` in document order.
fn visit(value: &mut Value, place: &mut usize, change: &Change) {
    if *place == 0 {
        apply(value, change);
        return;
    }
    *place -= 1;
    let children: Vec<&mut Value> = match value {
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Array(elements) => elements.iter_mut().collect(),
        _ => Vec::new(),
    };
    for child in children {
        let size = count(child);
        if *place < size {
            visit(child, place, change);
            return;
        }
        *place -= size;
    }
}

fn apply(value: &mut Value, change: &Change) {
    match (value, change) {
        (value, Change::Replace(new)) => *value = new.clone(),
        (Value::Object(fields), Change::Add(name, new)) => {
            fields.insert(name.clone(), new.clone());
        }
        (Value::Array(elements), Change::Add(_, new)) => elements.push(new.clone()),
        (Value::Object(fields), Change::Remove(place)) if !fields.is_empty() => {
            let name = fields.keys().nth(place.index(fields.len())).cloned();
            fields.remove(&name.unwrap());
        }
        (Value::Array(elements), Change::Remove(place)) if !elements.is_empty() => {
            elements.remove(place.index(elements.len()));
        }
        _ => {}
    }
}
