//! Tokens that Istio verifies: Envoy's own filter for tokens runs before the plugin, as with a RequestAuthentication.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use dagward_forge::jwt::{Algorithm, SigningKey, jwks};
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::sidecar::{Jwks, JwtRule, request_authentication};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, allow_all, ask, refusal};

const COMPANY: &str = "https://login.example.com";
const PARTNER: &str = "https://login.example.org";
const CLUSTER: &str = "https://kubernetes.default.svc.cluster.local";

/// An issuer whose tokens Istio verifies.
fn issuer(name: &str, issuer: &str, more: &Value) -> Value {
    let mut entry = json!({
        "name": name,
        "kind": "oidc",
        "issuer": issuer,
        "audiences": ["airflow"],
        "fromIstio": true,
    });
    let members = more.as_object().unwrap().clone();
    entry.as_object_mut().unwrap().extend(members);
    entry
}

/// Callers that `from` matches may do everything.
fn policy(tokens: &[Value], from: &Value) -> Value {
    json!({"apiVersion": "dagward/v1", "mode": "enforce", "tokens": tokens, "policies": [
        {"name": "those", "action": "ALLOW", "rules": [{"from": [from]}]},
    ]})
}

fn any_caller() -> Value {
    json!({"principals": ["*"]})
}

fn rule(issuer: &str, key: &SigningKey) -> JwtRule {
    JwtRule::new(issuer, Jwks::Inline(jwks(&[key])))
}

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}

fn server(rules: &[JwtRule], policy: &Value) -> Server {
    Server::behind(vec![request_authentication(rules)], Vec::new(), policy)
}

/// The claims of a valid token, with additions or changes.
fn claims(issuer: &str, more: &Value) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut claims =
        json!({"iss": issuer, "sub": "alice", "aud": ["airflow"], "iat": now, "exp": now + 600, "jti": "1"});
    let more = more.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(more);
    claims
}

fn signed(key: &SigningKey, issuer: &str, more: &Value) -> String {
    key.sign(&key.header(), &claims(issuer, more)).unwrap()
}

/// A request with these tokens, each in the header of that name.
fn with(tokens: &[(&str, &str)]) -> Request {
    let request = Request::get(API_SERVER, "/api/v2/dags");
    tokens.iter().fold(request, |request, (header, token)| {
        request.header(header, format!("Bearer {token}"))
    })
}

fn bearer(token: &str) -> Request {
    with(&[("authorization", token)])
}

fn worker(server: &Server) -> Client {
    server.peer("airflow", "airflow-worker")
}

/// The plugin's refusal, or the status of another filter or the app.
fn outcome(response: &Response) -> (u16, String) {
    match response.header("content-type") {
        Some("application/json") if response.status != 200 => refusal(response),
        _ => (response.status, String::new()),
    }
}

fn outcomes(client: &Client, cases: &[(Request, u16, &str)]) {
    for (request, status, code) in cases {
        let answer = ask(client, request);
        assert_eq!(
            outcome(&answer),
            (*status, (*code).to_owned()),
            "{request:?}: {}",
            answer.text()
        );
    }
}

/// The counts of tokens, by result.
fn token_results(server: &Server) -> BTreeMap<String, u64> {
    let metrics = server.sidecar.admin().metrics().unwrap();
    let tokens = metrics
        .iter()
        .filter(|sample| sample.name == "dagward_tokens_total");
    let mut results = BTreeMap::new();
    for sample in tokens {
        *results.entry(sample.label("result").to_owned()).or_default() += sample.value as u64;
    }
    results
}

fn expected<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.map(|(result, count)| (result.to_owned(), count)).into()
}

