//! A cache of verified tokens, by digest.
//!
//! The cache lives for hours, so it stores digests: an attacker who reads the memory cannot use them as
//! tokens. The digest's key is random and never leaves the VM, so that an attacker cannot make a token with
//! the digest of another.

use std::collections::HashMap;
use std::hash::Hasher;
use std::rc::Rc;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::Verified;

/// The limit on the tokens of one generation. The cache keeps two generations.
const MAX_TOKENS: usize = 1_024;

/// The limit on the bytes of one generation's tokens. The stored form of a token takes a few times as much.
const MAX_BYTES: usize = 512 * 1024;

/// The number of the issuer, and the verified token.
pub(super) type Known = (usize, Rc<Verified>);

/// Tokens that were verified before. When a generation is full, the cache forgets the previous one, except
/// for entries that were used in the meantime.
pub(super) struct Cache {
    key: [u64; 2],
    young: Generation,
    old: Generation,
    /// The generation of the keys that verified all of these.
    keys: u64,
}

#[derive(Default)]
struct Generation {
    tokens: HashMap<u128, Entry>,
    bytes: usize,
}

struct Entry {
    known: Known,
    size: usize,
}

impl Cache {
    /// An empty cache. `random` is the key of its digests.
    pub(super) fn new(random: [u8; 16]) -> Self {
        let (first, second) = u128_halves(u128::from_le_bytes(random));
        Self {
            key: [first, second],
            young: Generation::default(),
            old: Generation::default(),
            keys: 0,
        }
    }

    /// Forgets everything if the keys have changed: one of the old keys may have been removed.
    pub(super) fn forget_if_keys_changed(&mut self, generation: u64) {
        if self.keys != generation {
            (self.young, self.old) = Default::default();
            self.keys = generation;
        }
    }

    /// The digest of a token.
    pub(super) fn digest(&self, token: &[u8]) -> u128 {
        let [first, second] = self.key;
        let mut hasher = SipHasher13::new_with_keys(first, second);
        hasher.write(token);
        hasher.finish128().as_u128()
    }

    /// The cached token with this digest, unless it has expired at `now`.
    pub(super) fn get(&mut self, digest: u128, now: u64) -> Option<Known> {
        if let Some(entry) = self.young.tokens.get(&digest) {
            return is_valid(&entry.known, now).then(|| entry.known.clone());
        }
        let entry = self
            .old
            .tokens
            .remove(&digest)
            .filter(|entry| is_valid(&entry.known, now))?;
        let known = entry.known.clone();
        self.insert(digest, entry);
        Some(known)
    }

    /// Remembers a token of `size` bytes.
    pub(super) fn remember(&mut self, digest: u128, size: usize, known: Known) {
        self.insert(digest, Entry { known, size });
    }

    fn insert(&mut self, digest: u128, entry: Entry) {
        if self.young.tokens.len() >= MAX_TOKENS || self.young.bytes + entry.size > MAX_BYTES {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.bytes += entry.size;
        self.young.tokens.insert(digest, entry);
    }
}

/// Ignores the clock skew: within the skew, the token is verified again.
fn is_valid((_, verified): &Known, now: u64) -> bool {
    now < verified.expires
}

fn u128_halves(number: u128) -> (u64, u64) {
    let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
    let high = u64::try_from(number >> 64).unwrap_or_default();
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Claims, Kind};

    fn known(issuer: usize, expires: u64) -> Known {
        let verified = Verified {
            kind: Kind::Oidc,
            request_principal: "i/s".to_owned(),
            claims: Claims::of(Vec::new()),
            expires,
        };
        (issuer, Rc::new(verified))
    }

    fn cache() -> Cache {
        Cache::new(*b"0123456789abcdef")
    }

    #[test]
    fn a_token_is_known_until_it_expires() {
        let mut cache = cache();
        let digest = cache.digest(b"a.b.c");
        assert!(cache.get(digest, 0).is_none());
        cache.remember(digest, 5, known(3, 100));
        assert_eq!(cache.get(digest, 99), Some(known(3, 100)));
        assert_eq!(cache.get(digest, 100), None);
        assert_ne!(digest, cache.digest(b"a.b.d"));
        assert_ne!(digest, Cache::new([0; 16]).digest(b"a.b.c"));
    }

    #[test]
    fn other_keys_empty_it() {
        let mut cache = cache();
        let digest = cache.digest(b"a.b.c");
        cache.forget_if_keys_changed(4);
        cache.remember(digest, 5, known(0, 100));
        cache.forget_if_keys_changed(4);
        assert!(cache.get(digest, 1).is_some());
        cache.forget_if_keys_changed(5);
        assert!(cache.get(digest, 1).is_none());
    }

    #[test]
    fn a_million_tokens_take_no_more_than_two_generations_and_push_out_none_in_use() {
        let mut cache = cache();
        let mine = cache.digest(b"mine");
        cache.remember(mine, 4, known(0, 100));
        for number in 0..1_000_000u32 {
            let digest = cache.digest(&number.to_le_bytes());
            cache.remember(digest, 4, known(0, 100));
            if number % 500 == 0 {
                assert!(cache.get(mine, 1).is_some(), "pushed out by {number}");
            }
            assert!(cache.young.tokens.len() <= MAX_TOKENS && cache.old.tokens.len() <= MAX_TOKENS);
        }
    }

    #[test]
    fn long_tokens_are_fewer() {
        let mut cache = cache();
        for number in 0..1_000u32 {
            let digest = cache.digest(&number.to_le_bytes());
            cache.remember(digest, 16 * 1024, known(0, 100));
            assert!(cache.young.bytes <= MAX_BYTES && cache.young.tokens.len() <= 32);
        }
    }
}
