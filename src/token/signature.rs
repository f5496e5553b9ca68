//! The interface to a verifier of signatures.

use super::{Algorithm, Key};

/// A verifier of signatures: the module itself, or the proxy for it.
pub trait Signatures {
    /// Whether this algorithm is supported at all.
    fn can(&self, algorithm: Algorithm) -> bool;

    /// Whether `signature`, in the form of RFC 7518 §3, is `key`'s for `message`. False if the key is of
    /// another family than the algorithm.
    fn verify(&self, algorithm: Algorithm, key: &Key, message: &[u8], signature: &[u8]) -> bool;
}
