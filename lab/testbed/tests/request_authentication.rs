//! Envoy's own filter for tokens, as istiod configures it, with tokens of a real provider and of
//! the lab.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

use std::time::{SystemTime, UNIX_EPOCH};

use dagward_forge::jwt::{self, Algorithm, SigningKey};
use dagward_testbed::certs::Authority;
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::oidc::Provider;
use dagward_testbed::sidecar::{
    Destination, Inbound, Jwks, JwtRule, Node, Sidecar, Spec, request_authentication,
};
use dagward_testbed::upstream::Upstream;
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.example.com";

/// An api-server behind Envoy's filter, and its clients.
struct Mesh {
    app: Upstream,
    sidecar: Sidecar,
    _authority: Authority,
}

impl Mesh {
    fn start(rules: &[JwtRule], asked_by_filters: Vec<Destination>) -> Self {
        let app = Upstream::echo().unwrap();
        let authority = Authority::new().unwrap();
        let identity = authority.service_account("airflow", "server");
        let sidecar = Sidecar::start(Spec {
            inbound: Some(Inbound::permissive(app.address())),
            filters: vec![request_authentication(rules)],
            asked_by_filters,
            ..Spec::new(Node::new("server-0", "airflow", "server"), &identity.unwrap())
        });
        Self {
            app,
            sidecar: sidecar.unwrap(),
            _authority: authority,
        }
    }

    fn ask(&self, tokens: &[(&str, &str)]) -> Response {
        let request = Request::get("airflow-api-server:8080", "/api/v2/dags");
        let request = tokens.iter().fold(request, |request, (header, token)| {
            request.header(header, format!("Bearer {token}"))
        });
        let client = Client::plain(self.sidecar.inbound().unwrap());
        client.send(&request).unwrap()
    }
}

fn token(key: &SigningKey, issuer: &str) -> String {
    key.sign(&key.header(), &claims(issuer)).unwrap()
}

fn claims(issuer: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({"iss": issuer, "sub": "alice", "aud": "airflow", "exp": now + 600})
}

fn rule(issuer: &str, key: &SigningKey) -> JwtRule {
    JwtRule::new(issuer, Jwks::Inline(jwt::jwks(&[key])))
}

#[test]
fn a_token_that_is_there_must_be_good() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let mut rule = rule(ISSUER, &key);
    rule.audiences = vec!["airflow".to_owned()];
    rule.forward = false;
    let mesh = Mesh::start(&[rule], Vec::new());

    let good = token(&key, ISSUER);
    assert_eq!(mesh.ask(&[]).status, 200);
    assert_eq!(mesh.ask(&[("authorization", &good)]).status, 200);
    let received = mesh.app.received().pop().unwrap();
    assert_eq!(
        received.header("authorization"),
        None,
        "it was not to be forwarded"
    );

    let forged = other.sign(&key.header(), &claims(ISSUER)).unwrap();
    for bad in [&forged, &token(&key, "https://another.example.com")] {
        assert_eq!(mesh.ask(&[("authorization", bad)]).status, 401);
    }
}

#[test]
fn several_issuers_are_asked_for_at_one_place_or_at_several() {
    let keys = [Algorithm::RS256, Algorithm::ES256].map(|algorithm| SigningKey::generate(algorithm).unwrap());
    let another = "https://another.example.com";
    let [first, second] = &keys;
    let same = Mesh::start(&[rule(ISSUER, first), rule(another, second)], Vec::new());
    let mut elsewhere = rule(another, second);
    elsewhere.from_headers = vec![("x-token".to_owned(), "Bearer ".to_owned())];
    let apart = Mesh::start(&[rule(ISSUER, first), elsewhere], Vec::new());

    let (one, two) = (token(first, ISSUER), token(second, another));
    assert_eq!(same.ask(&[("authorization", &one)]).status, 200);
    assert_eq!(same.ask(&[("authorization", &two)]).status, 200);
    assert_eq!(apart.ask(&[("authorization", &two)]).status, 401);
    assert_eq!(
        apart.ask(&[("authorization", &one), ("x-token", &two)]).status,
        200
    );
    // istiod's form of it: one valid token is enough.
    assert_eq!(
        apart.ask(&[("authorization", &one), ("x-token", &one)]).status,
        200
    );
    assert_eq!(apart.ask(&[("x-token", &one)]).status, 401);
}

#[test]
fn keys_of_a_real_provider_come_through_a_cluster_over_tls() {
    let provider = Provider::start(&[("airflow", Algorithm::RS256)], &[("alice", &[])]).unwrap();
    let destination =
        Destination::external_tls("issuer.example.com", 443, provider.address(), &provider.root());
    let jwks = Jwks::Remote {
        uri: provider.jwks_uri(),
        cluster: destination.cluster.clone(),
    };
    let mesh = Mesh::start(&[JwtRule::new(&provider.issuer(), jwks)], vec![destination]);

    let tokens = provider.sign_in("airflow", "alice").unwrap();
    for token in [&tokens.id, &tokens.access] {
        let answer = mesh.ask(&[("authorization", token)]);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let forged = tokens.id.replace('.', ".e30.");
    assert_eq!(mesh.ask(&[("authorization", &forged)]).status, 401);
}
