//! Names that a server could take for the name of a token's location.

/// Whether a server could take `name` for `wanted`, which is ASCII.
///
/// Starlette and Werkzeug strip from a cookie's name the characters that Python's `str.strip()` strips from
/// Latin-1 text. WSGI servers read `_` in a header's name as `-`. PHP reads `.` and blanks in a parameter's
/// name as `_`, and cuts the name at `[`. Some servers fold case.
pub(super) fn is_like(name: &[u8], wanted: &str) -> bool {
    if name.len() < wanted.len() {
        return false;
    }
    let whole = name.split(|byte| *byte == b'[').next().unwrap_or_default();
    let is_around = |byte: &u8| !byte.is_ascii_graphic() || *byte == b'"';
    let start = whole.iter().position(|byte| !is_around(byte));
    let end = whole.iter().rposition(|byte| !is_around(byte));
    let stripped = start.zip(end).and_then(|(start, end)| whole.get(start..=end));
    stripped.is_some_and(|stripped| {
        stripped.len() == wanted.len()
            && stripped
                .iter()
                .zip(wanted.bytes())
                .all(|(one, other)| folded(*one) == folded(other))
    })
}

fn folded(byte: u8) -> u8 {
    match byte {
        b'-' | b'.' | b' ' => b'_',
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_like_another_in_all_that_servers_overlook() {
        for name in [
            &b"_my-token"[..],
            b" _my-token\t",
            b"\xa0_my-token\x85",
            b"\"_my-token\"",
            b"_MY-Token",
            b"-my_token",
            b".my token",
            b"_my-token[]",
            b"_my-token[0][x]",
        ] {
            assert!(
                is_like(name, "_my-token"),
                "{:?}",
                name.escape_ascii().to_string()
            );
        }
        for name in [
            &b""[..],
            b"\xa0",
            b"my-token",
            b"_my-tokens",
            b"_my-token.x",
            b"x_my-token",
            b"[_my-token]",
        ] {
            assert!(
                !is_like(name, "_my-token"),
                "{:?}",
                name.escape_ascii().to_string()
            );
        }
    }
}
