//! Escapes label values, so that no value is cut, split or read as another label.
//!
//! Envoy searches a series' name for every tag's regular expression, unanchored: Istio's own (`tag.…`,
//! `cache.…`, `rbac.allowed`, …) and `NAME=.=…;.;` for each of `extraStatTags`. Each of these needs a `.` to
//! match, so it is enough to percent-encode that `.`. `_rq_NNN` needs no dot but must end the name, and in
//! our layout `;.;` ends the name.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text between a label's name and its value.
pub(super) const OPEN: &str = "=.=";

/// The text after a label's value.
pub(super) const CLOSE: &str = ";.;";

/// The most characters of a label's value after escaping. Airflow's ids have at most 250.
pub const MAX_CHARS: usize = 256;

/// The characters that are kept of a longer value, before `%~` and 16 hex digits of its hash.
const KEPT_CHARS: usize = MAX_CHARS - 18;

/// Text before and after a dot that makes some regular expression match.
const COLLISIONS: [(&str, &str); 13] = [
    ("cache", ""),
    ("component", ""),
    ("tag", ""),
    ("wasm_filter", ""),
    ("rbac", "allowed"),
    ("rbac", "denied"),
    ("", "istio_dry_run_allow_"),
    ("", "istio_dry_run_deny_"),
    ("", "shadow_allowed"),
    ("", "shadow_denied"),
    ("=", "="),
    (";", ";"),
    // Envoy drops the dots at the end of a tag's value.
    ("", CLOSE),
];

/// Escapes `value` for a series' name. Different values stay different, and a value that needs no escape
/// stays as it is:
///
/// * `%`, control characters and line separators are percent-encoded: a newline ends a match, and a NUL
///   breaks Prometheus' text format;
/// * a `.` is percent-encoded if the text around it would make some regular expression match;
/// * a value of more than [`MAX_CHARS`] characters is cut, followed by `%~` (which begins no escape) and a
///   hash of the whole value.
pub fn escape(value: &str) -> Cow<'_, str> {
    let escaped = escape_characters(start(value, MAX_CHARS + 1));
    if escaped.chars().count() <= MAX_CHARS {
        return escaped;
    }
    let mut short = start(&escaped, KEPT_CHARS).to_owned();
    // Writing to a `String` cannot fail.
    let _ = write!(short, "%~{:016x}", fnv1a(value.as_bytes()));
    Cow::Owned(short)
}

/// The first `chars` characters of `text`.
fn start(text: &str, chars: usize) -> &str {
    let end = text.char_indices().nth(chars).map(|(at, _)| at);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

fn escape_characters(value: &str) -> Cow<'_, str> {
    let framed = format!("{OPEN}{value}{CLOSE}");
    let needs_escape = |at: usize, character: char| match character {
        '%' | '\u{2028}' | '\u{2029}' => true,
        '.' => collides(&framed, OPEN.len() + at),
        other => other.is_control(),
    };
    if !value
        .char_indices()
        .any(|(at, character)| needs_escape(at, character))
    {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 16);
    for (at, character) in value.char_indices() {
        if !needs_escape(at, character) {
            escaped.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a `String` cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    Cow::Owned(escaped)
}

/// Whether some regular expression would match the dot at `at`.
fn collides(framed: &str, at: usize) -> bool {
    let Some((before, rest)) = framed.split_at_checked(at) else {
        return false;
    };
    let after = rest.strip_prefix('.').unwrap_or(rest);
    COLLISIONS
        .iter()
        .any(|(left, right)| before.ends_with(left) && after.starts_with(right))
}

/// FNV-1a, 64 bits. The hash must be the same in every VM and release, because it is part of series' names.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn unescape(escaped: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = escaped.as_bytes().iter();
        while let Some(&byte) = rest.next() {
            if byte != b'%' {
                bytes.push(byte);
                continue;
            }
            let digits = [*rest.next().unwrap(), *rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn ids_in_use_survive() {
        for id in [
            "",
            "etl_daily",
            "grp.sub.task",
            "a-b.c_d",
            "日本",
            "a b",
            "__other__",
            "..x",
            "x;y=z",
            "a/b:c,d",
        ] {
            assert!(matches!(escape(id), Cow::Borrowed(same) if same == id), "{id}");
        }
        assert_eq!(
            escape("spiffe://cluster.local/ns/a/sa/b"),
            "spiffe://cluster.local/ns/a/sa/b"
        );
    }

    #[test]
    fn every_row_of_the_collision_table() {
        let table: Vec<(&str, &str)> =
            serde_json::from_str(include_str!("testdata/label_collisions.json")).unwrap();
        assert!(!table.is_empty());
        let others = [
            ("ends_in_tag.", "ends_in_tag%2E"),
            ("rbac.other", "rbac.other"),
            ("a task_id=.=b", "a task_id=%2E=b"),
            (".=b", "%2E=b"),
            ("a;.;b", "a;%2E;b"),
            ("a;.;.;b", "a;%2E;%2E;b"),
            ("a;.", "a;%2E"),
            ("a;", "a;"),
            ("a.", "a%2E"),
            ("...", "..%2E"),
            ("line\nbreak\r\0\x7f", "line%0Abreak%0D%00%7F"),
            ("\u{85}\u{2028}\u{2029}", "%C2%85%E2%80%A8%E2%80%A9"),
            ("100%", "100%25"),
            ("my-tag%2Ev1", "my-tag%252Ev1"),
        ];
        for (value, escaped) in table.into_iter().chain(others) {
            assert_eq!(escape(value), escaped, "{value:?}");
        }
    }

    #[test]
    fn long_values_are_cut_and_stay_different() {
        let longest = "x".repeat(MAX_CHARS);
        assert_eq!(escape(&longest), longest);
        let (one, other) = (format!("{longest}1"), format!("{longest}2"));
        assert_eq!(escape(&one).chars().count(), MAX_CHARS);
        assert_ne!(escape(&one), escape(&other));
        assert_ne!(
            escape(&escape(&one)),
            escape(&one),
            "a value cannot pass for a cut one"
        );
        assert_eq!(escape(&"日".repeat(300)).chars().count(), MAX_CHARS);
        assert_eq!(escape(&"\0".repeat(300)).chars().count(), MAX_CHARS);
    }

    #[test]
    fn the_hash_is_fnv1a() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn label_vectors_stay_different() {
        let vectors: Vec<HashMap<String, String>> =
            serde_json::from_str(include_str!("testdata/label_vectors.json")).unwrap();
        for value in vectors.iter().flat_map(HashMap::values) {
            let escaped = escape(value);
            if escaped.chars().count() < MAX_CHARS {
                assert_eq!(&unescape(&escaped), value);
            }
        }
    }

    proptest! {
        #[test]
        fn escaping_loses_nothing(value in r"([.;=%]|cache|tag|rbac|allowed|%2E|\PC|\pC){0,20}") {
            prop_assert_eq!(unescape(&escape(&value)), value);
        }
    }
}
