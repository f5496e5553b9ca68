//! The characters that the YAML parser reads, and their positions in the text.
//!
//! JSON writes characters beyond U+FFFF as two escapes, `\ud83d\ude00`. YAML's escapes cannot do this (YAML 1.2.2
//! §5.7). JSON also allows characters that YAML does not. In JSON documents, this module replaces such a pair of
//! escapes by its character, and such a character by an escape, before the YAML parser sees them.

use std::borrow::Cow;

/// The length of `\ud83d`.
const ESCAPE: usize = 6;

/// A text for the parser, and its original.
#[derive(Debug)]
pub(super) struct Characters<'a> {
    /// The text for the parser. It ends the last line, as kubectl does.
    pub(super) text: Cow<'a, str>,
    /// The position in the original of each byte of the text; `None` if both are the same.
    offsets: Option<Vec<usize>>,
    /// The length of the original.
    length: usize,
}

impl<'a> Characters<'a> {
    /// Prepares a document for the YAML parser.
    pub(super) fn of(text: &'a str, is_json: bool) -> Self {
        let has_surrogates = text.contains(r"\ud") || text.contains(r"\uD");
        if is_json && (has_surrogates || special(text).is_some()) {
            return Self::rewritten(text);
        }
        let ends = text.ends_with('\n');
        Self {
            text: if ends {
                text.into()
            } else {
                format!("{text}\n").into()
            },
            offsets: None,
            length: text.len(),
        }
    }

    /// The position in the original of a byte of the text.
    pub(super) fn origin(&self, offset: usize) -> usize {
        let origin = match &self.offsets {
            Some(offsets) => offsets.get(offset).copied().unwrap_or(self.length),
            None => offset,
        };
        origin.min(self.length)
    }

    fn rewritten(json: &str) -> Self {
        let mut text = String::with_capacity(json.len());
        let mut offsets = Vec::with_capacity(json.len());
        let mut put = |piece: &str, offset: usize| {
            text.push_str(piece);
            offsets.extend(std::iter::repeat_n(offset, piece.len()));
        };
        let mut rest = json;
        while let Some(character) = rest.chars().next() {
            let offset = json.len() - rest.len();
            let mut length = character.len_utf8();
            if special_meaning(character).is_some() {
                put(&format!("\\u{:04x}", u32::from(character)), offset);
            } else if let Some(pair) = surrogate_pair(rest) {
                put(pair.encode_utf8(&mut [0; 4]), offset);
                length = 2 * ESCAPE;
            } else {
                // In JSON a backslash always stands before the character that it escapes, which can be a backslash too.
                let escaped = rest.chars().nth(1).filter(|_| character == '\\');
                length += escaped.map_or(0, char::len_utf8);
                put(rest.get(..length).unwrap_or(rest), offset);
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        put("\n", json.len());
        Self {
            text: Cow::Owned(text),
            offsets: Some(offsets),
            length: json.len(),
        }
    }
}

/// The first character that YAML does not allow, and how kubectl reads it.
pub(super) fn special(text: &str) -> Option<(usize, char, &'static str)> {
    let mut characters = text.char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        let followed = characters.peek().map(|(_, next)| *next);
        let meaning = match character {
            '\r' if followed != Some('\n') => Some("reads it as the end of a line"),
            _ => special_meaning(character),
        };
        if let Some(meaning) = meaning {
            return Some((offset, character, meaning));
        }
    }
    None
}

/// The position of a tag in brackets before a comma: the parser panics on it (libyaml-safer 0.3.0). This also finds
/// ` !word,` in a quoted text.
pub(super) fn tag_before_comma(yaml: &str) -> Option<usize> {
    let bracket = yaml.find(['[', '{'])?;
    yaml.match_indices('!').map(|(offset, _)| offset).find(|offset| {
        let before = yaml.get(..*offset).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let is_comment = line.trim_start().starts_with('#');
        let is_in_word = before.ends_with(char::is_alphanumeric);
        let rest = yaml.get(*offset..).unwrap_or_default();
        let end = rest.find(|end: char| end.is_whitespace() || ",]}".contains(end));
        let is_before_comma = end
            .and_then(|end| rest.get(end..))
            .is_some_and(|end| end.starts_with(','));
        *offset > bracket && !is_in_word && !is_comment && is_before_comma
    })
}

/// How kubectl reads a character that is not part of a text (YAML 1.1 §5.1, §5.4). In JSON kubectl accepts all of them.
fn special_meaning(character: char) -> Option<&'static str> {
    match character {
        '\t' | '\n' | '\r' | ' '..='~' => None,
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some("reads it as the end of a line"),
        '\u{feff}' => Some("reads it as a byte order mark"),
        '\u{a0}'..='\u{fffd}' | '\u{10000}'.. => None,
        _ => Some("refuses it"),
    }
}

/// The character of the two escapes at the start of the text.
fn surrogate_pair(json: &str) -> Option<char> {
    let unit = |at: usize| {
        let digits = json.get(at..at + ESCAPE)?.strip_prefix(r"\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(0)?, unit(ESCAPE)?];
    // Two escapes that are not a pair make two characters.
    let mut characters = char::decode_utf16(units);
    let first = characters.next()?.ok()?;
    characters.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_joined_and_later_places_stay() {
        let json = "[\"\\ud83d\\ude00\\u00e9é\u{85}\",\"\\\\ud83d\\\\ude00\", 7]";
        let characters = Characters::of(json, true);
        assert_eq!(
            characters.text,
            "[\"😀\\u00e9é\\u0085\",\"\\\\ud83d\\\\ude00\", 7]\n"
        );
        let seven = characters.text.find('7').unwrap();
        assert_eq!(Some(characters.origin(seven)), json.find('7'));
        assert_eq!(characters.origin(characters.text.len()), json.len());
    }

    #[test]
    fn text_that_is_not_json_stays() {
        let yaml = "a: \\ud83d\\ude00\n";
        assert_eq!(Characters::of(yaml, false).text, yaml);
    }
}
