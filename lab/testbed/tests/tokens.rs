//! Tokens of the lab, and of a real OpenID provider.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

use std::collections::BTreeSet;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dagward_forge::jwt::{self, Algorithm, SigningKey};
use dagward_testbed::oidc::{self, Provider};
use serde_json::{Value, json};

/// Verifies each token with joserfc, which uses OpenSSL, by the key of its `kid`, and prints all
/// claims.
const VERIFY: &str = r#"
import json, sys
from joserfc import jws, jwt
from joserfc.jwk import KeySet
keys, tokens = map(json.loads, sys.argv[1:])
registry = jws.JWSRegistry(algorithms=list(jws.JWSRegistry.algorithms))
keys = KeySet.import_key_set(keys)
print(json.dumps([jwt.decode(token, keys, registry=registry).claims for token in tokens]))
"#;

/// The claims of genuine tokens; an error if one is not genuine.
fn verified(keys: &Value, tokens: &[String]) -> Result<Vec<Value>, String> {
    let python = oidc::venv().unwrap().python();
    let arguments = [keys.to_string(), json!(tokens).to_string()];
    let output = Command::new(python)
        .args(["-c", VERIFY])
        .args(arguments)
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

fn header(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

fn kids(keys: &Value) -> BTreeSet<String> {
    let keys = keys["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn another_library_takes_what_each_algorithm_signs() {
    let keys = Algorithm::ALL.map(|algorithm| SigningKey::generate(algorithm).unwrap());
    let set = jwt::jwks(&keys.each_ref());
    let claims = json!({"iss": "https://issuer.example.com", "sub": "alice", "aud": ["airflow"]});
    let tokens = keys
        .each_ref()
        .map(|key| key.sign(&key.header(), &claims).unwrap());
    assert_eq!(
        verified(&set, &tokens).unwrap(),
        vec![claims.clone(); tokens.len()]
    );

    // A token that another key has signed is refused, so the check above means something.
    for (key, other) in keys.iter().zip(keys.iter().cycle().skip(1)) {
        let forged = other.sign(&key.header(), &claims).unwrap();
        verified(&set, &[forged]).unwrap_err();
    }
}

#[test]
fn any_bytes_can_be_signed() {
    let key = SigningKey::with_secret(Algorithm::HS256, b"short").unwrap();
    let token = key.sign_raw(b"\xff{", b"no claims").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(signed, "_3s.bm8gY2xhaW1z");
    assert_eq!(jwt::encode(&key.signature(signed.as_bytes()).unwrap()), signature);
    assert_eq!(key.jwk()["k"], "c2hvcnQ");
    SigningKey::with_secret(Algorithm::ES256, b"short").unwrap_err();
}

#[test]
fn the_public_half_is_what_tools_write() {
    for algorithm in [Algorithm::RS256, Algorithm::ES512, Algorithm::EdDSA] {
        let key = SigningKey::generate(algorithm).unwrap();
        // A sequence (X.690 §8.9), with every algorithm.
        assert_eq!(key.public_der().unwrap().first(), Some(&0x30), "{algorithm:?}");
    }
    let secret = SigningKey::generate(Algorithm::HS256).unwrap();
    secret.public_der().unwrap_err();
}

#[test]
fn a_user_signs_in_at_a_real_provider_before_and_after_its_keys_change() {
    let algorithms = [
        Algorithm::RS256,
        Algorithm::PS256,
        Algorithm::ES256,
        Algorithm::EdDSA,
    ];
    let names = algorithms.map(|algorithm| format!("airflow-{algorithm:?}"));
    let clients: Vec<_> = names.iter().map(String::as_str).zip(algorithms).collect();
    let mut provider = Provider::start(&clients, &[("alice", &["data", "finance"])]).unwrap();

    let before = provider.jwks().unwrap();
    let mut tokens = Vec::new();
    for (client, algorithm) in &clients {
        let signed_in = provider.sign_in(client, "alice").unwrap();
        assert_eq!(header(&signed_in.id)["alg"], algorithm.name());
        tokens.extend([signed_in.id, signed_in.access]);
    }
    let audiences = names.iter().flat_map(|client| [client; 2]);
    for (claims, client) in verified(&before, &tokens).unwrap().iter().zip(audiences) {
        assert_eq!(claims["iss"], provider.issuer());
        assert_eq!(claims["sub"], "alice");
        assert_eq!(claims["aud"], json!([client]));
        assert_eq!(claims["groups"], json!(["data", "finance"]), "{claims}");
        assert!(claims["exp"].as_i64().unwrap() > claims["iat"].as_i64().unwrap());
    }

    provider.rotate().unwrap();
    let during = provider.jwks().unwrap();
    assert!(kids(&during).is_superset(&kids(&before)));
    let old = tokens.remove(0);
    let new = provider.sign_in(&names[0], "alice").unwrap().id;
    verified(&during, &[old.clone(), new.clone()]).unwrap();
    verified(&before, std::slice::from_ref(&new)).unwrap_err();

    provider.retire().unwrap();
    let after = provider.jwks().unwrap();
    verified(&after, &[new]).unwrap();
    verified(&after, &[old]).unwrap_err();

    provider.stop();
    provider.jwks().unwrap_err();
    provider.resume().unwrap();
    assert_eq!(provider.jwks().unwrap(), after);
}
