//! Base64url without padding (RFC 7515 §2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes `text`, if it is the only valid spelling of its bytes: without padding, line breaks and the
/// characters of plain base64, and without stray bits in the last character.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_spelling() {
        assert_eq!(decode(b"").unwrap(), b"");
        assert_eq!(decode(b"-_8").unwrap(), [0xfb, 0xff]);
        for text in [
            "-_8=", "-_9", "-_-", "+/8", "-_8\n", " -_8", "-_ 8", "-_8A\0", "-", "AAAAA", "\u{e9}", "-_8.",
        ] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
    }
}
