//! A JWK Set (RFC 7517 §5).

use std::fmt;

use super::{Algorithm, Json, Key, Refusal, jwk};

/// The longest JWKS that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// The most keys that a JWKS may have.
pub const MAX_KEYS: usize = 100;

/// The number of keys that are tried at most if a token does not name its key.
const MAX_TRIED: usize = 8;

/// The keys of an issuer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
    left_out: Vec<LeftOut>,
}

/// A key that is not usable.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LeftOut {
    /// Its index in the document.
    number: usize,
    /// Its `kid`.
    id: Option<String>,
    /// The reason.
    why: String,
}

/// The reason why a document is not a JWK Set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadKeySet(String);

impl fmt::Display for BadKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadKeySet {}

impl KeySet {
    /// Reads a JWK Set. Keys that are not usable here are left out, as RFC 7517 §5 asks.
    ///
    /// # Errors
    ///
    /// The document is too long, has too many keys, is not a JWK Set, or has no usable key.
    pub fn parse(document: &[u8]) -> Result<Self, BadKeySet> {
        let bad = |why: &str| BadKeySet(why.to_owned());
        if document.len() > MAX_BYTES {
            return Err(BadKeySet(format!("longer than {MAX_BYTES} bytes")));
        }
        let document = Json::parse(document).map_err(|_| bad("not JSON, or a name is given twice"))?;
        let Some(Json::List(jwks)) = document.get("keys") else {
            return Err(bad("not a JWK Set: expected an object with a list `keys`"));
        };
        if jwks.len() > MAX_KEYS {
            return Err(BadKeySet(format!("more than {MAX_KEYS} keys")));
        }
        let mut set = Self::default();
        for (number, jwk) in jwks.iter().enumerate() {
            match jwk::read(jwk) {
                Ok(key) => set.keys.push(key),
                Err(why) => set.left_out.push(LeftOut {
                    number,
                    id: jwk.get("kid").and_then(Json::text).map(str::to_owned),
                    why,
                }),
            }
        }
        if set.keys.is_empty() {
            let why: Vec<String> = set.left_out().collect();
            return Err(BadKeySet(match why.as_slice() {
                [] => "no key in `keys`".to_owned(),
                _ => format!("no usable key: {}", why.join(", ")),
            }));
        }
        Ok(set)
    }

    /// The keys that may have signed a token whose header names this key and this algorithm: at least one.
    ///
    /// # Errors
    ///
    /// The reason why there is no such key.
    pub(super) fn candidates(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Vec<&Key>, Refusal> {
        // A key without `kid` may be the one that the token names, and a token without `kid` may mean any
        // key.
        let meant = |key: &&Key| id.is_none() || key.id.is_none() || key.id.as_deref() == id;
        let meant: Vec<&Key> = self.keys.iter().filter(meant).collect();
        let fitting = meant.iter().filter(|key| key.fits(algorithm)).take(MAX_TRIED);
        let fitting: Vec<&Key> = fitting.copied().collect();
        match (fitting.as_slice(), meant.as_slice()) {
            ([_, ..], _) => Ok(fitting),
            ([], [_, ..]) => Err(Refusal::KeyMismatch),
            ([], []) if self.left_out.iter().any(|key| key.id.as_deref() == id) => Err(Refusal::KeyUnusable),
            ([], []) => Err(Refusal::KeyUnknown),
        }
    }

    /// The keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The keys that were left out, one line each, without their content.
    pub fn left_out(&self) -> impl Iterator<Item = String> + '_ {
        self.left_out
            .iter()
            .map(|key| format!("keys[{}] {}", key.number, key.why))
    }
}

#[cfg(test)]
mod tests;