#[test]
fn claims_that_istio_verified_decide_and_nothing_is_verified_twice() {
    let (own, other) = (key(Algorithm::RS256), key(Algorithm::RS256));
    // There is no key, so the plugin could not verify anything.
    let from = json!({
        "requestPrincipals": ["https://login.example.com/alice"],
        "claims": {
            "groups": ["on-call"],
            "scope": ["dags.write"],
            "address.country": ["NZ"],
            "level": ["3"],
        },
        "notClaims": {"email": ["*@contractors.example.com"]},
    });
    let server = server(
        &[rule(COMPANY, &own)],
        &policy(&[issuer("company", COMPANY, &json!({}))], &from),
    );
    let worker = worker(&server);

    let all = json!({
        "groups": ["staff", "on-call"],
        // Istio makes a list of it, and makes numbers with decimals of times.
        "scope": "openid dags.write",
        "address": {"country": "NZ"},
        "level": 3,
        "auth_time": 1_700_000_000.25,
    });
    let token = |more: Value| {
        let mut claims = all.clone();
        let more = more.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(more);
        signed(&own, COMPANY, &claims)
    };
    let mut expected_istio = 0;
    for (more, status) in [
        (json!({}), 200),
        (json!({"groups": "on-call"}), 200),
        (json!({"groups": ["staff"]}), 403),
        (json!({"scope": "openid"}), 403),
        (json!({"address": {"country": "NO"}}), 403),
        (json!({"level": 4}), 403),
        (json!({"sub": "mallory"}), 403),
        (json!({"email": "alice@contractors.example.com"}), 403),
    ] {
        let answer = ask(&worker, &bearer(&token(more.clone())));
        assert_eq!(answer.status, status, "{more}: {}", answer.text());
        expected_istio += 1;
    }
    outcomes(&worker, &[(with(&[]), 403, "no_rule_allows")]);
    // It never reaches the plugin.
    let forged = other.sign(&own.header(), &claims(COMPANY, &all)).unwrap();
    outcomes(&worker, &[(bearer(&forged), 401, "")]);
    // For another audience, which Istio was not told to check, and without an expiry, which Istio allows.
    let mut endless = claims(COMPANY, &all);
    endless.as_object_mut().unwrap().remove("exp");
    let endless = own.sign(&own.header(), &endless).unwrap();
    outcomes(
        &worker,
        &[
            (bearer(&token(json!({"aud": "another"}))), 401, "token_audience"),
            (bearer(&endless), 401, "token_times"),
        ],
    );
    assert_eq!(
        token_results(&server),
        expected([
            ("istio", expected_istio),
            ("token_audience", 1),
            ("token_times", 1)
        ])
    );
    server.assert_unharmed();
}

#[test]
fn of_a_token_that_istio_takes_away_the_claims_stay() {
    let own = key(Algorithm::ES256);
    let mut rule = rule(COMPANY, &own);
    rule.forward = false;
    let entry = issuer("company", COMPANY, &json!({"required": true}));
    let from = json!({"claims": {"groups": ["on-call"]}});
    let server = server(&[rule], &policy(&[entry], &from));
    let worker = worker(&server);

    let token = |group: &str| signed(&own, COMPANY, &json!({"groups": [group]}));
    assert_eq!(ask(&worker, &bearer(&token("on-call"))).status, 200);
    assert_eq!(server.last().header("authorization"), None);
    outcomes(
        &worker,
        &[
            (bearer(&token("staff")), 403, "no_rule_allows"),
            (with(&[]), 401, "token_missing"),
        ],
    );
    assert_eq!(
        token_results(&server),
        expected([("istio", 2), ("token_missing", 1)])
    );
}

#[test]
fn a_token_that_istio_did_not_look_at_is_refused() {
    let own = key(Algorithm::ES256);
    let places = json!({"locations": [{"header": "authorization", "prefix": "Bearer "}, {"header": "x-token", "prefix": "Bearer "}]});
    let policy = policy(&[issuer("company", COMPANY, &places)], &any_caller());
    let token = signed(&own, COMPANY, &json!({}));
    let another = signed(&own, COMPANY, &json!({"jti": "2", "sub": "mallory"}));
    let refused = "token_not_verified_by_istio";

    let elsewhere = server(&[rule(COMPANY, &own)], &policy);
    outcomes(
        &worker(&elsewhere),
        &[
            (bearer(&token), 200, ""),
            (with(&[("x-token", &token)]), 401, refused),
            // Istio's result for the one token says nothing about the other.
            (
                with(&[("authorization", &token), ("x-token", &another)]),
                401,
                refused,
            ),
        ],
    );

    let plain = Server::behind(Vec::new(), Vec::new(), &policy);
    outcomes(
        &worker(&plain),
        &[(with(&[]), 200, ""), (bearer(&token), 401, refused)],
    );
}

