//! The policies of docs/tokens.md, each with the tokens that it describes.

use std::fs;
use std::rc::Rc;

use dagward::authorize::{self, Incoming, Proxy};
use dagward::caller::Principal;
use dagward::operation::{Body, Request};
use dagward::token::{InModule, KeySet, Keys, TokenVerifiers, Tokens};
use dagward::verdict::Direction;
use dagward_forge::jwt::{Algorithm, SigningKey, jwks};
use dagward_shipped::manifest;
use dagward_workbench::paths;
use serde_json::{Value, json};

use crate::asking::{API_SERVER, ML, SALES};
use crate::files::load;

const NOW: u64 = 1_800_000_000;

/// A source of fetched keys that has none.
struct Nowhere;

impl Keys for Nowhere {
    fn of(&self, _: usize) -> Option<Rc<KeySet>> {
        None
    }

    fn lacking(&self, _: usize) -> bool {
        false
    }

    fn generation(&self) -> u64 {
        0
    }
}

fn document() -> String {
    fs::read_to_string(paths::workspace().join("docs/tokens.md")).unwrap()
}

/// The policy under the heading `kind`, with a key of the test instead of those that the proxy fetches.
fn policy(kind: &str, key: &SigningKey, algorithm: Algorithm) -> Value {
    let text = document();
    let (_, section) = text.split_once(&format!("# {kind}\n")).expect(kind);
    let (_, block) = section.split_once("```yaml\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let mut policy = manifest::parse(block).unwrap();
    // It also loads as written.
    load(&policy);
    for issuer in policy["tokens"].as_array_mut().unwrap() {
        let issuer = issuer.as_object_mut().unwrap();
        issuer.remove("jwksUri").unwrap();
        issuer.remove("cluster").unwrap();
        issuer.insert("jwks".to_owned(), jwks(&[key]));
        issuer.insert("algorithms".to_owned(), json!([algorithm.name()]));
    }
    policy
}

/// The code for a request that carries a token.
fn asked(policy: &Value, peer: &str, request: &str, host: &str, header: (&str, &str)) -> String {
    let ruleset = load(policy);
    let (own, peer) = (
        Principal::parse(API_SERVER).unwrap(),
        Principal::parse(peer).unwrap(),
    );
    let (method, target) = request.split_once(' ').unwrap();
    let tokens = Tokens::new([3; 16]);
    let request = Request {
        method,
        target,
        host,
        body: Body::Whole(b""),
    };
    let headers = [(header.0.as_bytes(), header.1.as_bytes())];
    let incoming = Incoming {
        peer: Ok(Some(&peer)),
        port: "8080",
        verifiers: Some(TokenVerifiers {
            tokens: &tokens,
            keys: &Nowhere,
            signatures: &InModule,
            istio: &|| Ok(Vec::new()),
            now: NOW,
        }),
        ..Incoming::new(Direction::Inbound, request, &headers)
    };
    let proxy = Proxy {
        identity: Some(&own),
        pod: None,
    };
    authorize::authorize(Some(&ruleset), proxy, &incoming)
        .verdict
        .code()
        .to_string()
}

/// A token with these claims and valid times.
fn token(key: &SigningKey, mut claims: Value) -> String {
    (claims["iat"], claims["exp"]) = (json!(NOW), json!(NOW + 600));
    key.sign(&key.header(), &claims).unwrap()
}

#[test]
fn a_worker_pays_with_its_own_service_account_s_token() {
    let key = SigningKey::generate(Algorithm::RS256).unwrap();
    let policy = policy("Kubernetes' ServiceAccount tokens", &key, Algorithm::RS256);
    let token = |account: &str| {
        let sub = format!("system:serviceaccount:airflow:{account}");
        let issuer = "https://kubernetes.default.svc.cluster.local";
        token(&key, json!({"iss": issuer, "aud": ["payments"], "sub": sub}))
    };
    let own = token("airflow-worker-sales");
    for (peer, token, code) in [
        (SALES, own.as_str(), "allowed"),
        (ML, &own, "token_bound_to_another_peer"),
        (SALES, &token("airflow-worker-ml"), "token_bound_to_another_peer"),
        (SALES, "", "no_rule_allows"),
    ] {
        let header = ("x-service-account-token", token);
        assert_eq!(
            asked(&policy, peer, "POST /v1/payments", "payments", header),
            code,
            "{peer}"
        );
    }
}

#[test]
fn a_user_on_call_clears_runs_and_a_contractor_does_nothing() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let policy = policy("OpenID Connect", &key, Algorithm::ES256);
    let token = |groups: &[&str], email: &str| {
        let claims = json!({
            "iss": "https://login.example.com", "aud": "airflow", "sub": "jo",
            "groups": groups, "email": email, "email_verified": true,
        });
        token(&key, claims)
    };
    let clear = "POST /api/v2/dags/sales_daily/dagRuns/r/clear";
    for (token, code) in [
        (token(&["on-call", "staff"], "jo@example.com"), "allowed"),
        (token(&["staff"], "jo@example.com"), "no_rule_allows"),
        (
            token(&["on-call"], "jo@contractors.example.com"),
            "denied_by_rule",
        ),
        (String::new(), "no_rule_allows"),
        ("a.b.c".to_owned(), "token_base64url"),
    ] {
        assert_eq!(asked(&policy, ML, clear, "api", ("x-id-token", &token)), code);
    }
}

