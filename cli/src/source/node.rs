//! A value of a document, with the position of each of its parts.

use std::ops::Range;

use dagward::policy::{FieldPath, Step};
use serde_json::Value;

/// A piece of a source's text, in bytes.
pub(crate) type Span = Range<usize>;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// The value's position; empty if nothing is written, as behind `dags:`.
    pub(crate) span: Span,
    /// The value.
    pub(crate) kind: Kind,
}

/// The kind of a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Null, a boolean, a number or a string.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// An object. Its fields are in the order of the file.
    Map(Vec<Entry>),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The field's name.
    pub(crate) key: String,
    /// The name's position.
    pub(crate) key_span: Span,
    /// The field's value.
    pub(crate) value: Node,
}

/// The part of a field that a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its name.
    Key,
    /// Its value.
    Value,
}

impl Node {
    /// The value of a field; `None` if this is not an object or lacks the field.
    pub(crate) fn field(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text; `None` if this is not a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The elements; empty if this is not a list.
    pub(crate) fn elements(&self) -> &[Self] {
        match &self.kind {
            Kind::List(elements) => elements,
            _ => &[],
        }
    }

    /// The value without its positions.
    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(elements) => elements.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.value.to_json()))
                .collect(),
        }
    }

    /// The value at `path`, if there is one.
    pub(crate) fn at(&self, path: &FieldPath) -> Option<&Self> {
        path.0.iter().try_fold(self, |node, step| match step {
            Step::Key(key) => node.field(key),
            Step::Index(index) => node.elements().get(*index),
        })
    }

    /// The position of `part` of the field at `path`. For a missing field it is the position of the last existing field
    /// on the path.
    pub(crate) fn locate(&self, path: &FieldPath, part: Part) -> Span {
        let mut node = self;
        let mut written = &self.span;
        for (position, step) in path.0.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    let Some(entry) = node.entry(key) else { break };
                    if part == Part::Key && position + 1 == path.0.len() {
                        return entry.key_span.clone();
                    }
                    node = &entry.value;
                    written = if node.span.is_empty() {
                        &entry.key_span
                    } else {
                        &node.span
                    };
                }
                Step::Index(index) => {
                    let Some(element) = node.elements().get(*index) else {
                        break;
                    };
                    node = element;
                    written = if node.span.is_empty() { written } else { &node.span };
                }
            }
        }
        written.clone()
    }

    /// The fields; empty if this is not an object.
    pub(crate) fn into_entries(self) -> Vec<Entry> {
        match self.kind {
            Kind::Map(entries) => entries,
            _ => Vec::new(),
        }
    }

    /// The number of nodes in this one. It counts the node itself and the names of fields.
    pub(crate) fn size(&self) -> usize {
        match &self.kind {
            Kind::Scalar(_) => 1,
            Kind::List(elements) => 1 + elements.iter().map(Self::size).sum::<usize>(),
            Kind::Map(entries) => 1 + entries.iter().map(|entry| 1 + entry.value.size()).sum::<usize>(),
        }
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }
}
