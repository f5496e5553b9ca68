//! Changes of a finished token.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::jwt::encode;

/// One change of a finished token.
#[derive(Debug, Clone)]
pub enum Slip {
    /// Writes this byte over another.
    Overwrite(Index, u8),
    /// Writes this byte between two others.
    Insert(Index, u8),
    /// Removes a byte.
    Remove(Index),
    /// Flips a bit of a part's bytes, which are base64url again afterwards.
    Bit(Index, Index),
    /// Empties a part.
    Empty(usize),
    /// Writes a part in base64url with padding.
    Padded(usize),
    /// Writes a part in plain base64.
    Standard(usize),
    /// Ends a part with bits that have no meaning.
    Stray(usize),
    /// Adds or removes one part.
    Parts(bool),
}

/// One of the changes, some more often than others. `byte` gives the ASCII bytes that are written.
pub fn slip(byte: impl Strategy<Value = u8> + Clone + 'static) -> impl Strategy<Value = Slip> {
    prop_oneof![
        3 => (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Slip::Overwrite(at, byte)),
        2 => (any::<Index>(), byte).prop_map(|(at, byte)| Slip::Insert(at, byte)),
        2 => any::<Index>().prop_map(Slip::Remove),
        3 => (any::<Index>(), any::<Index>()).prop_map(|(part, bit)| Slip::Bit(part, bit)),
        1 => (0usize..3).prop_map(Slip::Empty),
        1 => (0usize..3).prop_map(Slip::Padded),
        1 => (0usize..3).prop_map(Slip::Standard),
        1 => (0usize..3).prop_map(Slip::Stray),
        1 => any::<bool>().prop_map(Slip::Parts),
    ]
}

impl Slip {
    /// The token with this change.
    pub fn apply(&self, token: String) -> String {
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let again = |number: usize, change: &dyn Fn(Vec<u8>) -> String| {
            let part = token.split('.').nth(number).and_then(decoded);
            part.map_or_else(|| token.clone(), |bytes| replaced(&token, number, &change(bytes)))
        };
        let mut bytes = token.clone().into_bytes();
        match self {
            Self::Overwrite(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Self::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), *byte),
            Self::Remove(at) if !bytes.is_empty() => drop(bytes.remove(at.index(bytes.len()))),
            Self::Overwrite(..) | Self::Remove(_) => {}
            Self::Bit(part, bit) => {
                return again(part.index(3), &|mut bytes| {
                    if !bytes.is_empty() {
                        let bit = bit.index(bytes.len() * 8);
                        if let Some(byte) = bytes.get_mut(bit / 8) {
                            *byte ^= 1 << (bit % 8);
                        }
                    }
                    encode(&bytes)
                });
            }
            Self::Empty(number) => return replaced(&token, *number, ""),
            Self::Padded(number) => return again(*number, &|bytes| URL_SAFE.encode(bytes)),
            Self::Standard(number) => return again(*number, &|bytes| STANDARD.encode(bytes)),
            Self::Stray(number) => return again(*number, &|bytes| with_stray_bits(&encode(&bytes))),
            Self::Parts(more) => {
                return match (more, token.rsplit_once('.')) {
                    (true, _) => token + ".e30",
                    (false, Some((rest, _))) => rest.to_owned(),
                    (false, None) => token,
                };
            }
        }
        // All bytes that are written are ASCII, and so is the token.
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The same bytes with another last character, if it has spare bits.
fn with_stray_bits(part: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = part.chars().last().and_then(|last| ALPHABET.find(last));
    let other = last.and_then(|place| ALPHABET.chars().nth(place | 1));
    match other {
        Some(other) if part.len() % 4 > 1 => {
            let (rest, _) = part.split_at(part.len() - 1);
            format!("{rest}{other}")
        }
        _ => part.to_owned(),
    }
}

/// The token with this part in place of the part `number`.
pub fn replaced(token: &str, number: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    if let Some(old) = parts.get_mut(number) {
        *old = part;
    }
    parts.join(".")
}
