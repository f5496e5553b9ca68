mod accepted;
mod attacks;

use serde_json::{Value, json};

use super::*;
use crate::token::testing::{NOW, claims, encode, issuer, jwk, set, token};
use crate::token::{Algorithm, InModule};

const RS256: &str = r#"{"alg":"RS256","kid":"one"}"#;

/// The verdict on a token of an issuer that uses RS256 and has the key `one`.
fn verdict(token: &str) -> Result<Verified, Refusal> {
    let mut key = jwk(Algorithm::Rs256);
    key["kid"] = "one".into();
    let issuer = issuer(Kind::Oidc, &[Algorithm::Rs256]);
    verdict_by(&InModule, token, &issuer, &set(&[key]))
}

fn verdict_by(
    signatures: &dyn Signatures,
    token: &str,
    issuer: &Issuer,
    keys: &KeySet,
) -> Result<Verified, Refusal> {
    verify(&Parsed::parse(token.as_bytes())?, issuer, keys, signatures, NOW)
}

/// A correctly signed token with these claims changed; `null` removes a claim.
fn with(changes: &Value) -> String {
    token(Algorithm::Rs256, RS256, &changed(changes).to_string())
}

fn changed(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

#[test]
fn good_tokens_of_every_algorithm_are_accepted() {
    for algorithm in Algorithm::ALL {
        let header = json!({"alg": algorithm.as_str(), "typ": "JWT"}).to_string();
        let token = token(algorithm, &header, &claims().to_string());
        let keys = set(&[jwk(algorithm)]);
        let issuer = issuer(Kind::Oidc, &[algorithm]);
        let verified = verdict_by(&InModule, &token, &issuer, &keys).unwrap();
        assert_eq!(verified.kind, Kind::Oidc);
        assert_eq!(verified.request_principal, "https://issuer.example/me");
        assert_eq!(verified.expires, NOW + 600);
        assert_eq!(verified.claims.values("sub"), ["me"]);
    }
}

#[test]
fn every_refusal_of_a_token_has_its_cause() {
    let good = with(&json!({}));
    assert!(verdict(&good).is_ok());
    let [header, body, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let signed = |header: &str| token(Algorithm::Rs256, header, &claims().to_string());
    let claiming = |claims: &str| token(Algorithm::Rs256, RS256, claims);
    let long = "a".repeat(crate::token::MAX_TOKEN);
    for (token, refusal) in [
        (format!("{good}{}", &long), Refusal::TooLong),
        (String::new(), Refusal::NotJwt),
        (format!("{header}.{body}"), Refusal::NotJwt),
        (format!("{good}."), Refusal::NotJwt),
        (
            format!("{header}.{body}.{signature}.{signature}.{body}"),
            Refusal::NotJwt,
        ),
        (format!("{good}="), Refusal::Base64url),
        (format!(" {good}"), Refusal::Base64url),
        (format!("{good}\n"), Refusal::Base64url),
        (format!("{header}.{body}\n.{signature}"), Refusal::Base64url),
        (format!("{header}.{body}=.{signature}"), Refusal::Base64url),
        (
            format!("{header}.{body}.{}", signature.replace('-', "+")),
            Refusal::Base64url,
        ),
        (
            format!("{header}.{body}.{}", signature.replace('_', "/")),
            Refusal::Base64url,
        ),
        (format!("{}.{body}.{signature}", encode("{}")), Refusal::Header),
        (signed(r#"{"alg":"RS256","kid":1}"#), Refusal::Header),
        (
            signed(r#"{"alg":"RS256","alg":"RS256","kid":"one"}"#),
            Refusal::Header,
        ),
        (
            signed(r#"{"alg":"RS256","\u0061lg":"none","kid":"one"}"#),
            Refusal::Header,
        ),
        (signed(r#"{"alg":"none","kid":"one"}"#), Refusal::Unsigned),
        (signed(r#"{"alg":"nOnE","kid":"one"}"#), Refusal::Unsigned),
        (
            format!("{}.{body}.", encode(r#"{"alg":"none"}"#)),
            Refusal::Unsigned,
        ),
        (format!("{header}.{body}."), Refusal::Unsigned),
        (signed(r#"{"alg":"RS1","kid":"one"}"#), Refusal::Algorithm),
        (signed(r#"{"alg":"PS256","kid":"one"}"#), Refusal::Algorithm),
        (
            signed(r#"{"alg":"RS256","kid":"one","crit":["exp"]}"#),
            Refusal::Critical,
        ),
        (
            signed(r#"{"alg":"RS256","kid":"one","b64":true}"#),
            Refusal::Critical,
        ),
        (
            signed(r#"{"alg":"RS256","jku":"https://a"}"#),
            Refusal::KeyInHeader,
        ),
        (signed(r#"{"alg":"RS256","jwk":{}}"#), Refusal::KeyInHeader),
        (
            signed(r#"{"alg":"RS256","x5u":"https://a"}"#),
            Refusal::KeyInHeader,
        ),
        (signed(r#"{"alg":"RS256","x5c":[]}"#), Refusal::KeyInHeader),
        (signed(r#"{"alg":"RS256","kid":"two"}"#), Refusal::KeyUnknown),
        (signed(r#"{"alg":"RS256","kid":""}"#), Refusal::KeyUnknown),
        (claiming("[]"), Refusal::Claims),
        (claiming("null"), Refusal::Claims),
        (claiming(""), Refusal::Claims),
        (
            claiming(&claims().to_string().replacen('{', r#"{"sub":"you","#, 1)),
            Refusal::Claims,
        ),
        (
            claiming(&claims().to_string().replacen('{', r#"{"s\u0075b":"you","#, 1)),
            Refusal::Claims,
        ),
        (
            claiming(&claims().to_string().replacen('{', r#"{"x":[{"a":1,"a":2}],"#, 1)),
            Refusal::Claims,
        ),
        (
            claiming(&claims().to_string().replacen('{', r#"{"x":NaN,"#, 1)),
            Refusal::Claims,
        ),
        (with(&json!({"iss": "https://other.example"})), Refusal::Issuer),
        (with(&json!({"aud": "others"})), Refusal::Audience),
        (with(&json!({"sub": null})), Refusal::Subject),
        (with(&json!({"exp": null})), Refusal::Times),
        (
            with(&json!({"exp": NOW - 60, "iat": null, "nbf": null})),
            Refusal::Expired,
        ),
        (with(&json!({"nbf": NOW + 61})), Refusal::NotYetValid),
        (with(&json!({"iat": NOW + 61})), Refusal::IssuedInFuture),
    ] {
        assert_eq!(verdict(&token).unwrap_err(), refusal, "{token:.200}");
    }
    for changed in [
        format!("{}.{body}.{signature}", encode(r#"{"alg":"RS256"}"#)),
        format!(
            "{header}.{}.{signature}",
            encode(claims().to_string().replace("me", "you"))
        ),
    ] {
        assert_eq!(verdict(&changed).unwrap_err(), Refusal::Signature);
    }
}

#[test]
fn the_last_character_has_one_spelling() {
    let good = with(&json!({}));
    // 256 bytes leave four bits of the last character unused.
    let (start, last) = good.split_at(good.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for other in alphabet.chars().filter(|other| !last.starts_with(*other)) {
        let refusal = verdict(&format!("{start}{other}")).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Base64url | Refusal::Signature),
            "{refusal}"
        );
    }
}

#[test]
fn what_nobody_can_verify_is_unsupported() {
    struct Nobody;

    impl Signatures for Nobody {
        fn can(&self, _: Algorithm) -> bool {
            false
        }

        fn verify(&self, _: Algorithm, _: &Key, _: &[u8], _: &[u8]) -> bool {
            true
        }
    }

    let (keys, issuer) = (
        set(&[jwk(Algorithm::Rs256)]),
        issuer(Kind::Oidc, &[Algorithm::Rs256]),
    );
    let refusal = verdict_by(&Nobody, &with(&json!({})), &issuer, &keys).unwrap_err();
    assert_eq!(refusal, Refusal::AlgorithmUnsupported);
}

#[test]
fn nothing_of_a_token_is_shown() {
    let token = with(&json!({"sub": "a-secret-name"}));
    let parsed = Parsed::parse(token.as_bytes()).unwrap();
    assert_eq!(
        format!("{parsed:?}"),
        "Parsed { header: Header { algorithm: Rs256, .. }, .. }"
    );
    let shown = format!("{:?}", verdict(&token).unwrap());
    assert_eq!(shown, "Verified { kind: Oidc, .. }");
}
