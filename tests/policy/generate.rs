//! Random policies, from few words, so that requests match them.

use std::ops::Range;

use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Map, Value, json};

use crate::bound;
use crate::tokens::{conditions, issuers};

pub(crate) fn document() -> impl Strategy<Value = Value> {
    document_of(rule().boxed(), 1..4)
}

/// A document with so many rules that the index files those of each field a second time. Each rule holds for few
/// requests, and many rules differ in one field only.
pub(crate) fn large_document() -> impl Strategy<Value = Value> {
    let principals = [
        "spiffe://a/ns/x/sa/w-ml",
        "spiffe://a/ns/x/sa/w-sales",
        "spiffe://b/*",
    ];
    let from = one_entry(vec![
        condition("rincipals", &principals, 0.1, 1)
            .prop_map(|of| ('p', of))
            .boxed(),
        condition("amespaces", &["x", "ml", "other"], 0.1, 1)
            .prop_map(|of| ('n', of))
            .boxed(),
        condition("ags", &["ml_a", "ml_b", "sales_a", "d0", "d1", "d2"], 0.1, 1)
            .prop_map(|of| ('d', of))
            .boxed(),
        condition("roof", &["pod", "airflow"], 0.1, 1)
            .prop_map(|of| ('p', of))
            .boxed(),
    ]);
    let to = one_entry(vec![
        condition(
            "ags",
            &["ml_a", "ml_b", "sales_a", "d0", "d1", "d2", "d3*"],
            0.1,
            1,
        )
        .prop_map(|of| ('d', of))
        .boxed(),
        condition(
            "ctions",
            &["dag:read", "xcom:read", "connection:read", "rest:unclassified"],
            0.1,
            1,
        )
        .prop_map(|of| ('a', of))
        .boxed(),
        condition("asks", &["load", "extract", "t0", "t1"], 0.1, 1)
            .prop_map(|of| ('t', of))
            .boxed(),
        condition("onnections", &["ml_db", "db", "c0", "c1"], 0.1, 1)
            .prop_map(|of| ('c', of))
            .boxed(),
        condition("aths", &["/x", "/api/*"], 0.1, 1)
            .prop_map(|of| ('p', of))
            .boxed(),
        condition("ethods", &["GET", "POST"], 0.1, 1)
            .prop_map(|of| ('m', of))
            .boxed(),
    ]);
    let rule = (prop::option::weighted(0.8, from), to).prop_map(|(from, to)| joined(from, Some(to)));
    document_of(prop_oneof![9 => rule, 1 => bound::rule()].boxed(), 30..90)
}

/// One entry, or seldom two, with most of these conditions.
fn one_entry(conditions: Vec<BoxedStrategy<(char, Condition)>>) -> BoxedStrategy<Vec<Value>> {
    let most = conditions.len();
    let one = (conditions, subsequence((0..most).collect::<Vec<_>>(), 2..=most)).prop_map(
        |(conditions, picked)| {
            Value::Object(entry(
                picked.into_iter().map(|index: usize| conditions[index].clone()),
            ))
        },
    );
    prop_oneof![5 => prop::collection::vec(one.clone(), 1), 1 => prop::collection::vec(one, 2)].boxed()
}

fn document_of(rule: BoxedStrategy<Value>, rules: Range<usize>) -> impl Strategy<Value = Value> {
    let policy = (
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::collection::vec(rule, rules),
    );
    prop::collection::vec(policy, 1..5).prop_map(|policies| {
        let policies: Vec<Value> = policies
            .into_iter()
            .enumerate()
            .map(|(number, (deny, shadow, rules))| {
                json!({
                    "name": format!("p{number}"),
                    "action": if deny { "DENY" } else { "ALLOW" },
                    "mode": if shadow { "shadow" } else { "enforce" },
                    "rules": rules,
                })
            })
            .collect();
        json!({"apiVersion": "dagward/v1", "tokens": issuers(), "policies": policies})
    })
}

/// A rule, with or without variables that its caller binds.
pub(crate) fn rule() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(json!({})),
        4 => bound::rule(),
        6 => (entries(from(false)), entries(to(false))).prop_map(|(from, to)| joined(from, to)),
        6 => (some_entries(from(true)), some_entries(to(true)))
            .prop_map(|(from, to)| joined(Some(from), Some(to))),
    ]
}

fn joined(from: Option<Vec<Value>>, to: Option<Vec<Value>>) -> Value {
    let halves = [("from", from), ("to", to)];
    let fields = halves
        .into_iter()
        .filter_map(|(name, half)| Some((name.to_owned(), Value::from(half?))));
    Value::Object(fields.collect())
}

