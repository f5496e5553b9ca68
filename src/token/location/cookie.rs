//! Tokens in cookies.

use crate::wire::Header;

use super::name::is_like;
use super::{Refusal, only};

/// The token in the cookie of this name; `names` are the cookie names of all locations.
///
/// Blanks around name and value, and quotes around the value, are removed, as servers do. HTTP/2 may bring
/// each cookie in a header of its own (RFC 9113 §8.2.3).
pub(super) fn token<'r>(
    headers: &[Header<'r>],
    name: &str,
    names: &[&str],
) -> Result<Option<&'r [u8]>, Refusal> {
    let mut values = Vec::new();
    let all = headers.iter().filter(|(header, _)| *header == b"cookie");
    for cookie in all.flat_map(|(_, cookies)| cookies.split(|byte| *byte == b';')) {
        let Some((other, value)) = pair(cookie) else {
            continue;
        };
        let other = other.trim_ascii();
        if other == name.as_bytes() {
            values.push(unquoted(value.trim_ascii()));
            if has_another(value, name) {
                return Err(Refusal::Unreadable);
            }
        } else if !names.iter().any(|name| name.as_bytes() == other)
            && (is_like(other, name) || has_another(cookie, name))
        {
            return Err(Refusal::Unreadable);
        }
    }
    only(&values)
}

/// Whether a cookie of this name begins within `text` for servers that also cut at commas or white space (RFC
/// 2109 §4.3.4, and Python's `http.cookies`).
fn has_another(text: &[u8], name: &str) -> bool {
    text.split(|byte| !byte.is_ascii_graphic() || *byte == b',')
        .filter_map(pair)
        .any(|(other, _)| is_like(other, name))
}

fn pair(cookie: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = cookie.iter().position(|byte| *byte == b'=')?;
    let (name, value) = cookie.split_at_checked(equals)?;
    Some((name, value.get(1..)?))
}

fn unquoted(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""))
        .unwrap_or(value)
}
