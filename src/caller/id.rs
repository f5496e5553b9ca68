//! What Airflow accepts as an id.

/// The longest id that Airflow stores, in characters.
pub const MAX_CHARS: usize = 250;

/// Whether a DAG or task id may hold `c`: Python's `[\w.-]` on Unicode text.
pub fn is_id_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// Whether `id` can be the id of a DAG or a task.
pub fn is_id(id: &str) -> bool {
    // Nearly every id is ASCII, whose letters need no tables.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !id.is_empty() && is_short(id) && (id.bytes().all(plain) || id.chars().all(is_id_char))
}

/// Whether `id` can be the id of a DAG run. `[scheduler] allowed_run_id_pattern` is the
/// operator's, so nothing but control characters and the length is sure.
pub fn is_run_id(id: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b' '..=b'~');
    !id.is_empty() && is_short(id) && (id.bytes().all(plain) || !id.chars().any(char::is_control))
}

/// A text has no more characters than bytes, and bytes need no counting.
fn is_short(id: &str) -> bool {
    id.len() <= MAX_CHARS || id.chars().count() <= MAX_CHARS
}

/// Whether `id` is a UUID in its canonical form of 36 characters.
pub fn is_uuid(id: &[u8]) -> bool {
    id.len() == 36
        && id.iter().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for id in ["etl", "group.task-1", "日本", "é", &"x".repeat(250)] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", "a b", "a/b", "a\n", "a%b", &"x".repeat(251)] {
            assert!(!is_id(id), "{id:?}");
        }
        assert!(is_run_id("scheduled__2026-01-01T00:00:00+00:00"));
        assert!(!is_run_id("a\nb"));
        assert!(is_uuid(b"01981d2c-8f4e-7c3a-9d5e-0123456789ab"));
        assert!(!is_uuid(b"01981d2c-8f4e-7c3a-9d5e-0123456789a"));
        assert!(!is_uuid(b"01981d2c_8f4e-7c3a-9d5e-0123456789ab"));
    }
}
