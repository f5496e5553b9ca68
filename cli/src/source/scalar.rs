//! The meaning of a YAML scalar to kubectl. kubectl reads YAML 1.1 with exceptions. Its rules are those of `resolve` in
//! go-yaml v2 (`go.yaml.in/yaml/v2/resolve.go`), which `sigs.k8s.io/yaml` uses.

use serde_json::{Number, Value};

/// The prefix of YAML's own tags.
const CORE: &str = "tag:yaml.org,2002:";

/// A scalar from the parser.
#[derive(Debug)]
pub(super) struct Text<'a> {
    /// The text, without quotes.
    pub(super) value: &'a str,
    /// Its tag.
    pub(super) tag: Option<&'a str>,
    /// Whether it has neither quotes nor a tag.
    pub(super) is_plain: bool,
}

/// The value of a scalar.
///
/// # Errors
/// The tag has no meaning here, the text does not fit the tag, or JSON lacks the number.
pub(super) fn resolve(scalar: &Text<'_>) -> Result<Value, String> {
    let text = scalar.value;
    let Some(tag) = scalar.tag else {
        return if scalar.is_plain {
            plain(text)
        } else {
            Ok(Value::String(text.to_owned()))
        };
    };
    let value = match tag.strip_prefix(CORE) {
        Some("str") => return Ok(Value::String(text.to_owned())),
        Some("null" | "bool" | "int" | "float") => plain(text)?,
        _ => return Err(meaningless(tag)),
    };
    let fits = match tag.strip_prefix(CORE) {
        Some("null") => value.is_null(),
        Some("bool") => value.is_boolean(),
        Some("int") => {
            let digits = text.replace('_', "");
            value.is_number() && integer(&digits).or_else(|| binary(&digits)).is_some()
        }
        // This excludes integers that need all 64 bits.
        _ => value.is_i64() || value.is_f64(),
    };
    if fits {
        Ok(value)
    } else {
        Err(format!("`{text}` is not of the type `{}`", spelled(tag)))
    }
}

/// Checks whether a collection may carry the tag.
///
/// # Errors
/// The collection may not carry it.
pub(super) fn check_collection(tag: Option<&str>, name: &str) -> Result<(), String> {
    match tag {
        Some(tag) if tag.strip_prefix(CORE) != Some(name) => Err(meaningless(tag)),
        _ => Ok(()),
    }
}

/// A scalar without quotes and tag. go-yaml decides by the first character which types are possible.
fn plain(text: &str) -> Result<Value, String> {
    if let Some(value) = word(text) {
        return Ok(value);
    }
    if is_endless(text) {
        return Err(format!(
            "`{text}` is a number that JSON lacks; quote it to make it text"
        ));
    }
    let number = match text.bytes().next() {
        Some(b'.') => short_float(text),
        Some(b'0'..=b'9' | b'+' | b'-') => number(&text.replace('_', "")),
        _ => None,
    };
    // Dates are text: sigs.k8s.io/yaml asks for no type, and then go-yaml keeps the text.
    Ok(number.map_or_else(|| Value::String(text.to_owned()), Value::Number))
}

fn word(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        _ => return None,
    })
}

fn is_endless(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// A number that begins with its decimal point. Go's `ParseFloat` accepts underscores between two digits.
fn short_float(text: &str) -> Option<Number> {
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let is_digit = |character: Option<char>| character.is_some_and(|it| it.is_ascii_digit());
        if character == '_' && !(is_digit(before) && is_digit(rest.peek().copied())) {
            return None;
        }
        before = Some(character);
    }
    float(&text.replace('_', ""))
}

/// A number that begins with a digit or a sign, without its underscores.
fn number(text: &str) -> Option<Number> {
    // An integer that is too large for 64 bits becomes a float. A float that is too large stays text.
    integer(text).or_else(|| float(text)).or_else(|| binary(text))
}

/// Go's `ParseInt` and `ParseUint` with base 0.
fn integer(text: &str) -> Option<Number> {
    let (sign, digits) = signed(text);
    let prefix = digits.get(..2).filter(|_| digits.len() > 2);
    let (radix, digits) = match prefix.map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, digits.get(2..)?),
        Some("0o") => (8, digits.get(2..)?),
        Some("0b") => (2, digits.get(2..)?),
        _ if digits == "0" => (10, digits),
        _ => match digits.strip_prefix('0') {
            Some(octal) => (8, octal),
            None => (10, digits),
        },
    };
    in_radix(sign, digits, radix)
}

/// The binary numbers that go-yaml reads and Go does not: a sign behind `0b`.
fn binary(text: &str) -> Option<Number> {
    if let Some(rest) = text.strip_prefix("0b") {
        let (sign, digits) = signed(rest);
        return in_radix(sign, digits, 2);
    }
    in_radix("-", text.strip_prefix("-0b")?, 2)
}

/// The sign, and the text behind it.
fn signed(text: &str) -> (&str, &str) {
    let length = usize::from(text.starts_with(['+', '-']));
    text.split_at_checked(length).unwrap_or(("", text))
}

fn in_radix(sign: &str, digits: &str, radix: u32) -> Option<Number> {
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    if let Ok(number) = i64::from_str_radix(&format!("{sign}{digits}"), radix) {
        return Some(Number::from(number));
    }
    // Only the parser of signed numbers accepts a sign.
    let number = u64::from_str_radix(digits, radix).ok();
    number.filter(|_| sign.is_empty()).map(Number::from)
}

fn float(text: &str) -> Option<Number> {
    let written_as_number = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let number = text.parse::<f64>().ok().filter(|_| written_as_number)?;
    // In JSON a float without a fraction is an integer.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole numbers of this size lose nothing"
    )]
    match number {
        _ if number.fract() == 0.0 && number.abs() < WHOLE => Some(Number::from(number as i64)),
        _ => Number::from_f64(number),
    }
}

/// Whole numbers below this are integers of 64 bits (2⁶³).
const WHOLE: f64 = 9_223_372_036_854_775_808.0;

fn meaningless(tag: &str) -> String {
    format!("the tag `{}` has no meaning here", spelled(tag))
}

fn spelled(tag: &str) -> String {
    match tag.strip_prefix(CORE) {
        Some(name) => format!("!!{name}"),
        None => tag.to_owned(),
    }
}

#[cfg(test)]
mod tests;
