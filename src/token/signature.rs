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

/// The implementations that are compiled in.
#[derive(Debug, Clone, Copy, Default)]
pub struct InModule;

impl Signatures for InModule {
    fn can(&self, _algorithm: Algorithm) -> bool {
        false
    }

    fn verify(&self, _algorithm: Algorithm, _key: &Key, _message: &[u8], _signature: &[u8]) -> bool {
        false
    }
}