/// As SPIRE makes them: of the type `JOSE`, without `iss`.
#[test]
fn a_jwt_svid_pays_for_its_own_peer() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let policy = policy("JWT-SVIDs", &key, Algorithm::ES256);
    let svid = |claims: Value| {
        let mut header = key.header();
        header["typ"] = "JOSE".into();
        key.sign(&header, &claims).unwrap()
    };
    let own = json!({"sub": SALES, "aud": ["payments"], "exp": NOW + 600, "iat": NOW});
    let with = |name: &str, value: Value| {
        let mut claims = own.clone();
        claims[name] = value;
        claims
    };
    let mut without_audience = own.clone();
    without_audience.as_object_mut().unwrap().remove("aud");
    for (peer, claims, code) in [
        (SALES, own.clone(), "allowed"),
        (ML, own.clone(), "token_bound_to_another_peer"),
        (SALES, with("sub", ML.into()), "token_bound_to_another_peer"),
        (SALES, with("iss", "https://spire.example".into()), "token_issuer"),
        (SALES, with("aud", "reports".into()), "token_audience"),
        (SALES, without_audience, "token_audience"),
    ] {
        let header = ("x-jwt-svid", &*svid(claims));
        assert_eq!(
            asked(&policy, peer, "POST /v1/payments", "payments", header),
            code,
            "{peer}"
        );
    }
}

#[test]
fn airflows_tokens_are_good_where_they_belong() {
    let key = SigningKey::generate(Algorithm::HS512).unwrap();
    let policy = policy("Airflow's own tokens", &key, Algorithm::HS512);
    let token = |audience: &str, subject: &str| {
        let token = token(&key, json!({"aud": audience, "sub": subject}));
        format!("Bearer {token}")
    };
    let user = token("apache-airflow", "admin");
    let task = token(
        "urn:airflow.apache.org:task",
        "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112",
    );
    let (rest, execution) = ("GET /api/v2/dags", "GET /execution/variables/sales_x");
    for (request, authorization, code) in [
        (rest, &user, "allowed"),
        (rest, &task, "token_audience"),
        (rest, &token("apache-airflow", "jo"), "no_rule_allows"),
        (execution, &task, "allowed"),
        (execution, &user, "token_audience"),
    ] {
        let header = ("authorization", authorization.as_str());
        assert_eq!(asked(&policy, SALES, request, "api", header), code, "{request}");
    }
}
