//! What a YAML scalar means: the core schema of YAML 1.2 (§10.3), of which JSON is a part.

use saphyr_parser::{ScalarStyle, Tag};
use serde_json::{Number, Value};

use super::node::Span;

/// The value of a scalar.
///
/// # Errors
/// A tag that has no meaning here or that the text does not fit, and numbers that JSON lacks.
pub(super) fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain {
            plain(text)
        } else {
            Ok(Value::String(text.to_owned()))
        };
    };
    let value = match core_name(tag) {
        Some("str") => return Ok(Value::String(text.to_owned())),
        Some("null" | "bool" | "int" | "float") => plain(text)?,
        _ => return Err(meaningless(tag)),
    };
    let fits = match core_name(tag) {
        Some("null") => value.is_null(),
        Some("bool") => value.is_boolean(),
        Some("int") => value.is_i64() || value.is_u64(),
        _ => value.is_number(),
    };
    if fits {
        Ok(value)
    } else {
        Err(format!("`{text}` is no `{tag}`", tag = spelled(tag)))
    }
}

/// Whether a collection may carry the tag.
///
/// # Errors
/// It may not.
pub(super) fn check_collection(tag: Option<&Tag>, name: &str) -> Result<(), String> {
    match tag {
        Some(tag) if core_name(tag) != Some(name) => Err(meaningless(tag)),
        _ => Ok(()),
    }
}

/// Whether a scalar is text in YAML 1.2 and a boolean in YAML 1.1, which Kubernetes' tools read.
pub(super) fn is_old_boolean(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> bool {
    const WORDS: [&str; 4] = ["yes", "no", "on", "off"];
    style == ScalarStyle::Plain && tag.is_none() && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Where a quoted scalar ends. The parser's span has the white space and the comment behind it too.
pub(super) fn quoted_end(text: &str, span: &Span, style: ScalarStyle) -> usize {
    let quote = if style == ScalarStyle::DoubleQuoted {
        '"'
    } else {
        '\''
    };
    let written = text.get(span.clone()).unwrap_or_default();
    // A tag or an anchor may stand before it.
    let mut characters = written
        .char_indices()
        .skip_while(|(_, character)| *character != quote)
        .skip(1)
        .peekable();
    while let Some((offset, character)) = characters.next() {
        match character {
            '\\' if style == ScalarStyle::DoubleQuoted => {
                characters.next();
            }
            _ if character != quote => {}
            // Within single quotes, two of them are one.
            '\'' if characters.next_if(|(_, next)| *next == quote).is_some() => {}
            _ => return span.start + offset + 1,
        }
    }
    span.end
}

fn plain(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if is_endless(text) {
        return Err(format!(
            "`{text}` is a number that JSON lacks; quote it to make it text"
        ));
    }
    match integer(text).or_else(|| float(text)) {
        Some(Some(number)) => Ok(Value::Number(number)),
        Some(None) => Err(format!(
            "the number `{text}` is too large; quote it to make it text"
        )),
        None => Ok(Value::String(text.to_owned())),
    }
}

fn is_endless(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// `None` where the text is no integer, `Some(None)` where it is one that is too large.
fn integer(text: &str) -> Option<Option<Number>> {
    let radix_digits = [("0o", 8), ("0x", 16)]
        .into_iter()
        .find_map(|(prefix, radix)| text.strip_prefix(prefix).map(|digits| (digits, radix)));
    if let Some((digits, radix)) = radix_digits {
        let all_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        return all_digits.then(|| u64::from_str_radix(digits, radix).ok().map(Number::from));
    }
    let number = text
        .parse::<i64>()
        .map(Number::from)
        .or_else(|_| text.parse::<u64>().map(Number::from));
    number.ok().map(Some)
}

/// `None` where the text is no number, `Some(None)` where it is one that is too large.
fn float(text: &str) -> Option<Option<Number>> {
    let written_as_number = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if !written_as_number {
        return None;
    }
    text.parse::<f64>().ok().map(Number::from_f64)
}

/// The name of a tag of the core schema. `!`, the tag that says "not plain", makes a string.
fn core_name(tag: &Tag) -> Option<&str> {
    if tag.is_yaml_core_schema() {
        return Some(&tag.suffix);
    }
    (spelled(tag) == "!").then_some("str")
}

fn meaningless(tag: &Tag) -> String {
    format!("the tag `{}` has no meaning here", spelled(tag))
}

fn spelled(tag: &Tag) -> String {
    match tag.handle.as_str() {
        "tag:yaml.org,2002:" => format!("!!{}", tag.suffix),
        "!" => format!("!{}", tag.suffix),
        "" => tag.suffix.clone(),
        handle => format!("{handle}{}", tag.suffix),
    }
}

#[cfg(test)]
mod tests;
