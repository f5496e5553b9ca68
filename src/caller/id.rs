//! Checks ids as Airflow does.

/// The longest id that Airflow stores, in characters.
pub const MAX_CHARS: usize = 250;

/// Whether a DAG or task id may contain `c`: Python's `[\w.-]` on Unicode text.
pub fn is_id_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// Whether `id` can be the id of a DAG or a task.
pub fn is_id(id: &str) -> bool {
    // Nearly every id is ASCII, whose letters need no tables.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !id.is_empty() && is_short(id) && (id.bytes().all(plain) || id.chars().all(is_id_char))
}

/// Whether `id` can be the id of a DAG run. The operator chooses `[scheduler] allowed_run_id_pattern`, so
/// only the length and the absence of control characters are certain.
pub fn is_run_id(id: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b' '..=b'~');
    !id.is_empty() && is_short(id) && (id.bytes().all(plain) || !id.chars().any(char::is_control))
}

/// A text has no more characters than bytes, and the number of bytes is known.
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

/// The UUID of a task instance as Airflow writes it, in lower case with hyphens. It is the subject of a
/// task's token. The token of a deadline's callback has the callback's UUID in its place. No part of a token
/// distinguishes the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TaskInstanceId<Text>(Text);

impl<Text: AsRef<str>> TaskInstanceId<Text> {
    /// Reads the id.
    ///
    /// # Errors
    ///
    /// The text itself, if Airflow would not write it so.
    pub fn parse(text: Text) -> Result<Self, Text> {
        let bytes = text.as_ref().as_bytes();
        match is_uuid(bytes) && !bytes.iter().any(u8::is_ascii_uppercase) {
            true => Ok(Self(text)),
            false => Err(text),
        }
    }

    /// The same id, borrowed.
    pub fn as_deref(&self) -> TaskInstanceId<&str> {
        TaskInstanceId(self.0.as_ref())
    }
}

impl<'a> TaskInstanceId<&'a str> {
    /// Its text.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// The same id with an owned text.
    pub fn into_owned(self) -> TaskInstanceId<String> {
        TaskInstanceId(self.0.to_owned())
    }
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

    #[test]
    fn a_task_instance_has_one_spelling() {
        let id = "01981d2c-8f4e-7c3a-9d5e-0123456789ab";
        assert_eq!(TaskInstanceId::parse(id).map(TaskInstanceId::text), Ok(id));
        for other in [
            "",
            "01981D2C-8f4e-7c3a-9d5e-0123456789ab",
            "01981d2c8f4e7c3a9d5e0123456789ab",
        ] {
            assert_eq!(TaskInstanceId::parse(other), Err(other));
        }
    }
}
