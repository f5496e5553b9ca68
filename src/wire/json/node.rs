//! Reads a JSON document piece by piece.
//!
//! A tree of `serde_json::Value` for 10,000 rules takes tens of megabytes, and a wasm memory
//! never shrinks, so the document is cut into raw slices level by level instead.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// One JSON value, its parts still unread.
pub(crate) enum Node<'a> {
    /// An object: its fields in document order, repeated names included.
    Object(Vec<(Cow<'a, str>, &'a RawValue)>),
    /// A list.
    List(Vec<&'a RawValue>),
    /// A string.
    Text(Cow<'a, str>),
    /// Anything else.
    Other,
}

impl<'a> Node<'a> {
    /// Reads one level of `raw`.
    pub(crate) fn read(raw: &'a RawValue) -> Self {
        let text = raw.get();
        // The text of a raw value is valid JSON, so its first byte tells what it is.
        match text.bytes().next() {
            Some(b'{') => {
                serde_json::from_str(text).map_or(Self::Other, |Fields(fields)| Self::Object(fields))
            }
            Some(b'[') => serde_json::from_str(text).map_or(Self::Other, Self::List),
            Some(b'"') => serde_json::from_str(text).map_or(Self::Other, |Text(text)| Self::Text(text)),
            _ => Self::Other,
        }
    }
}

struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}
