//! No part of a token or a key becomes visible: in no log, metric, answer, admin page or stack trace.

use dagward_forge::jwt::{Algorithm, SigningKey, jwks};
use dagward_testbed::client::Request;
use serde_json::{Value, json};

use super::{claims, document, now, reading, worker};
use crate::mesh::{API_SERVER, Server, ask};
use crate::setup::Setup;

/// The texts of a token, of its claims, and of the faults in one.
fn secrets(token: &str) -> Vec<String> {
    let parts = token.split('.').map(str::to_owned);
    let mut secrets: Vec<_> = parts.filter(|part| part.len() > 16).collect();
    secrets.extend(["jo-the-subject", "the-group", "the-kid", "the-other-issuer"].map(str::to_owned));
    secrets
}

#[test]
fn nothing_of_a_token_is_to_be_seen() {
    let key = SigningKey::generate(Algorithm::HS512).unwrap();
    let secret = key.jwk()["k"].as_str().unwrap().to_owned();
    let mut tokens = json!([{
        "name": "users", "kind": "airflow-user", "audiences": ["airflow"], "jwks": jwks(&[&key]),
        "locations": [{"header": "authorization", "prefix": "Bearer "}, {"query": "token"}, {"cookie": "_token"}],
    }]);
    tokens[0]["issuer"] = json!("https://issuer.example.com");
    let mut policy = document(&tokens);
    policy["policies"][0]["rules"][0]["from"][0]["claims"] = json!({"groups": ["admins"]});
    let server = Server::start(Setup::DEFAULT, &policy);
    let client = worker(&server);
    let change = |name: &str, value: Value| {
        let mut claims = claims();
        (claims["sub"], claims["groups"]) = (json!("jo-the-subject"), json!(["the-group"]));
        claims["iat"] = json!(now() - 1_200);
        claims[name] = value;
        key.sign(&key.header(), &claims).unwrap()
    };
    let mut seen = Vec::new();
    let mut shown = Vec::new();
    for token in [
        change("team", json!("ml")),
        change("exp", json!(now() - 600)),
        change("iss", json!("the-other-issuer")),
        change("aud", json!("the-group")),
        key.sign(&json!({"alg": "HS512", "kid": "the-kid"}), &claims())
            .unwrap(),
        format!("{}AAAA", change("team", json!("ml"))),
    ] {
        let path = format!("/api/v2/dags/ml_train?x=1&token={token}");
        for request in [
            reading().header("authorization", format!("Bearer {token}")),
            reading().header("cookie", format!("_token={token}")),
            Request::new("GET", API_SERVER, &path),
            Request::new("GET", API_SERVER, &format!("{path}&%74oken={token}")),
        ] {
            let response = ask(&client, &request);
            assert_ne!(response.status, 200);
            seen.push(format!(
                "{:?} {}",
                response.headers,
                String::from_utf8_lossy(&response.body)
            ));
        }
        shown.extend(secrets(&token));
    }
    server.assert_unharmed();
    seen.push(server.sidecar.process().output().unwrap());
    let admin = server.sidecar.admin();
    for page in ["/stats", "/stats/prometheus", "/clusters", "/listeners"] {
        seen.push(admin.text(page).unwrap());
    }
    let log = &seen[seen.len() - 5];
    assert!(
        log.contains("code=token_expired") && log.contains("code=no_rule_allows"),
        "{log}"
    );
    for text in &seen {
        for secret in shown.iter().chain([&secret]) {
            assert!(!text.contains(secret.as_str()), "`{secret}` in {text}");
        }
    }
}
