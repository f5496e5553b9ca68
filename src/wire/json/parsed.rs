//! Reads the tree of a document in one pass. The parser limits its depth, the caller its size.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::node::Text;
use super::{Json, repeated};

/// A number in the parser's form. It becomes text only if it is an id.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A negative whole number.
    Signed(i64),
    /// Another whole number.
    Unsigned(u64),
    /// Any other number.
    Float(f64),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(number) => number.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
        }
    }
}

impl<'a> Json<'a, Number> {
    /// Reads a whole document.
    ///
    /// # Errors
    ///
    /// The document is not JSON, is nested more than 128 deep, or has an object with a repeated name.
    pub fn parse(document: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(document)
    }
}

impl<'de> Deserialize<'de> for Json<'de, Number> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de, Number>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de, Number>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de, Number>, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de, Number>, E> {
        Ok(Json::Number(Number::Signed(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de, Number>, E> {
        Ok(Json::Number(Number::Unsigned(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de, Number>, E> {
        Ok(Json::Number(Number::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de, Number>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de, Number>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de, Number>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json<'de, Number>, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Self::Value)> = Vec::new();
        while let Some((Text(name), value)) = object.next_entry()? {
            members.push((name, value));
        }
        match repeated(&members) {
            // A name can be as long as the body.
            Some(name) => Err(A::Error::custom(format_args!(
                "`{name:.100}` is there more than once"
            ))),
            None => Ok(Json::Object(members)),
        }
    }
}
