//! Random rules whose variables are bound by a token or by what the caller acts for.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// A rule with the variable `{t}`, `{u}` or both.
pub(crate) fn rule() -> impl Strategy<Value = Value> {
    let from = select(callers());
    (from, extras(), prop::collection::vec(uses(), 1..3)).prop_map(
        |((mut caller, has_t, has_u), extras, uses)| {
            let fields = caller.as_object_mut().unwrap();
            for (word, patterns) in extras {
                let is_usable = (has_t || !patterns.to_string().contains("{t}"))
                    && (has_u || !patterns.to_string().contains("{u}"));
                if is_usable && !fields.contains_key(&word) {
                    fields.insert(word, patterns);
                }
            }
            let to: Vec<Value> = uses
                .into_iter()
                .map(|(of_t, of_u, others)| {
                    let mut entry = others;
                    entry.extend(has_t.then_some(of_t));
                    entry.extend(has_u.then_some(of_u));
                    Value::Object(entry)
                })
                .collect();
            json!({"from": [caller], "to": to})
        },
    )
}

/// An entry of `from`, and whether it binds `{t}` and `{u}`.
fn callers() -> Vec<(Value, bool, bool)> {
    let team = "spiffe://a/ns/x/sa/w-{t}";
    let proof = json!(["pod", "airflow"]);
    vec![
        (json!({"dags": ["{t}"], "proof": proof}), true, false),
        (
            json!({"dags": ["ml_{t}", "{t}_a"], "proof": ["airflow"]}),
            true,
            false,
        ),
        (json!({"runs": ["{t}"], "notProof": ["claimed"]}), true, false),
        (json!({"runs": ["r/{t}", "ml/{t}"], "proof": proof}), true, false),
        (
            json!({"dags": ["{t}"], "runs": ["{u}"], "proof": proof}),
            true,
            true,
        ),
        (
            json!({"dags": ["{t}"], "runs": ["{u}", "{u}_a"], "proof": proof}),
            true,
            true,
        ),
        (
            json!({"dags": ["{t}"], "tasks": ["{u}"], "proof": proof}),
            true,
            true,
        ),
        (
            json!({"runs": ["{u}"], "tasks": ["{u}"], "dags": ["{t}"], "proof": proof}),
            true,
            true,
        ),
        (
            json!({"runs": ["{u}"], "tasks": ["{u}*"], "dags": ["{t}_*", "{t}"], "principals": [team], "proof": proof}),
            true,
            true,
        ),
        (
            json!({"dags": ["{t}"], "tasks": ["{t}", "load"], "proof": proof}),
            true,
            false,
        ),
        (
            json!({"principals": [team], "dags": ["{t}_{u}"], "proof": proof}),
            true,
            true,
        ),
        (
            json!({"principals": [team, "spiffe://a/ns/x/sa/{t}"], "dags": ["{t}_*"]}),
            true,
            false,
        ),
        (
            json!({"principals": [team, "spiffe://b/*"], "dags": ["{t}"], "proof": proof}),
            true,
            false,
        ),
        (json!({"claims": {"groups": ["{t}"]}}), true, false),
        (
            json!({"claims": {"groups": ["{t}-dev", "{t}"]}, "dags": ["{t}_*"]}),
            true,
            false,
        ),
        (
            json!({"claims": {"groups": ["{t}-{u}"], "a.b": ["{u}"]}, "principals": [team]}),
            true,
            true,
        ),
        (
            json!({"claims": {"groups": ["{t}"], "a.b": ["{t}-dev"]}}),
            true,
            false,
        ),
        (
            json!({"claims": {"groups": ["{t}"]}, "notClaims": {"a.b": ["{t}"]}}),
            true,
            false,
        ),
        (
            json!({"requestPrincipals": ["https://o/{t}"], "dags": ["{t}", "{t}_*"]}),
            true,
            false,
        ),
        (
            json!({"requestPrincipals": ["https://o/{t}"], "claims": {"groups": ["{t}-*"]}}),
            true,
            false,
        ),
        (
            json!({"claims": {"groups": ["{t}"]}, "dags": ["{t}_{u}"], "proof": proof}),
            true,
            true,
        ),
    ]
}

/// Further conditions of a caller.
fn extras() -> impl Strategy<Value = Vec<(String, Value)>> {
    let all = vec![
        ("namespaces", json!(["x"])),
        ("notDags", json!(["{t}_a", "x"])),
        ("notRuns", json!(["{t}"])),
        ("notTasks", json!(["{u}"])),
        ("tasks", json!(["load", "{t}"])),
        ("runs", json!(["ml*", "{u}"])),
    ];
    subsequence(all, 0..3).prop_map(|extras| {
        let extras = extras.into_iter();
        extras
            .map(|(word, patterns)| (word.to_owned(), patterns))
            .collect()
    })
}

type Use = (String, Value);

/// A condition that uses `{t}`, one that uses `{u}`, and others.
fn uses() -> impl Strategy<Value = (Use, Use, Map<String, Value>)> {
    let of_t = select(vec![
        ("dags", json!(["{t}"])),
        ("dags", json!(["{t}", "ml_{t}"])),
        ("dags", json!(["{t}_*"])),
        ("dags", json!(["*_{t}"])),
        ("notDags", json!(["{t}"])),
        ("notDags", json!(["{t}_*", "x"])),
        ("connections", json!(["{t}_*"])),
        ("connections", json!(["{t}_db", "db"])),
        ("notConnections", json!(["{t}_*"])),
    ]);
    let of_u = select(vec![
        ("runs", json!(["{u}"])),
        ("runs", json!(["r/{u}", "{u}_a"])),
        ("notRuns", json!(["{u}"])),
        ("tasks", json!(["{u}"])),
        ("tasks", json!(["{u}", "load"])),
        ("notTasks", json!(["{u}*"])),
    ]);
    let others = subsequence(
        vec![
            ("actions", json!(["dag*", "xcom:read"])),
            ("methods", json!(["GET"])),
        ],
        0..2,
    );
    let owned = |(word, patterns): (&'static str, Value)| (word.to_owned(), patterns);
    (of_t, of_u, others).prop_map(move |(of_t, of_u, others)| {
        (owned(of_t), owned(of_u), others.into_iter().map(owned).collect())
    })
}