#[test]
fn a_bad_token_that_istio_lets_through_beside_a_good_one_is_refused() {
    let (own, partners) = (key(Algorithm::ES256), key(Algorithm::ES256));
    let mut second = rule(PARTNER, &partners);
    second.from_headers = vec![("x-partner".to_owned(), "Bearer ".to_owned())];
    let place = json!({"locations": [{"header": "x-partner", "prefix": "Bearer "}]});
    let tokens = [
        issuer("company", COMPANY, &json!({})),
        issuer("partner", PARTNER, &place),
    ];
    let server = server(&[rule(COMPANY, &own), second], &policy(&tokens, &any_caller()));
    let worker = worker(&server);

    let good = signed(&own, COMPANY, &json!({}));
    let partner = signed(&partners, PARTNER, &json!({}));
    let forged = own
        .sign(&partners.header(), &claims(PARTNER, &json!({})))
        .unwrap();
    let refused = "token_not_verified_by_istio";
    let both = |partner: &str| with(&[("authorization", &good), ("x-partner", partner)]);
    outcomes(
        &worker,
        &[
            (bearer(&good), 200, ""),
            (with(&[("x-partner", &partner)]), 200, ""),
            (with(&[("x-partner", &forged)]), 401, ""),
            (both(&forged), 401, refused),
            // It has verified both, and kept the claims of one.
            (both(&partner), 401, refused),
        ],
    );
    server.assert_unharmed();
}

#[test]
fn a_stolen_token_that_istio_verified_is_worth_nothing() {
    let own = key(Algorithm::ES256);
    let mine = json!({"sub": "spiffe://cluster.local/ns/airflow/sa/airflow-worker"});
    let entries = [
        issuer("company", COMPANY, &json!({"boundToPeer": true})),
        issuer("cluster", CLUSTER, &json!({"kind": "kubernetes"})),
    ];
    let rules = [rule(COMPANY, &own), rule(CLUSTER, &own)];
    let server = server(&rules, &policy(&entries, &json!({"requestPrincipals": ["*"]})));
    let pod = json!({
        "sub": "system:serviceaccount:airflow:airflow-worker",
        "kubernetes.io": {"namespace": "airflow", "serviceaccount": {"name": "airflow-worker"}},
    });
    for token in [signed(&own, COMPANY, &mine), signed(&own, CLUSTER, &pod)] {
        let stolen = "token_bound_to_another_peer";
        outcomes(&worker(&server), &[(bearer(&token), 200, "")]);
        outcomes(
            &server.peer("airflow", "airflow-triggerer"),
            &[(bearer(&token), 403, stolen)],
        );
        outcomes(
            &server.peer("sales", "airflow-worker"),
            &[(bearer(&token), 403, stolen)],
        );
        outcomes(&server.plaintext(), &[(bearer(&token), 403, stolen)]);
    }
    assert_eq!(
        token_results(&server),
        expected([("istio", 2), ("token_bound_to_another_peer", 6)])
    );
}

#[test]
fn istio_alone_lets_a_thief_pass_and_a_bad_token_beside_a_good_one() {
    let (own, partners) = (key(Algorithm::ES256), key(Algorithm::ES256));
    let mut second = rule(PARTNER, &partners);
    second.from_headers = vec![("x-partner".to_owned(), "Bearer ".to_owned())];
    let server = server(&[rule(COMPANY, &own), second], &allow_all());
    let thief = server.peer("sales", "airflow-triggerer");
    let token = signed(
        &own,
        COMPANY,
        &json!({"sub": "spiffe://cluster.local/ns/airflow/sa/airflow-worker"}),
    );
    let forged = own
        .sign(&partners.header(), &claims(PARTNER, &json!({})))
        .unwrap();
    outcomes(
        &thief,
        &[
            (bearer(&token), 200, ""),
            (
                with(&[("authorization", &token), ("x-partner", &forged)]),
                200,
                "",
            ),
        ],
    );
}
