//! The documents of a file as kubectl separates them (`k8s.io/apimachinery/pkg/util/yaml/decoder.go`): JSON objects in
//! a row, or YAML between lines that begin with `---`.

use serde::de::IgnoredAny;

use super::node::Span;

/// The text of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its position.
    pub(super) span: Span,
    /// Whether kubectl reads it as JSON. JSON behind a `---` is read as YAML.
    pub(super) is_json: bool,
}

/// The documents of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pieces {
    /// The documents.
    pub(super) read: Vec<Piece>,
    /// The line at which kubectl stops reading, and the reason.
    pub(super) broken: Option<(Span, String)>,
}

/// Splits a file into its documents.
pub(super) fn cut(text: &str) -> Pieces {
    let mut pieces = Pieces::default();
    if let Some(rest) = json(text, &mut pieces) {
        yaml(text, rest, &mut pieces);
    }
    pieces
}

/// Reads JSON objects from the start. Returns the position at which YAML begins.
fn json(text: &str, pieces: &mut Pieces) -> Option<usize> {
    if !text.trim_start().starts_with('{') {
        return Some(0);
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    loop {
        let start = values.byte_offset();
        let rest = text.get(start..).unwrap_or_default();
        if !pieces.read.is_empty() && !rest.trim_start().starts_with('{') {
            return behind_json(rest, start, pieces);
        }
        match values.next()? {
            Ok(_) => pieces.read.push(Piece {
                span: start..values.byte_offset(),
                is_json: true,
            }),
            // Behind a second JSON object kubectl does not try YAML any more.
            Err(error) if pieces.read.len() > 1 => {
                pieces.broken = Some((start..text.len(), format!("not JSON: {error}")));
                return None;
            }
            Err(_) => return Some(behind_white_space(text, start)),
        }
    }
}

/// Behind one JSON object kubectl continues with YAML if a line `---` follows.
fn behind_json(rest: &str, start: usize, pieces: &mut Pieces) -> Option<usize> {
    let written = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    if written.is_empty() {
        return None;
    }
    let at = start + rest.len() - written.len();
    let (before, _) = rest.split_at_checked(rest.len() - written.len())?;
    if pieces.read.len() == 1 && before.ends_with('\n') && written.starts_with("---") {
        return Some(at);
    }
    let message = "kubectl reads a further JSON object here, or a line `---` behind the first one".to_owned();
    pieces.broken = Some((at..at + written.len(), message));
    None
}

/// kubectl skips the white space behind an object, up to the end of the line.
fn behind_white_space(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find(|character: char| character == '\n' || !character.is_whitespace());
    let skips_break = end.is_some_and(|end| rest.get(end..).unwrap_or_default().starts_with('\n'));
    start + end.unwrap_or(rest.len()) + usize::from(skips_break)
}

fn yaml(text: &str, from: usize, pieces: &mut Pieces) {
    let mut start = from;
    let mut offset = from;
    for line in text.get(from..).unwrap_or_default().split_inclusive('\n') {
        let end = offset + line.len();
        if let Some(behind) = line.strip_prefix("---").map(str::trim) {
            if !behind.is_empty() && !behind.starts_with('#') {
                let message = "kubectl takes only a comment behind `---`; begin a new line".to_owned();
                pieces.broken = Some((offset..end, message));
                return;
            }
            if start < offset {
                pieces.read.push(Piece {
                    span: start..offset,
                    is_json: false,
                });
                start = end;
            }
        }
        offset = end;
    }
    if start < offset {
        pieces.read.push(Piece {
            span: start..offset,
            is_json: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_into(text: &str) -> Vec<&str> {
        let pieces = cut(text);
        assert_eq!(pieces.broken, None, "{text}");
        let texts = pieces.read.into_iter().map(|piece| text.get(piece.span).unwrap());
        texts.collect()
    }

    #[test]
    fn yaml_is_cut_at_its_marks() {
        assert_eq!(
            cut_into("# a\n--- # b\nc: |\n  ---\n---\r\n"),
            ["# a\n", "c: |\n  ---\n"]
        );
        assert_eq!(cut_into("---\na\n---\n---\nb"), ["---\na\n", "---\nb"]);
        assert!(cut("a: 1\n--- {b: 2}\n").broken.is_some());
        assert!(cut("a: 1\n----\n").broken.is_some());
    }

    #[test]
    fn json_objects_follow_each_other() {
        assert_eq!(cut_into("{}{\"a\": 1}\n{}\n"), ["{}", "{\"a\": 1}", "\n{}"]);
        assert!(cut("{} a: 1\n").broken.is_some());
        assert_eq!(cut_into("{} \n---\na: 1\n"), ["{}", "---\na: 1\n"]);
        assert_eq!(cut_into("{a: 1}\n"), ["{a: 1}\n"]);
        assert!(cut("{}\n{}\na: 1\n").broken.is_some());
    }
}
