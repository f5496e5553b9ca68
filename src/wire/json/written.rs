//! Reads the tree of a document and keeps numbers as they are written.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{Json, Node, repeated};

/// The largest depth of nested lists and objects. Kubernetes' tokens have three levels.
pub(super) const MAX_DEPTH: usize = 16;

/// The text is not JSON, is nested too deep, or has an object with a repeated name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadJson;

impl Json<'static, String> {
    /// Reads a whole document.
    ///
    /// # Errors
    ///
    /// The document is not JSON, has a repeated name in an object at any depth (parsers differ in which one
    /// they take), or has lists and objects nested more than 16 deep.
    pub fn parse(document: &[u8]) -> Result<Self, BadJson> {
        let text = str::from_utf8(document).map_err(|_| BadJson)?;
        Self::read(serde_json::from_str(text).map_err(|_| BadJson)?, MAX_DEPTH)
    }

    /// Reads a value level by level, which bounds the recursion and keeps numbers as they are written.
    fn read(raw: &RawValue, depth: usize) -> Result<Self, BadJson> {
        let deeper = |raw| Self::read(raw, depth.checked_sub(1).ok_or(BadJson)?);
        Ok(match Node::read(raw) {
            Node::Object(members) if repeated(&members).is_some() => return Err(BadJson),
            Node::Object(members) => {
                let members = members.into_iter();
                let read = members.map(|(name, raw)| Ok((Cow::Owned(name.into_owned()), deeper(raw)?)));
                Self::Object(read.collect::<Result<_, _>>()?)
            }
            Node::List(elements) => Self::List(elements.into_iter().map(deeper).collect::<Result<_, _>>()?),
            Node::Text(text) => Self::Text(Cow::Owned(text.into_owned())),
            Node::Bool(truth) => truth.into(),
            Node::Null => Self::Null,
            // Some parsers read a number that is too large as infinity, others as an error.
            Node::Number(number) => match double(number) {
                Some(_) => Self::Number(number.to_owned()),
                None => return Err(BadJson),
            },
            Node::Unreadable => return Err(BadJson),
        })
    }

    /// The number as a double, if the value is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => double(number),
            _ => None,
        }
    }
}

/// The standard library's parser would take another 17 kB.
fn double(number: &str) -> Option<f64> {
    serde_json::from_str(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Written = Json<'static, String>;

    #[test]
    fn a_document_is_read_as_it_is_written() {
        let json =
            Written::parse(br#" {"a": [null, true, 1.50, 1E-4, "\u00e9\ud83d\ude00"], "": {}} "#).unwrap();
        let expected = Json::List(vec![
            Json::Null,
            Json::True,
            Json::Number("1.50".to_owned()),
            Json::Number("1E-4".to_owned()),
            Json::Text("é😀".into()),
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
            assert!(Written::parse(document.as_bytes()).is_err(), "{document:?}");
        }
        assert!(Written::parse(b"{\"a\":\"\xff\"}").is_err());
        assert!(Written::parse(b"{\"a\":\"\xc0\xaf\"}").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Written::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(Written::parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(Written::parse(nested(100_000).as_bytes()).is_err());
        assert!(Written::parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(Written::parse(r#"{"a":"#.repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn nothing_of_a_value_is_shown() {
        let json = Written::parse(br#"{"secret-name":"secret"}"#).unwrap();
        assert_eq!(format!("{json:?}"), "an object");
    }
}
