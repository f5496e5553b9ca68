//! The first bytes of an answer, examined as they arrive.

/// The most bytes of an answer that are examined. They leave room for a release of Airflow that writes its
/// fields in another order.
pub(super) const MAX_PREFIX_BYTES: usize = 64 * 1024;

/// The first bytes of one answer.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    /// The bytes so far. Empty as long as the first chunk is enough.
    held: Vec<u8>,
    /// The number of bytes at the last look.
    pub(super) seen: usize,
}

/// The result of a look at the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look<T> {
    /// The value may still arrive.
    NeedMore,
    /// The value.
    Found(T),
    /// The value will not arrive.
    NotThere,
}

impl Prefix {
    /// Whether no further bytes will be examined.
    pub(super) fn is_full(&self) -> bool {
        self.seen >= MAX_PREFIX_BYTES
    }

    /// Takes the bytes that follow those of earlier calls, and looks at all bytes so far; `end` means that no
    /// more will arrive.
    ///
    /// It looks again only once there are twice as many bytes as at the last look, or all of them. So the
    /// work is linear in the bytes, however small the chunks are.
    pub(super) fn read<T>(&mut self, more: &[u8], end: bool, look: impl FnOnce(&[u8]) -> Look<T>) -> Look<T> {
        let room = MAX_PREFIX_BYTES.saturating_sub(self.held.len());
        let full = more.len() >= room;
        let more = more.get(..room).unwrap_or(more);
        let prefix = if self.held.is_empty() {
            more
        } else {
            self.held.extend_from_slice(more);
            &self.held
        };
        let last = end || full;
        if !last && prefix.len() < self.seen.saturating_mul(2) {
            return Look::NeedMore;
        }
        let found = look(if last { prefix } else { without_number(prefix) });
        self.seen = prefix.len();
        match found {
            Look::NeedMore if last => return Look::NotThere,
            // A later look may find more.
            Look::NeedMore | Look::Found(_) if self.held.is_empty() => self.held = more.to_vec(),
            _ => {}
        }
        found
    }
}

/// `prefix` without a number at its end that may be incomplete: serde_json reports a number that ends in `-`,
/// `.` or `e` as invalid, and not as the end of its input.
fn without_number(prefix: &[u8]) -> &[u8] {
    let of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let kept = prefix.iter().rposition(|byte| !of_number(byte));
    prefix.get(..kept.map_or(0, |last| last + 1)).unwrap_or(prefix)
}
