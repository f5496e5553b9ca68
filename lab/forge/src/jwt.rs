//! Tokens for tests: keys of every algorithm that a JWS may name, and any header and payload that a
//! test asks for.
//!
//! A key signs anything without a check, because tests want to send malformed tokens. Keys are
//! generated each time, and exist as long as their handle.

#![expect(clippy::indexing_slicing, reason = "an object made by `json!` takes any key")]

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, bail};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// An algorithm, by its name in `alg` (RFC 7518 §3.1, RFC 8037 §3.1).
#[expect(missing_docs, reason = "the names are those of the registry")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EdDSA,
}

/// A key that signs by one algorithm.
#[derive(Debug)]
pub struct SigningKey {
    algorithm: Algorithm,
    kid: String,
    key: Key,
}

/// The key material and the way to sign.
enum Kind {
    /// A hash, and the shortest secret for it in bytes (RFC 7518 §3.2).
    Hmac(hmac::Algorithm, usize),
    /// A padding with its hash.
    Rsa(&'static dyn RsaEncoding),
    /// A curve by its name in `crv`, with its signing algorithm.
    Ecdsa(&'static str, &'static EcdsaSigningAlgorithm),
    Ed25519,
}

#[derive(Debug)]
enum Key {
    Hmac(hmac::Algorithm, Vec<u8>),
    Rsa(&'static dyn RsaEncoding, RsaKeyPair),
    Ecdsa(&'static str, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Algorithm {
    /// All algorithms.
    pub const ALL: [Self; 13] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
    ];

    /// The name in `alg`.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    fn kind(self) -> Kind {
        match self {
            Self::HS256 => Kind::Hmac(hmac::HMAC_SHA256, 32),
            Self::HS384 => Kind::Hmac(hmac::HMAC_SHA384, 48),
            Self::HS512 => Kind::Hmac(hmac::HMAC_SHA512, 64),
            Self::RS256 => Kind::Rsa(&RSA_PKCS1_SHA256),
            Self::RS384 => Kind::Rsa(&RSA_PKCS1_SHA384),
            Self::RS512 => Kind::Rsa(&RSA_PKCS1_SHA512),
            Self::PS256 => Kind::Rsa(&RSA_PSS_SHA256),
            Self::PS384 => Kind::Rsa(&RSA_PSS_SHA384),
            Self::PS512 => Kind::Rsa(&RSA_PSS_SHA512),
            Self::ES256 => Kind::Ecdsa("P-256", &ECDSA_P256_SHA256_FIXED_SIGNING),
            Self::ES384 => Kind::Ecdsa("P-384", &ECDSA_P384_SHA384_FIXED_SIGNING),
            Self::ES512 => Kind::Ecdsa("P-521", &ECDSA_P521_SHA512_FIXED_SIGNING),
            Self::EdDSA => Kind::Ed25519,
        }
    }
}

impl SigningKey {
    /// Generates a key with a `kid` of its own; RSA keys have 2048 bits.
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        let key = match algorithm.kind() {
            Kind::Hmac(hash, length) => {
                let mut secret = vec![0; length];
                rand::fill(&mut secret)?;
                Key::Hmac(hash, secret)
            }
            Kind::Rsa(padding) => Key::Rsa(padding, RsaKeyPair::generate(KeySize::Rsa2048)?),
            Kind::Ecdsa(curve, signing) => Key::Ecdsa(curve, EcdsaKeyPair::generate(signing)?),
            Kind::Ed25519 => Key::Ed25519(Ed25519KeyPair::generate()?),
        };
        Ok(Self::new(algorithm, key))
    }

    /// An HMAC key with this secret, of any length. An attacker could use the public half of an RSA
    /// key as the secret.
    pub fn with_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self> {
        match algorithm.kind() {
            Kind::Hmac(hash, _) => Ok(Self::new(algorithm, Key::Hmac(hash, secret.to_vec()))),
            _ => bail!("`{algorithm:?}` has no secret"),
        }
    }

    fn new(algorithm: Algorithm, key: Key) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(1);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        Self {
            algorithm,
            kid: format!("{algorithm:?}-{number}"),
            key,
        }
    }

    /// The key's id in headers and in key sets.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The JWK that verifies its signatures (RFC 7517): the public half, or the secret of HMAC.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.key {
            Key::Hmac(_, secret) => json!({"kty": "oct", "k": encode(secret)}),
            Key::Rsa(_, pair) => {
                let public = pair.public_key();
                let [n, e] = [public.modulus(), public.exponent()]
                    .map(|number| encode(number.big_endian_without_leading_zero()));
                json!({"kty": "RSA", "n": n, "e": e})
            }
            Key::Ecdsa(curve, pair) => {
                // One byte that says that both coordinates follow (SEC 1 §2.3.3), then the two, of
                // equal length.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)})
            }
            Key::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref())})
            }
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm.name());
        jwk["use"] = json!("sig");
        jwk
    }

    /// The public half as `SubjectPublicKeyInfo` in DER, the content of `PUBLIC KEY` files.
    pub fn public_der(&self) -> Result<Vec<u8>> {
        let der: PublicKeyX509Der<'_> = match &self.key {
            Key::Hmac(..) => bail!("`{}` has no public half", self.kid),
            Key::Rsa(_, pair) => pair.public_key().as_der()?,
            Key::Ecdsa(_, pair) => pair.public_key().as_der()?,
            Key::Ed25519(pair) => pair.public_key().as_der()?,
        };
        Ok(der.as_ref().to_vec())
    }

    /// The header of a well-formed token: `alg`, `kid` and `typ`.
    pub fn header(&self) -> Value {
        json!({"alg": self.algorithm.name(), "kid": self.kid, "typ": "JWT"})
    }

    /// A token with any header and these claims.
    pub fn sign(&self, header: &Value, claims: &Value) -> Result<String> {
        self.sign_raw(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    /// A token (RFC 7515 §3.1) with these bytes as its header and its payload.
    pub fn sign_raw(&self, header: &[u8], payload: &[u8]) -> Result<String> {
        let signed = format!("{}.{}", encode(header), encode(payload));
        let signature = self.signature(signed.as_bytes())?;
        Ok(format!("{signed}.{}", encode(&signature)))
    }

    /// The signature of any bytes, for tests that build a token from its parts.
    pub fn signature(&self, signed: &[u8]) -> Result<Vec<u8>> {
        Ok(match &self.key {
            Key::Hmac(hash, secret) => {
                let tag = hmac::sign(&hmac::Key::new(*hash, secret), signed);
                tag.as_ref().to_vec()
            }
            Key::Rsa(padding, pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &SystemRandom::new(), signed, &mut signature)?;
                signature
            }
            Key::Ecdsa(_, pair) => pair.sign(&SystemRandom::new(), signed)?.as_ref().to_vec(),
            Key::Ed25519(pair) => pair.sign(signed).as_ref().to_vec(),
        })
    }
}

/// A key set (RFC 7517 §5).
pub fn jwks(keys: &[&SigningKey]) -> Value {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    json!({"keys": keys})
}

/// base64url without padding (RFC 7515 §2).
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
