//! The characters that the YAML parser reads, and where in the text they are written.
//!
//! JSON writes characters beyond U+FFFF as two escapes, `\ud83d\ude00`, which YAML's escapes
//! cannot (YAML 1.2.2 §5.7). In JSON they are put as the character itself before the YAML parser
//! sees them.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// How long `\ud83d` is.
const ESCAPE: usize = 6;

/// A text to be parsed, and its origin.
#[derive(Debug)]
pub(super) struct Characters<'a> {
    /// The text for the parser.
    pub(super) text: Cow<'a, str>,
    /// Where in the file each of its characters starts, in bytes.
    pub(super) offsets: Vec<usize>,
}

impl<'a> Characters<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let has_surrogates = text.contains(r"\ud") || text.contains(r"\uD");
        if has_surrogates && serde_json::from_str::<IgnoredAny>(text).is_ok() {
            return Self::joined(text);
        }
        Self {
            text: Cow::Borrowed(text),
            offsets: text.char_indices().map(|(offset, _)| offset).collect(),
        }
    }

    fn joined(json: &str) -> Self {
        let mut text = String::with_capacity(json.len());
        let mut offsets = Vec::with_capacity(json.len());
        let mut characters = json.char_indices().peekable();
        while let Some((offset, character)) = characters.next() {
            offsets.push(offset);
            if character != '\\' {
                text.push(character);
                continue;
            }
            if let Some(pair) = surrogate_pair(json, offset) {
                text.push(pair);
                while characters
                    .next_if(|(next, _)| *next < offset + 2 * ESCAPE)
                    .is_some()
                {}
                continue;
            }
            // In JSON a backslash is always followed by what it escapes, which may be a backslash.
            text.push(character);
            if let Some((offset, escaped)) = characters.next() {
                offsets.push(offset);
                text.push(escaped);
            }
        }
        Self {
            text: Cow::Owned(text),
            offsets,
        }
    }
}

/// The character that two escapes at `offset` stand for.
fn surrogate_pair(json: &str, offset: usize) -> Option<char> {
    let unit = |at: usize| {
        let digits = json.get(at..at + ESCAPE)?.strip_prefix(r"\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(offset)?, unit(offset + ESCAPE)?];
    // Two escapes that are no pair make two characters.
    let mut characters = char::decode_utf16(units);
    let first = characters.next()?.ok()?;
    characters.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_joined_and_later_places_stay() {
        let json = r#"["\ud83d\ude00\u00e9","\\ud83d\\ude00", 7]"#;
        let characters = Characters::of(json);
        assert_eq!(characters.text, r#"["😀\u00e9","\\ud83d\\ude00", 7]"#);
        let seven = characters
            .text
            .chars()
            .position(|character| character == '7')
            .unwrap();
        assert_eq!(characters.offsets.get(seven).copied(), json.find('7'));
        assert_eq!(characters.offsets.len(), characters.text.chars().count());
    }

    #[test]
    fn text_that_is_no_json_stays() {
        let yaml = r"a: \ud83d\ude00";
        assert_eq!(Characters::of(yaml).text, yaml);
    }
}
