//! Forged and malformed tokens, each refused with its own code.

use dagward_forge::jwt::{Algorithm, SigningKey, encode};
use serde_json::{Value, json};

use super::{claims, document, good, issuer, now, showing, shown, worker};
use crate::mesh::{Server, allow_all};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(nothing_forged_gets_in);

/// A token whose header has one more or one changed member.
fn with_header(key: &SigningKey, name: &str, value: Value) -> String {
    let mut header = key.header();
    header[name] = value;
    key.sign(&header, &claims()).unwrap()
}

/// A token with one changed claim; `null` removes a claim.
fn with_claim(key: &SigningKey, name: &str, value: Value) -> String {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    key.sign(&key.header(), &claims).unwrap()
}

/// A token with these texts as its header and claims, with a valid signature.
fn with_texts(key: &SigningKey, header: &str, claims: &str) -> String {
    key.sign_raw(header.as_bytes(), claims.as_bytes()).unwrap()
}

/// Tokens that are refused, each with the code.
fn forged(rs: &SigningKey, es: &SigningKey) -> Vec<(String, &'static str)> {
    let token = good(rs);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let unsigned = |alg: &str| {
        let header = json!({"alg": alg, "kid": rs.kid()}).to_string();
        format!("{}.{payload}.", encode(header.as_bytes()))
    };
    // The public RSA key, which an attacker has, used as the secret of an HMAC.
    let confused = |secret: &[u8]| {
        let key = SigningKey::with_secret(Algorithm::HS256, secret).unwrap();
        let header = json!({"alg": "HS256", "kid": rs.kid()});
        key.sign(&header, &claims()).unwrap()
    };
    let der = rs.public_der().unwrap();
    let modulus = rs.jwk()["n"].as_str().unwrap().to_owned();
    let other = SigningKey::generate(Algorithm::RS256).unwrap();
    let alg = rs.header()["alg"].clone();
    let kid = rs.kid();
    let text = claims().to_string();
    let again = |member: &str| format!("{},{member}}}", text.trim_end_matches('}'));
    vec![
        ("x".repeat(17 * 1024), "token_too_long"),
        ("opaque".to_owned(), "token_not_a_jwt"),
        (format!("{token}.x"), "token_not_a_jwt"),
        (format!("{signed}=.{signature}"), "token_base64url"),
        // The last character of 256 bytes has two bits more than the bytes need.
        (
            format!("{}B", token.split_at(token.len() - 1).0),
            "token_base64url",
        ),
        (format!("{header}.+{payload}.{signature}"), "token_base64url"),
        (unsigned("none"), "token_unsigned"),
        (unsigned("nOnE"), "token_unsigned"),
        (unsigned("RS256"), "token_unsigned"),
        (format!("{}{signature}", unsigned("none")), "token_unsigned"),
        (confused(&der), "token_algorithm"),
        (confused(modulus.as_bytes()), "token_algorithm"),
        (with_header(rs, "alg", json!("RS512")), "token_algorithm"),
        (with_header(rs, "alg", json!("ES256")), "token_key_mismatch"),
        (with_header(rs, "kid", json!(es.kid())), "token_key_mismatch"),
        (with_header(rs, "kid", json!("other")), "token_key_unknown"),
        (with_header(rs, "kid", json!(5)), "token_header"),
        (with_header(rs, "alg", json!(null)), "token_header"),
        (with_header(rs, "crit", json!(["exp"])), "token_critical"),
        (with_header(rs, "b64", json!(false)), "token_critical"),
        (with_header(rs, "jwk", other.jwk()), "token_key_in_header"),
        (
            with_header(rs, "jku", json!("https://evil.example")),
            "token_key_in_header",
        ),
        (
            with_header(rs, "x5u", json!("https://evil.example")),
            "token_key_in_header",
        ),
        (with_header(rs, "x5c", json!(["MIIB"])), "token_key_in_header"),
        (
            with_texts(
                rs,
                &format!(r#"{{"alg":{alg},"kid":"{kid}","alg":{alg}}}"#),
                &text,
            ),
            "token_header",
        ),
        (with_texts(rs, "[]", &text), "token_header"),
        (with_texts(rs, &rs.header().to_string(), "[]"), "token_claims"),
        (
            with_texts(rs, &rs.header().to_string(), &again(r#""sub":"jo""#)),
            "token_claims",
        ),
        (
            with_texts(rs, &rs.header().to_string(), &again(r#""s\u0075b":"jo""#)),
            "token_claims",
        ),
        (
            with_claim(rs, "iss", json!("https://evil.example")),
            "token_issuer",
        ),
        (with_claim(rs, "iss", json!(null)), "token_issuer"),
        (with_claim(rs, "aud", json!("other")), "token_audience"),
        (with_claim(rs, "aud", json!(null)), "token_audience"),
        (with_claim(rs, "sub", json!(null)), "token_subject"),
        (with_claim(rs, "exp", json!(null)), "token_times"),
        (with_claim(rs, "exp", json!("9999999999")), "token_times"),
        (with_claim(rs, "exp", json!(1e300)), "token_times"),
        (with_claim(rs, "nbf", json!(-1)), "token_times"),
        (with_claim(rs, "exp", json!(now() - 61)), "token_times"),
        (
            with_claim(rs, "iat", json!(now() + 120)),
            "token_issued_in_future",
        ),
        (with_claim(rs, "nbf", json!(now() + 120)), "token_not_yet_valid"),
        (other.sign(&rs.header(), &claims()).unwrap(), "token_signature"),
        (format!("{signed}.{}", encode(&[0; 256])), "token_signature"),
        // The all-zero signature (CVE-2022-21449).
        (
            format!("{}.{}", good(es).rsplit_once('.').unwrap().0, encode(&[0; 64])),
            "token_signature",
        ),
    ]
}

fn nothing_forged_gets_in(setup: Setup) {
    let rs = SigningKey::generate(Algorithm::RS256).unwrap();
    let es = SigningKey::generate(Algorithm::ES256).unwrap();
    let company = issuer(&[&rs, &es], &[Algorithm::RS256, Algorithm::ES256]);
    let server = Server::start(setup, &document(&json!([company])));
    let client = worker(&server);
    assert_eq!(shown(&client, &showing(&good(&rs))), Ok(()));
    assert_eq!(shown(&client, &showing(&good(&es))), Ok(()));
    let before = server.app.counts().started;
    for (token, code) in forged(&rs, &es) {
        let refused = Err((401, code.to_owned()));
        assert_eq!(shown(&client, &showing(&token)), refused, "{token:.200}");
    }
    let mut late = claims();
    (late["iat"], late["exp"]) = (json!(now() - 600), json!(now() - 61));
    let late = rs.sign(&rs.header(), &late).unwrap();
    assert_eq!(
        shown(&client, &showing(&late)),
        Err((401, "token_expired".to_owned()))
    );
    assert_eq!(
        server.app.counts().started,
        before,
        "nothing of them reaches the app"
    );
    server.assert_unharmed();
}

#[test]
fn where_no_issuer_is_named_they_reach_the_app() {
    let rs = SigningKey::generate(Algorithm::RS256).unwrap();
    let es = SigningKey::generate(Algorithm::ES256).unwrap();
    let server = Server::start(Setup::DEFAULT, &allow_all());
    for (token, _) in forged(&rs, &es) {
        assert_eq!(shown(&worker(&server), &showing(&token)), Ok(()), "{token:.200}");
    }
}
