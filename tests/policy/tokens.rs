//! Random tokens, and random conditions on them.

use std::rc::Rc;

use dagward::token::{Claims, Kind, Verified};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// A token that a request carries.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) request_principal: &'static str,
    pub(crate) claims: Value,
    /// The same token, as the filter represents it after verification.
    pub(crate) verified: Rc<Verified>,
}

impl Shown {
    fn new(request_principal: &'static str, claims: Value) -> Self {
        let verified = Verified {
            kind: Kind::Oidc,
            request_principal: request_principal.to_owned(),
            claims: Claims::parse(claims.to_string().as_bytes()).unwrap(),
            expires: 0,
        };
        Self {
            request_principal,
            claims,
            verified: Rc::new(verified),
        }
    }
}

/// The issuers of every document.
pub(crate) fn issuers() -> Value {
    json!([
        {"name": "o", "kind": "oidc", "issuer": "https://o", "audiences": ["a"], "fromIstio": true},
        {"name": "users", "kind": "airflow-user", "audiences": ["a"], "jwksUri": "https://u/", "cluster": "c"},
    ])
}

/// Whether a part of a document has conditions on tokens.
pub(crate) fn speaks_of_tokens(part: &Value) -> bool {
    let text = part.to_string();
    ["laims\":", "equestPrincipals\":"]
        .iter()
        .any(|word| text.contains(word))
}

const PRINCIPALS: [&str; 4] = ["https://o/ml", "https://o/sales", "https://o/x/ml", "users/ml"];
const VALUES: [&str; 4] = ["ml", "ml-dev", "sales-dev", "admins"];

pub(crate) fn shown() -> impl Strategy<Value = Vec<Shown>> {
    let claim = || {
        prop_oneof![
            2 => select(&VALUES[..]).prop_map(|value| json!(value)),
            2 => subsequence(VALUES.to_vec(), 0..3).prop_map(|values| json!(values)),
            1 => select(vec![json!(7), json!(true), json!(null), json!(""), json!({"ml": "ml"}), json!([["ml"]])]),
        ]
    };
    let claims = (
        prop::option::weighted(0.7, claim()),
        prop::option::weighted(0.4, claim()),
        prop::option::weighted(0.3, claim()),
    );
    let token =
        (select(&PRINCIPALS[..]), claims).prop_map(|(request_principal, (groups, inside, dotted))| {
            let mut claims = Map::new();
            claims.extend(groups.map(|value| ("groups".to_owned(), value)));
            claims.extend(inside.map(|value| ("a".to_owned(), json!({"b": value}))));
            claims.extend(dotted.map(|value| ("a.b".to_owned(), value)));
            Shown::new(request_principal, claims.into())
        });
    prop_oneof![
        3 => Just(Vec::new()),
        5 => prop::collection::vec(token, 1..3),
    ]
}

/// The conditions on tokens of one entry, often none.
pub(crate) fn conditions(template: bool) -> impl Strategy<Value = Map<String, Value>> {
    let (principals, values): (&[&str], &[&str]) = match template {
        true => (
            &["https://o/{t}", "*/{t}", "users/*"],
            &["{t}", "{t}-*", "*-dev", "7"],
        ),
        false => (
            &["*", "https://o/*", "*/ml", "users/ml", "https://o/x*"],
            &["*", "ml", "ml*", "*-dev", "admins", "7", "true"],
        ),
    };
    let patterns = |of: &[&'static str]| subsequence(of.to_vec(), 1..=2);
    let claims = || {
        let (groups, inside) = (patterns(values), patterns(values));
        (
            prop::option::weighted(0.7, groups),
            prop::option::weighted(0.4, inside),
        )
            .prop_map(|(groups, inside)| {
                let paths = groups
                    .map(|groups| ("groups", groups))
                    .into_iter()
                    .chain(inside.map(|inside| ("a.b", inside)));
                let claims: Map<String, Value> = paths
                    .map(|(path, patterns)| (path.to_owned(), json!(patterns)))
                    .collect();
                Value::from(claims)
            })
    };
    let fields = (
        prop::option::weighted(0.2, patterns(principals).prop_map(|patterns| json!(patterns))),
        prop::option::weighted(0.1, patterns(principals).prop_map(|patterns| json!(patterns))),
        prop::option::weighted(0.25, claims()),
        prop::option::weighted(0.15, claims()),
    );
    fields.prop_map(|(principals, not_principals, claims, not_claims)| {
        let fields = [
            ("requestPrincipals", principals),
            ("notRequestPrincipals", not_principals),
            ("claims", claims),
            ("notClaims", not_claims),
        ];
        fields
            .into_iter()
            .filter_map(|(word, value)| Some((word.to_owned(), value?)))
            .filter(|(_, value)| *value != json!({}))
            .collect()
    })
}
