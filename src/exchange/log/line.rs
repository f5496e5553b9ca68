//! A line in logfmt: `name=value` pairs, with values from outside in quotes.
//!
//! A quoted value is a JSON string, as readers of logfmt expect (Go's `go-logfmt`, Loki). A value that is too
//! long is cut and ends with `…`. The next pair then gives its length: `path="/a…" path_bytes=50000`.

use std::fmt::Write;

/// The longest value in a line, in bytes as written.
const MAX_VALUE_BYTES: usize = 2_048;

/// The most bytes of the line that one byte of a value takes: `\u0001`.
const LONGEST_ESCAPE: usize = 6;

/// A line that is being written.
pub(super) struct Line(String);

impl Line {
    /// A line about an event.
    pub(super) fn new(event: &str) -> Self {
        let mut line = Self("dagward".to_owned());
        line.word("event", event);
        line
    }

    /// Adds a value that the filter has chosen: a word or a number.
    pub(super) fn word(&mut self, name: &str, value: &str) {
        for part in [" ", name, "=", value] {
            self.0.push_str(part);
        }
    }

    /// Adds a value that comes from outside.
    pub(super) fn quoted(&mut self, name: &str, value: &str) {
        self.word(name, "\"");
        let longest = match value.len() <= MAX_VALUE_BYTES / LONGEST_ESCAPE {
            true => usize::MAX,
            false => self.0.len() + MAX_VALUE_BYTES,
        };
        for character in value.chars() {
            let before = self.0.len();
            push(&mut self.0, character);
            if self.0.len() > longest {
                self.0.truncate(before);
                // Writing to a `String` cannot fail.
                let _ = write!(self.0, "…\" {name}_bytes={}", value.len());
                return;
            }
        }
        self.0.push('"');
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Writes a character of a JSON string. Escapes all characters that a terminal would interpret or not show.
fn push(line: &mut String, character: char) {
    if matches!(character, ' ' | '!' | '#'..='[' | ']'..='~') {
        line.push(character);
        return;
    }
    let mut escaped = character.escape_debug();
    match (escaped.next(), escaped.next()) {
        (Some('\\'), Some(letter @ ('"' | '\\' | 'n' | 'r' | 't'))) => {
            line.push('\\');
            line.push(letter);
        }
        (Some('\\'), _) => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(line, "\\u{unit:04x}");
            }
        }
        _ => line.push(character),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pairs of a line, read as JSON strings and plain words. A single word has no value.
    pub(in crate::exchange) fn pairs(line: &str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut rest = line;
        while !rest.is_empty() {
            let end = rest.find([' ', '=']).unwrap_or(rest.len());
            let (name, behind) = rest.split_at(end);
            assert!(!name.is_empty() && !name.contains('"'), "{line}");
            let behind = behind.strip_prefix('=').unwrap_or(behind);
            let value = match behind.starts_with('"') {
                true => {
                    let mut values = serde_json::Deserializer::from_str(behind).into_iter::<String>();
                    let value = values.next().unwrap().unwrap();
                    rest = behind.split_at(values.byte_offset()).1;
                    value
                }
                false => {
                    let (value, after) = behind.split_at(behind.find(' ').unwrap_or(behind.len()));
                    rest = after;
                    value.to_owned()
                }
            };
            pairs.push((name.to_owned(), value));
            assert!(rest.is_empty() || rest.starts_with(' '), "{line}");
            rest = rest.strip_prefix(' ').unwrap_or(rest);
        }
        pairs
    }

    fn line(values: &[&str]) -> String {
        let mut line = Line::new("tried");
        for (number, value) in values.iter().enumerate() {
            line.quoted(&format!("value_{number}"), value);
        }
        line.word("end", "7");
        line.0
    }

    #[test]
    fn values_from_outside_are_json() {
        for (value, expected) in [
            ("", r#""""#),
            ("/a?b='c'", r#""/a?b='c'""#),
            ("a\nb \"c\" \\ é\t", r#""a\nb \"c\" \\ é\t""#),
            (
                "\u{1b}[2J\u{9b}\u{202e}\u{7f}",
                r#""\u001b[2J\u009b\u202e\u007f""#,
            ),
            ("\u{e0001}", r#""\udb40\udc01""#),
        ] {
            let expected = format!("dagward event=tried value_0={expected} end=7");
            assert_eq!(line(&[value]), expected);
        }
    }

    #[test]
    fn long_values_are_cut_and_say_so() {
        for value in ["a".repeat(50_000), "\u{1}".repeat(50_000), "é".repeat(25_000)] {
            let line = line(&[&value]);
            assert!(line.ends_with("…\" value_0_bytes=50000 end=7"), "{:.80}", line);
            assert!(line.len() < MAX_VALUE_BYTES + 70, "{}", line.len());
            let read = pairs(&line);
            assert!(
                value.starts_with(read[2].1.trim_end_matches('…')),
                "{:?}",
                read[2]
            );
        }
        let longest = "a".repeat(MAX_VALUE_BYTES);
        assert!(line(&[&longest]).ends_with("a\" end=7"));
    }

    proptest! {
        #[test]
        fn every_value_is_read_back(values in prop::collection::vec(any::<String>(), 0..4)) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let line = line(&values);
            prop_assert!(!line.contains(|character: char| character.is_control()), "{line}");
            let read = pairs(&line);
            prop_assert_eq!(&read[..2], &[("dagward".to_owned(), String::new()), ("event".to_owned(), "tried".to_owned())]);
            for (number, value) in values.iter().enumerate() {
                let pair = (format!("value_{number}"), (*value).to_owned());
                prop_assert_eq!(&read[number + 2], &pair);
            }
            prop_assert_eq!(read.last().unwrap(), &("end".to_owned(), "7".to_owned()));
            prop_assert_eq!(read.len(), values.len() + 3);
        }
    }
}
