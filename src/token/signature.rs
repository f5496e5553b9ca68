//! Who verifies signatures.

use super::{Algorithm, Key};

/// Verifies signatures: the module itself, or the proxy for it.
pub trait Signatures {
    /// Whether it can verify this algorithm at all.
    fn can(&self, algorithm: Algorithm) -> bool;

    /// Whether `signature`, as RFC 7518 §3 writes it, is `key`'s for `message`. False where the key
    /// is of another family than the algorithm.
    fn verify(&self, algorithm: Algorithm, key: &Key, message: &[u8], signature: &[u8]) -> bool;
}
