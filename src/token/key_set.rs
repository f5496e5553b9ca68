//! A JWK Set (RFC 7517 §5).

use std::fmt;

use super::Key;

/// The longest JWKS that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// The most keys that a JWKS may have.
pub const MAX_KEYS: usize = 100;

/// The keys of an issuer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
    /// The keys that are of no use: number, `kid`, and why.
    left_out: Vec<LeftOut>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LeftOut {
    number: usize,
    id: Option<String>,
    why: String,
}

/// Why a document is no JWK Set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadKeySet(String);

impl fmt::Display for BadKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadKeySet {}

impl KeySet {
    /// Reads a JWK Set. Keys that are of no use here are left out, as RFC 7517 §5 asks.
    ///
    /// # Errors
    ///
    /// Where it is too long, has too many keys, is no JWK Set, or has no key of use.
    pub fn parse(_document: &[u8]) -> Result<Self, BadKeySet> {
        Err(BadKeySet("not JSON".to_owned()))
    }

    /// The keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// What was left out, a line each, without any key.
    pub fn left_out(&self) -> impl Iterator<Item = String> + '_ {
        self.left_out
            .iter()
            .map(|key| format!("keys[{}] {}", key.number, key.why))
    }
}
