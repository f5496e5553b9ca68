//! A second opinion on tokens, from an independent library.

use std::collections::HashSet;

use jwt_simple::prelude::*;

use crate::Algorithm;
use crate::testing::{NOW, SECRET, decode, jwk};

/// jwt-simple's verdict on a token of the tests' issuer; `None` if it lacks the algorithm.
pub(crate) fn accepts(token: &str, algorithm: Algorithm) -> Option<bool> {
    let texts = |texts: &[&str]| {
        Some(
            texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<HashSet<_>>(),
        )
    };
    let options = Some(VerificationOptions {
        allowed_issuers: texts(&["https://issuer.example"]),
        allowed_audiences: texts(&["airflow", "other"]),
        time_tolerance: Some(Duration::from_secs(60)),
        artificial_time: Some(UnixTimeStamp::from_secs(NOW)),
        max_token_length: None,
        max_header_length: Some(usize::MAX),
        ..VerificationOptions::default()
    });
    let jwk = jwk(algorithm);
    let [n, e, x, y] = ["n", "e", "x", "y"].map(|name| jwk.get(name).map(decode).unwrap_or_default());
    let point = [[4].as_slice(), &x, &y].concat();
    type Any = serde_json::Value;
    let verdict = match algorithm {
        Algorithm::Hs256 => HS256Key::from_bytes(&SECRET).verify_token::<Any>(token, options),
        Algorithm::Hs384 => HS384Key::from_bytes(&SECRET).verify_token::<Any>(token, options),
        Algorithm::Hs512 => HS512Key::from_bytes(&SECRET).verify_token::<Any>(token, options),
        Algorithm::Rs256 => RS256PublicKey::from_components(&n, &e)
            .unwrap()
            .verify_token::<Any>(token, options),
        Algorithm::Rs384 => RS384PublicKey::from_components(&n, &e)
            .unwrap()
            .verify_token::<Any>(token, options),
        Algorithm::Rs512 => RS512PublicKey::from_components(&n, &e)
            .unwrap()
            .verify_token::<Any>(token, options),
        Algorithm::Ps256 => PS256PublicKey::from_components(&n, &e)
            .unwrap()
            .verify_token::<Any>(token, options),
        Algorithm::Ps384 => PS384PublicKey::from_components(&n, &e)
            .unwrap()
            .verify_token::<Any>(token, options),
        Algorithm::Ps512 => PS512PublicKey::from_components(&n, &e)
            .unwrap()
            .verify_token::<Any>(token, options),
        Algorithm::Es256 => ES256PublicKey::from_bytes(&point)
            .unwrap()
            .verify_token::<Any>(token, options),
        Algorithm::Es384 => ES384PublicKey::from_bytes(&point)
            .unwrap()
            .verify_token::<Any>(token, options),
        Algorithm::EdDsa => Ed25519PublicKey::from_bytes(&x)
            .unwrap()
            .verify_token::<Any>(token, options),
        Algorithm::Es512 => return None,
    };
    Some(verdict.is_ok())
}

/// The proxy imports RSA keys in DER, so other code must read the DER that the filter writes.
#[test]
fn rsa_keys_are_read_by_others() {
    let key = crate::set(&[jwk(Algorithm::Rs256)]).keys()[0].spki().unwrap();
    let public = RS256PublicKey::from_der(&key).unwrap();
    let components = public.to_components();
    let jwk = jwk(Algorithm::Rs256);
    assert_eq!(
        (components.n, components.e),
        (decode(&jwk["n"]), decode(&jwk["e"]))
    );
}
