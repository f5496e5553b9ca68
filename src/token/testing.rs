//! Signed tokens for the tests of this module.

use std::convert::Infallible;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use rsa::{BoxedUint, PrivateKey, pkcs1v15, pss};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use super::{Algorithm, Issuer, KeySet, Kind, Source};

/// The second at which the tests check tokens.
pub(super) const NOW: u64 = 1_800_000_000;

/// The examples of the RFCs: source, algorithm, key and token.
pub(super) fn examples() -> Vec<Value> {
    serde_json::from_str(include_str!("testdata/rfc_tokens.json")).unwrap()
}

/// The public and the private part of the key in the example of this source.
fn example(source: &str) -> (Value, Value) {
    let examples = examples();
    let found = examples
        .iter()
        .find(|example| example["source"] == source)
        .unwrap();
    (found["jwk"].clone(), found["private"].clone())
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

/// The secret of the tests.
pub(super) const SECRET: [u8; 64] = [0x5a; 64];

/// The key of the tests for this algorithm, as a JWK.
pub(super) fn jwk(algorithm: Algorithm) -> Value {
    match algorithm {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
            json!({"kty": "oct", "k": encode(SECRET)})
        }
        Algorithm::Es256 => example("RFC 7515 A.3").0,
        Algorithm::Es384 => {
            let point = p384_key().verifying_key().to_sec1_point(false);
            let [x, y] = [point.x().unwrap(), point.y().unwrap()].map(encode);
            json!({"kty": "EC", "crv": "P-384", "x": x, "y": y})
        }
        Algorithm::Es512 => example("RFC 7515 A.4").0,
        Algorithm::EdDsa => example("RFC 8037 A.4").0,
        _ => example("RFC 7515 A.2").0,
    }
}

/// A key set of these keys.
pub(super) fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// Signs header and claims without checking them.
pub(super) fn token(algorithm: Algorithm, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = sign(algorithm, message.as_bytes());
    format!("{message}.{}", encode(signature))
}

pub(super) fn sign(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::Hs256 => hmac::<Sha256>(&SECRET, message),
        Algorithm::Hs384 => hmac::<Sha384>(&SECRET, message),
        Algorithm::Hs512 => hmac::<Sha512>(&SECRET, message),
        Algorithm::Rs256 => pkcs1v15::SigningKey::<Sha256>::new(rsa_key())
            .sign(message)
            .to_vec(),
        Algorithm::Rs384 => pkcs1v15::SigningKey::<Sha384>::new(rsa_key())
            .sign(message)
            .to_vec(),
        Algorithm::Rs512 => pkcs1v15::SigningKey::<Sha512>::new(rsa_key())
            .sign(message)
            .to_vec(),
        Algorithm::Ps256 => pss::SigningKey::<Sha256>::new(rsa_key())
            .sign_with_rng(&mut Steps(1), message)
            .to_vec(),
        Algorithm::Ps384 => pss::SigningKey::<Sha384>::new(rsa_key())
            .sign_with_rng(&mut Steps(1), message)
            .to_vec(),
        Algorithm::Ps512 => pss::SigningKey::<Sha512>::new(rsa_key())
            .sign_with_rng(&mut Steps(1), message)
            .to_vec(),
        Algorithm::Es256 => {
            let secret = decode(&example("RFC 7515 A.3").1["d"]);
            let signature: p256::ecdsa::Signature = p256::ecdsa::SigningKey::from_slice(&secret)
                .unwrap()
                .sign(message);
            signature.to_vec()
        }
        Algorithm::Es384 => {
            let signature: p384::ecdsa::Signature = p384_key().sign(message);
            signature.to_vec()
        }
        Algorithm::Es512 => {
            let secret = decode(&example("RFC 7515 A.4").1["d"]);
            let signature: p521::ecdsa::Signature = p521::ecdsa::SigningKey::from_slice(&secret)
                .unwrap()
                .sign(message);
            signature.to_vec()
        }
        Algorithm::EdDsa => {
            use ed25519_dalek::Signer;
            let secret = decode(&example("RFC 8037 A.4").1["d"]);
            ed25519_dalek::SigningKey::from_bytes(&secret.try_into().unwrap())
                .sign(message)
                .to_vec()
        }
    }
}

/// An HMAC with any secret, as a forger would make it.
pub(super) fn hmac<D: EagerHash>(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<D> as KeyInit>::new_from_slice(secret).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn rsa_key() -> PrivateKey {
    static KEY: LazyLock<PrivateKey> = LazyLock::new(|| {
        let (public, private) = example("RFC 7515 A.2");
        let [n, e] = [&public["n"], &public["e"]].map(number);
        let [d, p, q] = [&private["d"], &private["p"], &private["q"]].map(number);
        PrivateKey::from_components(n, e, d, vec![p, q]).unwrap()
    });
    KEY.clone()
}

fn number(text: &Value) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(&decode(text))
}

fn p384_key() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[9; 48]).unwrap()
}

/// An issuer of tokens with these algorithms.
pub(super) fn issuer(kind: Kind, algorithms: &[Algorithm]) -> Issuer {
    Issuer {
        name: "tests".to_owned(),
        kind,
        issuer: Some("https://issuer.example".to_owned()),
        audiences: vec!["airflow".to_owned(), "other".to_owned()],
        algorithms: algorithms.to_vec(),
        source: Source::Istio,
        locations: Vec::new(),
        surfaces: Vec::new(),
        clock_skew: 60,
        bound_to_peer: false,
        required: false,
    }
}

/// Claims of such an issuer.
pub(super) fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "aud": "airflow", "sub": "me",
        "iat": NOW - 600, "nbf": NOW - 600, "exp": NOW + 600,
    })
}

/// Numbers that look random and are the same in every run.
struct Steps(u64);

impl TryRng for Steps {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|number| (number >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Ok(self.0.rotate_left(17) ^ self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let number = self.try_next_u64()?.to_be_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Steps {}
