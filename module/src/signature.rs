//! Verifies signatures by the proxy if possible: native code takes a twentieth of the time.
//!
//! Envoy's function takes an `envoy.source.extensions.common.wasm.VerifySignatureArguments` and returns a
//! `VerifySignatureResult`, both in protobuf's wire format.

use dagward::token::{Algorithm, InModule, Key, Material, Signatures, ecdsa_signature};
use dagward::wire::protobuf::{self, Field};

use super::abi;

const FUNCTION: &str = "verify_signature";

/// The fields of the arguments.
const HASH_FUNCTION: u32 = 1;
const PUBLIC_KEY: u32 = 2;
const SIGNATURE: u32 = 3;
const TEXT: u32 = 4;

/// `result: true`, the first field of the result.
const GOOD: (u64, Field<'_>) = (1, Field::Varint(1));

/// The verifier of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verifier {
    /// The proxy, and the module for algorithms that the proxy does not support.
    Proxy,
    /// Only the module.
    Module,
}

impl Verifier {
    /// The proxy, if it has the function: it then returns a result even for an unknown hash.
    pub(super) fn choose() -> Self {
        match abi::foreign(FUNCTION, &arguments("none", &[0], &[0], &[0])) {
            Some(_) => Self::Proxy,
            None => Self::Module,
        }
    }

    /// The word in `dagward_config_info`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Module => "module",
        }
    }

    /// The hash that the proxy must use; `None` if the module verifies the algorithm.
    fn hash_of(self, algorithm: Algorithm) -> Option<&'static str> {
        match (self, algorithm) {
            (Self::Module, _) => None,
            (Self::Proxy, Algorithm::Rs256 | Algorithm::Es256) => Some("sha256"),
            (Self::Proxy, Algorithm::Rs384 | Algorithm::Es384) => Some("sha384"),
            (Self::Proxy, Algorithm::Rs512 | Algorithm::Es512) => Some("sha512"),
            (Self::Proxy, _) => None,
        }
    }
}

impl Signatures for Verifier {
    fn can(&self, algorithm: Algorithm) -> bool {
        self.hash_of(algorithm).is_some() || InModule.can(algorithm)
    }

    fn verify(&self, algorithm: Algorithm, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        let Some(hash) = self.hash_of(algorithm) else {
            return InModule.verify(algorithm, key, message, signature);
        };
        if key.family() != algorithm.family() {
            return false;
        }
        let Some(public_key) = key.spki() else {
            return false;
        };
        let is_good = |signature: &[u8]| {
            let arguments = arguments(hash, &public_key, signature, message);
            abi::foreign(FUNCTION, &arguments)
                .is_some_and(|result| protobuf::fields(&result).next() == Some(Ok(GOOD)))
        };
        match key.material {
            Material::Curve { curve, .. } => {
                ecdsa_signature(curve, signature).is_some_and(|signature| is_good(&signature))
            }
            _ => is_good(signature),
        }
    }
}

fn arguments(hash: &str, key: &[u8], signature: &[u8], text: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(64 + key.len() + signature.len() + text.len());
    for (field, bytes) in [
        (HASH_FUNCTION, hash.as_bytes()),
        (PUBLIC_KEY, key),
        (SIGNATURE, signature),
        (TEXT, text),
    ] {
        protobuf::write_bytes(&mut message, field, bytes);
    }
    message
}
