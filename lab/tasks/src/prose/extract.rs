//! The prose of a file, without its code.

use dagward_shipped::pages;
use pulldown_cmark::{Event, Tag, TagEnd};

/// The position of prose in a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Language {
    /// The whole file except code blocks.
    Markdown,
    /// After `//`, `///` and `//!`, in Markdown.
    Rust,
    /// After `#`, and between `"""`.
    Hash,
}

/// A paragraph, an entry of a list, a heading or a table's cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Paragraph {
    pub(super) text: String,
    pub(super) is_cell: bool,
}

impl Paragraph {
    pub(super) fn prose(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            is_cell: false,
        }
    }

    #[cfg(test)]
    pub(super) fn cell(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            is_cell: true,
        }
    }
}

/// The prose of a file.
pub(super) fn paragraphs(language: Language, text: &str) -> Vec<Paragraph> {
    match language {
        Language::Markdown => markdown(text),
        Language::Rust => blocks(text.lines().map(rust_comment)),
        Language::Hash => {
            let mut quoted = false;
            blocks(text.lines().map(|line| hash_comment(line, &mut quoted)))
        }
    }
}

/// Joins consecutive comment lines to one text.
fn blocks<'a>(lines: impl Iterator<Item = Option<&'a str>>) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    let mut block = String::new();
    for line in lines.chain([None]) {
        if let Some(line) = line {
            block.push_str(line);
            block.push('\n');
        } else {
            paragraphs.extend(markdown(&block));
            block.clear();
        }
    }
    paragraphs
}

fn rust_comment(line: &str) -> Option<&str> {
    let comment = line.trim_start().strip_prefix("//")?;
    let comment = comment.strip_prefix(['/', '!']).unwrap_or(comment);
    Some(comment.strip_prefix(' ').unwrap_or(comment))
}

/// A comment, or a line of a documentation string.
fn hash_comment<'a>(line: &'a str, quoted: &mut bool) -> Option<&'a str> {
    let line = line.trim();
    if let Some((_, rest)) = line.split_once(r#"""""#) {
        if *quoted {
            *quoted = false;
            return Some(line.trim_end_matches('"'));
        }
        *quoted = !rest.contains(r#"""""#);
        return Some(rest.trim_end_matches('"'));
    }
    if *quoted {
        return Some(line);
    }
    let comment = line.strip_prefix('#')?;
    Some(comment.strip_prefix(' ').unwrap_or(comment))
}

fn markdown(text: &str) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    let mut open = Paragraph::prose("");
    let mut in_code = false;
    for event in pages::events(text) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::TableCell) => open.is_cell = true,
            Event::Text(text) if !in_code => open.text.push_str(&text),
            Event::Code(code) => open.text.push_str(&code.replace(['.', '?', '!', ':'], "_")),
            Event::SoftBreak | Event::HardBreak => open.text.push(' '),
            Event::Start(Tag::Item)
            | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell) => {
                let closed = std::mem::replace(&mut open, Paragraph::prose(""));
                paragraphs.extend(Some(closed).filter(|closed| !closed.text.trim().is_empty()));
            }
            _ => {}
        }
    }
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(language: Language, text: &str) -> Vec<String> {
        let paragraphs = paragraphs(language, text);
        paragraphs.into_iter().map(|paragraph| paragraph.text).collect()
    }

    #[test]
    fn a_page_has_headings_paragraphs_entries_and_cells() {
        let page = "# One\n\nTwo\nlines, `a.b`.\n\n* three\n* four\n\n```\nno\n```\n\n| a | b |\n|---|---|\n| c | d |\n";
        assert_eq!(
            texts(Language::Markdown, page),
            ["One", "Two lines, a_b.", "three", "four", "a", "b", "c", "d"]
        );
        assert!(paragraphs(Language::Markdown, page)[7].is_cell);
    }

    #[test]
    fn comments_of_rust_are_read_and_its_code_is_not() {
        let code = "//! A module\n//! of two lines.\n\n/// An item.\nfn what() {} // no\n    // Why.\n";
        assert_eq!(
            texts(Language::Rust, code),
            ["A module of two lines.", "An item.", "Why."]
        );
    }

    #[test]
    fn comments_and_documentation_strings_of_python_are_read() {
        let code = "# Why.\ndef a():\n    \"\"\"Does it.\n\n    And more.\"\"\"\n    return 1\nb = \"\"\"One line.\"\"\"\nc = 2\n# End\n";
        assert_eq!(
            texts(Language::Hash, code),
            ["Why.", "Does it.", "And more.", "One line.", "End"]
        );
    }
}
