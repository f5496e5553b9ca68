//! Tokens of a real OpenID provider, with keys that the plugin fetches through Envoy over TLS.

use std::time::Duration;

use dagward_forge::jwt::Algorithm;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::oidc::Provider;
use dagward_testbed::sidecar::Destination;
use dagward_workbench::wait;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, ask, refusal};

/// The provider's host name in the mesh.
const HOST: &str = "login.example.com";

/// The time within which keys must be fetched, also after many failed fetches.
const FETCHED: Duration = Duration::from_secs(120);

/// A server on which users on call may do everything, and other callers nothing.
fn server(provider: &Provider, algorithm: Algorithm) -> Server {
    let destination = Destination::external_tls(HOST, 443, provider.address(), &provider.root());
    let policy = json!({"apiVersion": "dagward/v1", "mode": "enforce", "tokens": [{
        "name": "company",
        "kind": "oidc",
        "issuer": provider.issuer(),
        "audiences": ["airflow"],
        "algorithms": [algorithm.name()],
        "jwksUri": provider.jwks_uri(),
        "cluster": destination.cluster,
    }], "policies": [{"name": "on-call", "action": "ALLOW", "rules": [{"from": [{
        "requestPrincipals": [format!("{}/*", provider.issuer())],
        "claims": {"groups": ["on-call"]},
    }]}]}]});
    Server::behind(Vec::new(), vec![destination], &policy)
}

fn provider(algorithm: Algorithm) -> Provider {
    let users: [(&str, &[&str]); 2] = [("alice", &["on-call", "data"]), ("bob", &["data"])];
    Provider::start(&[("airflow", algorithm), ("another", algorithm)], &users).unwrap()
}

fn peer(server: &Server) -> Client {
    server.peer("airflow", "airflow-worker")
}

/// 200, or the refusal of the token.
fn outcome(client: &Client, token: &str) -> String {
    let request = Request::get(API_SERVER, "/api/v2/dags").header("authorization", format!("Bearer {token}"));
    let answer = ask(client, &request);
    match answer.status {
        200 => "200".to_owned(),
        _ => refusal(&answer).1,
    }
}

/// Waits until the result for the token differs from `before`, and returns it.
fn after(client: &Client, token: &str, before: &str) -> String {
    wait::until("keys", FETCHED, || {
        let now = outcome(client, token);
        Ok((now != before).then_some(now))
    })
    .unwrap()
}

/// The header of a token says what signed it; the rest stays.
fn with_payload_of(token: &str, other: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let payload = other.split('.').nth(1).unwrap();
    [parts[0], payload, parts[2]].join(".")
}

fn results(server: &Server) -> Vec<String> {
    let metrics = server.sidecar.admin().metrics().unwrap();
    let tokens = metrics
        .iter()
        .filter(|sample| sample.name == "dagward_tokens_total");
    tokens.map(|sample| sample.label("result").to_owned()).collect()
}

#[test]
fn id_tokens_are_good_before_and_after_the_keys_change_and_while_the_provider_is_away() {
    let mut provider = provider(Algorithm::RS256);
    let server = server(&provider, Algorithm::RS256);
    let peer = peer(&server);

    let [alice, bob] = ["alice", "bob"].map(|user| provider.sign_in("airflow", user).unwrap().id);
    assert_eq!(after(&peer, &alice, "token_keys_unavailable"), "200");
    assert_eq!(outcome(&peer, &alice), "200");
    assert_eq!(outcome(&peer, &bob), "no_rule_allows");
    assert_eq!(outcome(&peer, &with_payload_of(&bob, &alice)), "token_signature");
    let elsewhere = provider.sign_in("another", "alice").unwrap().id;
    assert_eq!(outcome(&peer, &elsewhere), "token_audience");

    // The first token of a new key brings that key, and those of the old one stay valid.
    let unseen = provider.sign_in("airflow", "alice").unwrap().id;
    provider.rotate().unwrap();
    let rotated = provider.sign_in("airflow", "alice").unwrap().id;
    let known = wait::until("the new key", FETCHED, || {
        let now = outcome(&peer, &rotated);
        assert!(["200", "token_key_unknown"].contains(&now.as_str()), "{now}");
        Ok((now == "200").then_some(now))
    });
    known.unwrap();
    assert_eq!(outcome(&peer, &unseen), "200");

    // New tokens are verified without the provider.
    let [kept, foreign] = ["alice", "bob"].map(|user| provider.sign_in("airflow", user).unwrap().id);
    provider.stop();
    assert_eq!(outcome(&peer, &kept), "200");
    assert_eq!(outcome(&peer, &foreign), "no_rule_allows");
    assert_eq!(
        outcome(&peer, &with_payload_of(&foreign, &kept)),
        "token_signature"
    );

    let results = results(&server);
    for result in ["verified", "cached", "token_signature", "token_key_unknown"] {
        assert!(
            results.iter().any(|found| found == result),
            "{result}: {results:?}"
        );
    }
    server.assert_unharmed();
}

#[test]
fn at_a_cold_start_without_the_provider_what_needs_it_is_refused() {
    let mut provider = provider(Algorithm::ES256);
    let alice = provider.sign_in("airflow", "alice").unwrap().id;
    provider.stop();
    let server = server(&provider, Algorithm::ES256);
    let peer = peer(&server);
    assert_eq!(outcome(&peer, &alice), "token_keys_unavailable");
    let log = || server.sidecar.process().output();
    wait::until("the warning", FETCHED, || {
        Ok(log()?
            .contains("the keys of `company` cannot be fetched")
            .then_some(()))
    })
    .unwrap();
    assert_eq!(outcome(&peer, &alice), "token_keys_unavailable");

    provider.resume().unwrap();
    assert_eq!(after(&peer, &alice, "token_keys_unavailable"), "200");
    let logged = log().unwrap();
    assert!(
        logged.contains("the keys of `company` are fetched again"),
        "{logged}"
    );
    for value in ["alice", alice.as_str(), "kid"] {
        assert!(!logged.contains(value), "{logged}");
    }
    server.assert_unharmed();
}
