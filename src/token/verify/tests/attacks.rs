//! Keys that are not of the kind that the token claims.

use std::cell::Cell;

use sha2::{Sha256, Sha384, Sha512};

use super::*;
use crate::token::testing::{decode, hmac};

/// CVE-2015-9235: an HMAC whose secret is the RSA public key, in every known form.
#[test]
fn a_public_key_is_no_secret() {
    let jwk = jwk(Algorithm::Rs256);
    let keys = set(std::slice::from_ref(&jwk));
    let spki = keys.keys()[0].spki().unwrap();
    let pem = |label: &str, der: &[u8]| {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(64)
            .map(|line| str::from_utf8(line).unwrap())
            .collect();
        format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----",
            lines.join("\n")
        )
    };
    let secrets = [
        decode(&jwk["n"]),
        jwk["n"].as_str().unwrap().into(),
        jwk.to_string().into_bytes(),
        spki.clone(),
        pem("PUBLIC KEY", &spki).into_bytes(),
        (pem("PUBLIC KEY", &spki) + "\n").into_bytes(),
        pem("RSA PUBLIC KEY", &spki[24..]).into_bytes(),
        Vec::new(),
    ];
    let all = issuer(Kind::Oidc, &Algorithm::ALL);
    let own = issuer(Kind::Oidc, &[Algorithm::Rs256]);
    for secret in secrets {
        for (name, hmac) in [
            ("HS256", hmac::<Sha256> as fn(&[u8], &[u8]) -> Vec<u8>),
            ("HS384", hmac::<Sha384>),
            ("HS512", hmac::<Sha512>),
        ] {
            let header = encode(json!({"alg": name}).to_string());
            let message = format!("{header}.{}", encode(claims().to_string()));
            let token = format!("{message}.{}", encode(hmac(&secret, message.as_bytes())));
            let refusal = |issuer| verdict_by(&InModule, &token, issuer, &keys).unwrap_err();
            assert_eq!(refusal(&own), Refusal::Algorithm);
            // The policy cannot allow both; if it could, the key would still be of another type.
            assert_eq!(refusal(&all), Refusal::KeyMismatch);
        }
    }
}

/// RFC 8725 §3.1: a key is used only with the algorithms of its type, and only with its own if it names one.
#[test]
fn a_key_is_for_its_algorithm() {
    let all = issuer(Kind::Oidc, &Algorithm::ALL);
    for used in Algorithm::ALL {
        let header = json!({"alg": used.as_str()}).to_string();
        let token = token(used, &header, &claims().to_string());
        for named in Algorithm::ALL {
            let mut key = jwk(named);
            let same = used.family() == named.family();
            let verdict = |key: &Value| verdict_by(&InModule, &token, &all, &set(std::slice::from_ref(key)));
            assert_eq!(
                verdict(&key).err(),
                (!same).then_some(Refusal::KeyMismatch),
                "{used:?} {named:?}"
            );
            key["alg"] = named.as_str().into();
            let expected = (used != named).then_some(Refusal::KeyMismatch);
            assert_eq!(verdict(&key).err(), expected, "{used:?} {named:?}");
        }
    }
}

#[test]
fn a_token_says_which_key_it_means() {
    let issuer = issuer(Kind::Oidc, &[Algorithm::Rs256, Algorithm::Es256]);
    let key = |algorithm, id: Option<&str>| {
        let mut key = jwk(algorithm);
        if let Some(id) = id {
            key["kid"] = id.into();
        }
        key
    };
    let (own, other) = (Algorithm::Rs256, Algorithm::Es256);
    let mut weak = key(own, Some("weak"));
    weak["e"] = "AQ".into();
    for (header, keys, expected) in [
        (r#"{"alg":"RS256"}"#, vec![key(own, Some("a"))], None),
        (
            r#"{"alg":"RS256"}"#,
            vec![key(other, Some("b")), key(own, Some("a"))],
            None,
        ),
        (r#"{"alg":"RS256","kid":"a"}"#, vec![key(own, None)], None),
        (
            r#"{"alg":"RS256","kid":"a"}"#,
            vec![key(other, Some("a")), key(own, Some("a"))],
            None,
        ),
        (
            r#"{"alg":"RS256","kid":"a"}"#,
            vec![key(own, Some("b"))],
            Some(Refusal::KeyUnknown),
        ),
        (
            r#"{"alg":"RS256","kid":"A"}"#,
            vec![key(own, Some("a"))],
            Some(Refusal::KeyUnknown),
        ),
        (
            r#"{"alg":"RS256","kid":"a"}"#,
            vec![key(other, Some("a")), key(own, Some("b"))],
            Some(Refusal::KeyMismatch),
        ),
        (
            r#"{"alg":"RS256","kid":"weak"}"#,
            vec![weak.clone(), key(own, Some("a"))],
            Some(Refusal::KeyUnusable),
        ),
        (
            r#"{"alg":"RS256","kid":"weak"}"#,
            vec![weak, key(own, None)],
            None,
        ),
    ] {
        let token = token(own, header, &claims().to_string());
        let verdict = verdict_by(&InModule, &token, &issuer, &set(&keys));
        assert_eq!(verdict.err(), expected, "{header} {}", keys.len());
    }
    let token = token(own, r#"{"alg":"RS256"}"#, &claims().to_string());
    let refusal = verdict_by(&InModule, &token, &issuer, &KeySet::default()).unwrap_err();
    assert_eq!(refusal, Refusal::KeyUnknown);
}

/// A sender of tokens without `kid` makes the filter try several keys, but not all of a hundred.
#[test]
fn few_keys_are_tried() {
    #[derive(Default)]
    struct Counting(Cell<usize>);

    impl Signatures for Counting {
        fn can(&self, _: Algorithm) -> bool {
            true
        }

        fn verify(&self, _: Algorithm, _: &Key, _: &[u8], _: &[u8]) -> bool {
            self.0.set(self.0.get() + 1);
            false
        }
    }

    let keys = set(&vec![jwk(Algorithm::Rs256); 100]);
    let issuer = issuer(Kind::Oidc, &[Algorithm::Rs256]);
    let token = token(Algorithm::Rs256, r#"{"alg":"RS256"}"#, &claims().to_string());
    let counting = Counting::default();
    let refusal = verdict_by(&counting, &token, &issuer, &keys).unwrap_err();
    assert_eq!((refusal, counting.0.get()), (Refusal::Signature, 8));
}

/// Parts of valid tokens do not make a valid token.
#[test]
fn parts_cannot_be_swapped() {
    let tokens = [
        with(&json!({})),
        with(&json!({"sub": "you"})),
        with(&json!({"aud": "other"})),
        token(
            Algorithm::Rs256,
            r#"{"alg":"RS256","kid":"one","typ":"JWT"}"#,
            &claims().to_string(),
        ),
    ];
    let parts: Vec<Vec<&str>> = tokens.iter().map(|token| token.split('.').collect()).collect();
    for header in &parts {
        for body in &parts {
            for signature in &parts {
                let token = [header[0], body[1], signature[2]].join(".");
                let verdict = verdict(&token);
                assert_eq!(verdict.is_ok(), tokens.contains(&token), "{verdict:?}");
            }
        }
    }
}
