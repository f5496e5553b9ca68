//! JSON, read strictly.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep lists and objects may lie in each other. Kubernetes' tokens have three levels.
const MAX_DEPTH: usize = 16;

/// A JSON value.
#[derive(Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object, no name in it twice.
    Object(Vec<(String, Json)>),
}

/// The text is no JSON, lies too deep, or an object in it has a name twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadJson;

impl Json {
    /// Reads a document, all of it.
    ///
    /// # Errors
    ///
    /// Where it is no JSON, where an object at any depth has a name twice (parsers differ in which
    /// one they take), or where lists and objects lie more than 16 deep.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadJson> {
        let text = str::from_utf8(bytes).map_err(|_| BadJson)?;
        Self::read(strict::<&RawValue>(text)?, MAX_DEPTH)
    }

    /// Reads a value level by level, which bounds the recursion and keeps numbers as they stand.
    fn read(raw: &RawValue, depth: usize) -> Result<Self, BadJson> {
        let text = raw.get();
        let deeper = |raw| Self::read(raw, depth.checked_sub(1).ok_or(BadJson)?);
        // The text of a raw value has the form of JSON, so its first byte tells what it is.
        Ok(match text.bytes().next() {
            Some(b'{') => {
                let Members(members) = strict(text)?;
                let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                if !names.is_sorted_by(|one, next| one < next) {
                    return Err(BadJson);
                }
                let members = members.into_iter();
                let read = members.map(|(name, raw)| Ok((name, deeper(raw)?)));
                Self::Object(read.collect::<Result<_, _>>()?)
            }
            Some(b'[') => {
                let elements = strict::<Vec<&RawValue>>(text)?.into_iter();
                Self::List(elements.map(deeper).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::Text(strict(text)?),
            Some(b't' | b'f') => Self::Bool(strict(text)?),
            Some(b'n') => Self::Null,
            // Some parsers take a number that is too large for infinity, others for an error.
            _ => {
                strict::<f64>(text)?;
                Self::Number(text.to_owned())
            }
        })
    }

    /// The member of this name, where the value is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        let member = members.iter().find(|(other, _)| other == name);
        member.map(|(_, value)| value)
    }

    /// The number that it is, as a double.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            // That of the standard library would take another 17 kB.
            Self::Number(text) => strict(text).ok(),
            _ => None,
        }
    }

    /// The text that it is.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn strict<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, BadJson> {
    serde_json::from_str(text).map_err(|_| BadJson)
}

/// Shows the kind only: what stands in a token is nobody's business.
impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        })
    }
}

/// The members of an object in their order, repeated names included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_as_it_is_written() {
        let json =
            Json::parse(br#" {"a": [null, true, 1.50, 1E-4, "\u00e9\ud83d\ude00"], "": {}} "#).unwrap();
        let expected = Json::List(vec![
            Json::Null,
            Json::Bool(true),
            Json::Number("1.50".to_owned()),
            Json::Number("1E-4".to_owned()),
            Json::Text("é😀".to_owned()),
        ]);
        assert!(json.get("a") == Some(&expected));
        assert!(json.get("") == Some(&Json::Object(Vec::new())));
        assert!(json.get("b").is_none());
        assert!(expected.get("a").is_none());
    }

    #[test]
    fn what_parsers_read_differently_is_refused() {
        for document in [
            "",
            "{",
            "{}{}",
            "{} x",
            "{,}",
            r#"{"a":1,}"#,
            "[1,]",
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"y":[{"a":1,"b":2,"a":3}]}}"#,
            r#"{a:1}"#,
            "{'a':1}",
            "// c\n{}",
            "\u{feff}{}",
            r#"{"a":NaN}"#,
            r#"{"a":Infinity}"#,
            r#"{"a":01}"#,
            r#"{"a":+1}"#,
            r#"{"a":.5}"#,
            r#"{"a":1.}"#,
            r#"{"a":0x1}"#,
            r#"{"a":-}"#,
            r#"{"a":1e400}"#,
            r#"{"a":-1e400}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"\udc00":1}"#,
            "{\"a\":\"\n\"}",
            "{\"a\":\"\0\"}",
            r#"{"a":True}"#,
            r#"{"a":nul}"#,
        ] {
            assert!(Json::parse(document.as_bytes()).is_err(), "{document:?}");
        }
        assert!(Json::parse(b"{\"a\":\"\xff\"}").is_err());
        assert!(Json::parse(b"{\"a\":\"\xc0\xaf\"}").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(Json::parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(Json::parse(nested(100_000).as_bytes()).is_err());
        assert!(Json::parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(Json::parse(r#"{"a":"#.repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn nothing_of_a_value_is_shown() {
        let json = Json::parse(br#"{"secret-name":"secret"}"#).unwrap();
        assert_eq!(format!("{json:?}"), "an object");
    }
}
