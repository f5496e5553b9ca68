//! Percent-encoding (RFC 3986 §2.1), of task headers, paths and queries.
//!
//! [`bytes`] decodes. Its callers differ in how strict they are: in a task header a `%` without two hex
//! digits after it is an error. In a path and a query it stands for itself, as in Airflow's servers.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A byte of a text that is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Byte {
    /// A byte that was not encoded.
    Plain(u8),
    /// A byte that was `%` and two hex digits.
    Escaped(u8),
    /// A `%` without two hex digits after it.
    Stray,
}

impl Byte {
    /// Its value in a task header; `None` if it is an error there.
    pub fn in_header(self) -> Option<u8> {
        match self {
            Self::Plain(byte) | Self::Escaped(byte) => Some(byte),
            Self::Stray => None,
        }
    }

    /// Its value in a path.
    pub fn in_path(self) -> u8 {
        self.in_header().unwrap_or(b'%')
    }

    /// Its value in a query, where `+` is a blank.
    pub fn in_query(self) -> u8 {
        match self {
            Self::Plain(b'+') => b' ',
            other => other.in_path(),
        }
    }
}

/// The bytes of `text`, decoded once. Takes no memory, because a caller may send thousands of names.
pub fn bytes(text: &[u8]) -> impl Iterator<Item = Byte> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (first, after) = rest.split_first()?;
        rest = after;
        if *first != b'%' {
            return Some(Byte::Plain(*first));
        }
        let Some((&[high, low], after)) = after.split_first_chunk::<2>() else {
            return Some(Byte::Stray);
        };
        Some(match hex(high).zip(hex(low)) {
            Some((high, low)) => {
                rest = after;
                Byte::Escaped(high << 4 | low)
            }
            None => Byte::Stray,
        })
    })
}

/// Encodes `value` for a task header. Visible ASCII (0x21–0x7E) except `%` stays as it is.
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
            // Writing to a `String` cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    Cow::Owned(encoded)
}

/// Decodes a task header value. `None` if it contains a byte outside visible ASCII or a `%` without two hex
/// digits after it, or if the result is not UTF-8.
pub fn decode(value: &[u8]) -> Option<Cow<'_, str>> {
    // One pass answers both questions without a branch: nearly every value is plain.
    let (visible, encoded) = value.iter().fold((true, false), |(visible, encoded), byte| {
        (visible & byte.is_ascii_graphic(), encoded | (*byte == b'%'))
    });
    if !visible {
        return None;
    }
    if !encoded {
        return std::str::from_utf8(value).ok().map(Cow::Borrowed);
    }
    let decoded: Option<Vec<u8>> = bytes(value).map(Byte::in_header).collect();
    String::from_utf8(decoded?).ok().map(Cow::Owned)
}

/// Decodes a name or a value of a query.
pub fn query(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut decoded = Vec::with_capacity(text.len());
    decoded.extend(bytes(text.as_bytes()).map(Byte::in_query));
    Cow::Owned(decoded)
}

/// Whether `text` in a query is a spelling of `name`.
pub fn is_query_spelling_of(text: &[u8], name: &[u8]) -> bool {
    bytes(text).map(Byte::in_query).eq(name.iter().copied())
}

/// The value of one hex digit.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    #[test]
    fn a_query_is_borrowed_where_nothing_is_escaped() {
        assert!(matches!(query("plain"), Cow::Borrowed(b"plain")));
        assert_eq!(*query("a+b%2Bc%"), *b"a b+c%");
    }

    #[test]
    fn a_stray_percent_sign_is_told_from_one_that_was_escaped() {
        let read: Vec<Byte> = bytes(b"a%25%2f%2+%").collect();
        let expected = [
            Byte::Plain(b'a'),
            Byte::Escaped(b'%'),
            Byte::Escaped(b'/'),
            Byte::Stray,
            Byte::Plain(b'2'),
            Byte::Plain(b'+'),
            Byte::Stray,
        ];
        assert_eq!(read, expected);
    }

    proptest! {
        #[test]
        fn every_text_round_trips(text in any::<String>()) {
            let encoded = encode(&text);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic()));
            let decoded = decode(encoded.as_bytes());
            prop_assert_eq!(decoded.as_deref(), Some(&*text));
            let as_query: Vec<u8> = bytes(encoded.replace('+', "%2B").as_bytes()).map(Byte::in_query).collect();
            prop_assert_eq!(as_query, text.into_bytes());
        }

        #[test]
        fn strict_and_lenient_differ_in_stray_signs_alone(text in "[ -~]{0,12}|(%[0-9a-fA-F]?|[+a-c]){0,8}") {
            let lenient: Vec<u8> = bytes(text.as_bytes()).map(Byte::in_path).collect();
            let stray = bytes(text.as_bytes()).any(|byte| byte == Byte::Stray);
            if let Some(strict) = decode(text.as_bytes()) {
                prop_assert!(!stray);
                prop_assert_eq!(strict.as_bytes(), lenient);
            }
            let spelt = query(&text);
            prop_assert!(is_query_spelling_of(text.as_bytes(), &spelt));
        }
    }
}
