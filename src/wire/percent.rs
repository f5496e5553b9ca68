//! Percent-encoding of task header values: everything outside visible ASCII, and `%` itself.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Encodes `value` for a task header. Visible ASCII (0x21–0x7E) but `%` stays as it is.
pub fn encode(value: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    if value.bytes().all(plain) {
        return Cow::Borrowed(value);
    }
    let mut encoded = String::with_capacity(value.len() * 2);
    for byte in value.bytes() {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    Cow::Owned(encoded)
}

/// Decodes a task header value. `None` where it holds a byte outside visible ASCII, a `%` that
/// two hex digits do not follow, or where the result is not UTF-8.
pub fn decode(value: &[u8]) -> Option<Cow<'_, str>> {
    // Both questions in one pass without a branch: nearly every value is plain.
    let (visible, encoded) = value.iter().fold((true, false), |(visible, encoded), byte| {
        (visible & byte.is_ascii_graphic(), encoded | (*byte == b'%'))
    });
    if !visible {
        return None;
    }
    if !encoded {
        return std::str::from_utf8(value).ok().map(Cow::Borrowed);
    }
    let mut decoded = Vec::with_capacity(value.len());
    let mut bytes = value.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Whether a query's `raw` text is `name` once `+` and `%XX` are decoded. A `%` that two hex digits
/// do not follow stands for itself. The caller may send thousands of names, so this takes no memory.
pub(crate) fn is_query_spelling_of(raw: &[u8], name: &[u8]) -> bool {
    let (mut rest, mut name) = (raw, name.iter());
    while let Some((first, after)) = rest.split_first() {
        let escaped = match after {
            [high, low, after @ ..] if *first == b'%' => hex(*high).zip(hex(*low)).zip(Some(after)),
            _ => None,
        };
        let (byte, after) = match escaped {
            Some(((high, low), after)) => (high << 4 | low, after),
            None if *first == b'+' => (b' ', after),
            None => (*first, after),
        };
        if name.next() != Some(&byte) {
            return false;
        }
        rest = after;
    }
    name.next().is_none()
}

/// The value of one hex digit.
pub(crate) fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for id in [
            "plain_id-1.x",
            "日本",
            "a b",
            "100%",
            "scheduled__2026-01-01T00:00:00+00:00",
        ] {
            let encoded = encode(id);
            assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic()), "{encoded}");
            assert_eq!(decode(encoded.as_bytes()).as_deref(), Some(id));
        }
    }

    #[test]
    fn a_query_has_many_spellings_of_a_name() {
        for (raw, name, same) in [
            ("dag_id", "dag_id", true),
            ("%64ag%5Fid", "dag_id", true),
            ("dag_i", "dag_id", false),
            ("dag_idx", "dag_id", false),
            ("dag_id%", "dag_id", false),
            ("my+token", "my token", true),
            ("my%20token", "my token", true),
            ("my%2Btoken", "my token", false),
            ("%6", "%6", true),
            ("%zz", "%zz", true),
            ("%", "%", true),
            ("%2541", "A", false),
            ("", "", true),
        ] {
            assert_eq!(
                is_query_spelling_of(raw.as_bytes(), name.as_bytes()),
                same,
                "{raw} {name}"
            );
        }
    }

    #[test]
    fn refuses_what_does_not_decode() {
        for bad in [&b"%"[..], b"%4", b"%zz", b"a b", b"\xc3\xa9", b"%ff", b"a\tb"] {
            assert_eq!(decode(bad), None, "{bad:?}");
        }
    }
}
