//! Descriptions of JSON values for the errors of a policy document.

use serde_json::value::RawValue;

pub(super) use crate::wire::json::Node;

/// Describes a value for an error message: "the number `3`", "a list".
pub(super) fn describe(raw: &RawValue) -> String {
    let text = raw.get();
    match text.bytes().next() {
        Some(b'{') => "an object".to_owned(),
        Some(b'[') if text.bytes().filter(|byte| !byte.is_ascii_whitespace()).nth(1) == Some(b']') => {
            "an empty list".to_owned()
        }
        Some(b'[') => "a list".to_owned(),
        Some(b'"') => format!("the text `{}`", text.trim_matches('"')),
        Some(b't' | b'f') => format!("the boolean `{text}`"),
        Some(b'n') => "null".to_owned(),
        _ => format!("the number `{text}`"),
    }
}
