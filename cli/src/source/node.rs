//! A value of a document together with the places it was written in.

use std::ops::Range;

use dagward::policy::{FieldPath, Step};
use serde_json::Value;

/// A piece of a source's text, in bytes.
pub(crate) type Span = Range<usize>;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Where the value stands; empty where nothing is written, as behind `dags:`.
    pub(crate) span: Span,
    /// The value.
    pub(crate) kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Null, a boolean, a number or a string.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// An object, in the order it was written.
    Map(Vec<Entry>),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The field's name.
    pub(crate) key: String,
    /// Where the name stands.
    pub(crate) key_span: Span,
    /// The field's value.
    pub(crate) value: Node,
}

/// Which part of a field a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its name.
    Key,
    /// Its value.
    Value,
}

impl Node {
    /// The value of a field, where this is an object that has it.
    pub(crate) fn field(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text, where this is a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The elements; none where this is not a list.
    pub(crate) fn elements(&self) -> &[Self] {
        match &self.kind {
            Kind::List(elements) => elements,
            _ => &[],
        }
    }

    /// The value without its places.
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

    /// The value at `path`, where there is one.
    pub(crate) fn at(&self, path: &FieldPath) -> Option<&Self> {
        path.0.iter().try_fold(self, |node, step| match step {
            Step::Key(key) => node.field(key),
            Step::Index(index) => node.elements().get(*index),
        })
    }

    /// Where `part` of the field at `path` stands; a field that is not there is pointed at by
    /// the last one on the way to it that is.
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

    /// The fields; none where this is not an object.
    pub(crate) fn into_entries(self) -> Vec<Entry> {
        match self.kind {
            Kind::Map(entries) => entries,
            _ => Vec::new(),
        }
    }

    /// How many nodes there are in this one, itself and the names of fields included.
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
