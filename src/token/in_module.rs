//! Verifies signatures with the implementations that are compiled in.

use ed25519_dalek as ed25519;
use hmac::digest::{Digest, FixedOutputReset, const_oid::AssociatedOid};
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use rsa::signature::Verifier;
use rsa::{BoxedUint, PublicKey, pkcs1v15, pss};
use sha2::{Sha256, Sha384, Sha512};

use super::{Algorithm, Key, Material, Signatures};

/// The implementations that are compiled in. A module for the proxy has none of ECDSA, because every proxy
/// verifies that itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct InModule;

impl Signatures for InModule {
    fn can(&self, algorithm: Algorithm) -> bool {
        !cfg!(target_family = "wasm")
            || !matches!(algorithm, Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512)
    }

    fn verify(&self, algorithm: Algorithm, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        let verdict = match (algorithm, &key.material) {
            (Algorithm::Hs256, Material::Secret(secret)) => hmac::<Sha256>(secret, message, signature),
            (Algorithm::Hs384, Material::Secret(secret)) => hmac::<Sha384>(secret, message, signature),
            (Algorithm::Hs512, Material::Secret(secret)) => hmac::<Sha512>(secret, message, signature),
            (Algorithm::Rs256, Material::Rsa { n, e }) => pkcs1::<Sha256>(n, e, message, signature),
            (Algorithm::Rs384, Material::Rsa { n, e }) => pkcs1::<Sha384>(n, e, message, signature),
            (Algorithm::Rs512, Material::Rsa { n, e }) => pkcs1::<Sha512>(n, e, message, signature),
            (Algorithm::Ps256, Material::Rsa { n, e }) => pss::<Sha256>(n, e, message, signature),
            (Algorithm::Ps384, Material::Rsa { n, e }) => pss::<Sha384>(n, e, message, signature),
            (Algorithm::Ps512, Material::Rsa { n, e }) => pss::<Sha512>(n, e, message, signature),
            (Algorithm::EdDsa, Material::Ed25519(point)) => eddsa(point, message, signature),
            #[cfg(not(target_family = "wasm"))]
            (_, Material::Curve { curve, x, y }) if key.family() == algorithm.family() => {
                ecdsa::verify(*curve, x, y, message, signature)
            }
            _ => None,
        };
        verdict.is_some()
    }
}

/// Compares the whole value, in constant time.
fn hmac<D: EagerHash>(secret: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let mut mac = <Hmac<D> as KeyInit>::new_from_slice(secret).ok()?;
    mac.update(message);
    mac.verify_slice(signature).ok()
}

fn rsa(n: &[u8], e: &[u8]) -> Option<PublicKey> {
    let number = BoxedUint::from_be_slice_vartime;
    PublicKey::new(number(n), number(e)).ok()
}

fn pkcs1<D: Digest + AssociatedOid>(n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = pkcs1v15::VerifyingKey::<D>::new(rsa(n, e)?);
    key.verify(message, &signature.try_into().ok()?).ok()
}

/// The salt is as long as the hash (RFC 7518 §3.5).
fn pss<D: Digest + FixedOutputReset>(n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = pss::VerifyingKey::<D>::new(rsa(n, e)?);
    key.verify(message, &signature.try_into().ok()?).ok()
}

/// Refuses points of small order and points in another spelling.
fn eddsa(point: &[u8; 32], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = ed25519::VerifyingKey::from_bytes(point).ok()?;
    let signature = ed25519::Signature::from_slice(signature).ok()?;
    key.verify_strict(message, &signature).ok()
}

#[cfg(not(target_family = "wasm"))]
mod ecdsa {
    use rsa::signature::Verifier;

    use crate::token::{Curve, der::POINT};

    pub(super) fn verify(curve: Curve, x: &[u8], y: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
        let point = [[POINT].as_slice(), x, y].concat();
        match curve {
            Curve::P256 => {
                use p256::ecdsa::{Signature, VerifyingKey};
                let key = VerifyingKey::from_sec1_bytes(&point).ok()?;
                key.verify(message, &Signature::from_slice(signature).ok()?).ok()
            }
            Curve::P384 => {
                use p384::ecdsa::{Signature, VerifyingKey};
                let key = VerifyingKey::from_sec1_bytes(&point).ok()?;
                key.verify(message, &Signature::from_slice(signature).ok()?).ok()
            }
            Curve::P521 => {
                use p521::ecdsa::{Signature, VerifyingKey};
                let key = VerifyingKey::from_sec1_bytes(&point).ok()?;
                key.verify(message, &Signature::from_slice(signature).ok()?).ok()
            }
        }
    }
}

#[cfg(test)]
mod tests;
