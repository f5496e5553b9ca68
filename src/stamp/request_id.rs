//! `x-request-id`: kept if it is harmless, made otherwise.
//!
//! Envoy gives every request an ID before the first filter runs. But a sidecar keeps any value that the
//! application sent, and a proxy can be configured to make none. Airflow's logs and dagward's answers contain
//! the ID, so it must not be able to forge a log line. Other proxies make IDs of other forms, such as the 32
//! hex digits of nginx, and operators search every log for them.

use std::fmt::Write as _;

use crate::operation::Surface;

/// The header of a request's ID.
pub const REQUEST_ID: &str = "x-request-id";

/// The header with which the Execution API connects a task's calls.
pub const CORRELATION_ID: &str = "correlation-id";

/// Length of a UUID in its canonical form: 8-4-4-4-12 hex digits with hyphens between.
const UUID_LENGTH: usize = 36;

/// The longest ID that is kept.
const MAX_LENGTH: usize = 128;

/// The position of Envoy's sampling decision: the version digit of the UUID.
const TRACE_NIBBLE: usize = 14;

/// The values of that digit, which Envoy writes and the next hop reads: not traced, sampled, forced,
/// requested by the client.
const TRACE_REASONS: [u8; 4] = *b"49ab";

/// The ID of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestId<'a> {
    /// The request came with a valid ID. Its header needs no change.
    Kept(&'a str),
    /// The request came without a valid ID. This one must be written to its header.
    Made(String),
}

impl<'a> RequestId<'a> {
    /// Keeps `current`, the value of `x-request-id`, if it is harmless in a log. Otherwise makes an ID from
    /// 16 random bytes. The new ID keeps the old value's sampling decision if there is one, because the next
    /// hops trace by it.
    pub fn keep_or_make(current: Option<&'a [u8]>, random: impl FnOnce() -> [u8; 16]) -> Self {
        if let Some(kept) = current
            .filter(|value| is_harmless(value))
            .and_then(|value| std::str::from_utf8(value).ok())
        {
            return Self::Kept(kept);
        }
        let reason = current.and_then(trace_reason).unwrap_or('4');
        Self::Made(format_uuid(random(), reason))
    }

    /// The ID's text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Kept(kept) => kept,
            Self::Made(made) => made,
        }
    }
}

/// Whether `value` is a short word of letters, digits and characters that separate nothing in a log: a UUID
/// in any form, or a ULID.
fn is_harmless(value: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+=@~".contains(byte);
    matches!(value.len(), 1..=MAX_LENGTH) && value.iter().all(plain)
}

/// The new value for `correlation-id`, if it needs one. The Execution API logs this header. If it is missing
/// there, it gets the request's ID. An existing value belongs to the task.
pub fn correlation_id<'a>(surface: Surface, current: Option<&[u8]>, request_id: &'a str) -> Option<&'a str> {
    (surface == Surface::Execution && current.is_none()).then_some(request_id)
}

/// The sampling decision in a value that has the length of an ID but may not be one.
fn trace_reason(value: &[u8]) -> Option<char> {
    if value.len() != UUID_LENGTH {
        return None;
    }
    value
        .get(TRACE_NIBBLE)
        .filter(|digit| TRACE_REASONS.contains(digit))
        .map(|digit| char::from(*digit))
}

/// Writes a UUID with the RFC 9562 variant (§4.1) and `reason` as its version digit.
fn format_uuid(random: [u8; 16], reason: char) -> String {
    let mut uuid = String::with_capacity(UUID_LENGTH);
    for (index, byte) in random.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            uuid.push('-');
        }
        // Writing to a `String` cannot fail.
        let _ = match index {
            6 => write!(uuid, "{reason}{:x}", byte & 0x0f),
            8 => write!(uuid, "{:02x}", byte & 0x3f | 0x80),
            _ => write!(uuid, "{byte:02x}"),
        };
    }
    uuid
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALID: &str = "12345678-1234-4123-8123-123456789abc";

    fn made(current: Option<&[u8]>) -> String {
        match RequestId::keep_or_make(current, || [0xff; 16]) {
            RequestId::Made(made) => made,
            RequestId::Kept(kept) => panic!("kept {kept}"),
        }
    }

    #[test]
    fn keeps_what_is_harmless_without_asking_for_randomness() {
        for id in [
            VALID,
            "ABCDEF01-1234-9123-8123-123456789ABC",
            "12345678123441238123123456789abc",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "abc-123_4.5",
            "Root=1-67891233-abcdef012345678912345678",
            "YWJj+w==",
            "0",
            &"x".repeat(128),
        ] {
            let kept = RequestId::keep_or_make(Some(id.as_bytes()), || panic!("asked for randomness"));
            assert_eq!(kept, RequestId::Kept(id));
        }
    }

    #[test]
    fn replaces_what_is_missing_or_could_harm() {
        let long = "x".repeat(129);
        let malformed: [&[u8]; 13] = [
            b"",
            b" ",
            b"a b",
            b"a\nb",
            b"a\0",
            b"a\"b",
            b"<script>",
            b"{12345678-1234-4123-8123-123456789abc}",
            b"a,b",
            b"../a",
            b"a%0Ab",
            b"12345678-1234-4123-8123-123456789ab\xff",
            long.as_bytes(),
        ];
        for value in malformed.into_iter().map(Some).chain([None]) {
            assert_eq!(made(value), "ffffffff-ffff-4fff-bfff-ffffffffffff", "{value:?}");
        }
    }

    #[test]
    fn keeps_the_trace_nibble_of_a_malformed_one() {
        for (nibble, expected) in [
            ('4', '4'),
            ('9', '9'),
            ('a', 'a'),
            ('b', 'b'),
            ('7', '4'),
            ('A', '4'),
        ] {
            let old = format!("zzzzzzzz zzzz {nibble}zzz zzzz zzzzzzzzzzzz");
            assert_eq!(made(Some(old.as_bytes())).chars().nth(14), Some(expected));
        }
        assert_eq!(
            made(Some(b"x xxxxxxxxxxxx9")).chars().nth(14),
            Some('4'),
            "too short to be an ID"
        );
    }

    #[test]
    fn fills_a_correlation_id_on_the_execution_api_only() {
        assert_eq!(correlation_id(Surface::Execution, None, VALID), Some(VALID));
        assert_eq!(correlation_id(Surface::Execution, Some(b"theirs"), VALID), None);
        assert_eq!(correlation_id(Surface::Execution, Some(b""), VALID), None);
        assert_eq!(correlation_id(Surface::Rest, None, VALID), None);
    }

    proptest! {
        #[test]
        fn what_is_made_is_kept_by_the_next_hop(random: [u8; 16], old in proptest::option::of(".{0,40}")) {
            let first = RequestId::keep_or_make(old.as_ref().map(|old| old.as_bytes()), || random);
            let second = RequestId::keep_or_make(Some(first.as_str().as_bytes()), || panic!("made twice"));
            prop_assert_eq!(second, RequestId::Kept(first.as_str()));
            prop_assert!(first.as_str().len() <= MAX_LENGTH && !first.as_str().contains(char::is_whitespace));
        }
    }
}