fn entries(entry: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Vec<Value>>> {
    prop::option::weighted(0.7, some_entries(entry))
}

fn some_entries(entry: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(entry, 1..3)
}

fn from(template: bool) -> BoxedStrategy<Value> {
    let principals = match template {
        true => condition(
            "rincipals",
            &[
                "spiffe://a/ns/x/sa/w-{t}",
                "spiffe://b/ns/{t}/sa/{t}",
                "spiffe://a/{t}/x/*",
                "spiffe://a/ns/{t}/sa/ml",
            ],
            0.0,
            2,
        ),
        false => condition(
            "rincipals",
            &[
                "*",
                "spiffe://a/*",
                "spiffe://a/ns/x/sa/w-ml",
                "spiffe://b/ns/*",
                "*ml",
                "spiffe://a",
            ],
            0.3,
            2,
        ),
    };
    let dags: &[&str] = if template {
        &["{t}", "{t}_*", "*_{t}", "x"]
    } else {
        &["ml*", "*_a", "x", "*"]
    };
    let others = (
        condition("amespaces", &["x", "x*", "*", "ml"], 0.3, 1),
        condition("erviceAccounts", &["x/w-ml", "x/*", "*/ml"], 0.3, 1),
        condition("ags", dags, 0.3, 2),
        condition("asks", &["load", "*"], 0.3, 1),
        condition("roof", &["pod", "claimed", "airflow", "*"], 0.3, 2),
    );
    // Without its identity a template has nothing that binds its variable, and the filter refuses the document.
    let always = if template { 0.95 } else { 0.5 };
    (
        prop::option::weighted(always, principals),
        others,
        subsequence(vec![0, 1, 2, 3, 4], 0..3),
        conditions(template),
    )
        .prop_map(|(first, (a, b, c, d, e), picked, of_token)| {
            let others = [('n', a), ('s', b), ('d', c), ('t', d), ('p', e)];
            let picked = picked.into_iter().map(|index: usize| others[index].clone());
            let mut fields = entry(first.map(|first| ('p', first)).into_iter().chain(picked));
            fields.extend(of_token);
            fields
        })
        .prop_filter("an entry with conditions", |fields| !fields.is_empty())
        .prop_map(Value::Object)
        .boxed()
}

fn to(template: bool) -> BoxedStrategy<Value> {
    let dags: &[&str] = if template {
        &["{t}", "{t}_*", "*{t}", "x"]
    } else {
        &["ml", "ml*", "ml_*", "*_a", "*", "x"]
    };
    let connections: &[&str] = match template {
        true => &["{t}_*", "*_{t}", "db"],
        false => &["ml_*", "ML_*", "db", "DB", "*_Db", "*"],
    };
    let conditions = (
        condition("ags", dags, 0.25, 2),
        condition(
            "ctions",
            &[
                "dag:read",
                "dag*",
                "*:read",
                "*",
                "xcom:read",
                "rest:unclassified",
                "*:unclassified",
            ],
            0.25,
            2,
        ),
        condition("asks", &["load", "ml", "*"], 0.25, 1),
        condition("ethods", &["GET", "POST"], 0.25, 1),
        condition("aths", &["/", "/api/*", "*", "*x"], 0.25, 2),
        condition("osts", &["api", "api.*", "*.x"], 0.25, 1),
        condition("urfaces", &["rest", "other", "*"], 0.25, 2),
        condition("onnections", connections, 0.25, 2),
        condition("riggers", &["ml.*", "airflow.Wait", "*"], 0.25, 2),
        condition("ueues", &["ml", "g*", "*"], 0.25, 2),
    );
    (conditions, subsequence((0..10).collect::<Vec<_>>(), 1..4))
        .prop_map(|((a, b, c, d, e, f, g, h, i, j), picked)| {
            let all = [
                ('d', a),
                ('a', b),
                ('t', c),
                ('m', d),
                ('p', e),
                ('h', f),
                ('s', g),
                ('c', h),
                ('t', i),
                ('q', j),
            ];
            Value::Object(entry(picked.into_iter().map(|index: usize| all[index].clone())))
        })
        .boxed()
}

/// A condition's word without its first letter, whether it is negated, and its patterns.
type Condition = (&'static str, bool, Vec<&'static str>);

fn condition(
    word: &'static str,
    patterns: &[&'static str],
    negated: f64,
    most: usize,
) -> impl Strategy<Value = Condition> + use<> {
    let patterns = subsequence(patterns.to_vec(), 1..=most.min(patterns.len()));
    (Just(word), prop::bool::weighted(negated), patterns)
}

fn entry(conditions: impl Iterator<Item = (char, Condition)>) -> Map<String, Value> {
    let mut fields = Map::new();
    for (first, (rest, negated, patterns)) in conditions {
        let word = match negated {
            true => format!("not{}{rest}", first.to_ascii_uppercase()),
            false => format!("{first}{rest}"),
        };
        fields.insert(word, json!(patterns));
    }
    fields
}
