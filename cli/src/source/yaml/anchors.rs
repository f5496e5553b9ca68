//! The values that aliases stand for.

use std::collections::HashMap;

use super::super::node::{Kind, Node};

/// The anchors of a document so far. A later anchor replaces an earlier one of the same name.
#[derive(Debug, Default)]
pub(super) struct Anchors(HashMap<String, Anchor>);

#[derive(Debug)]
enum Anchor {
    /// The number of a collection that is still being read.
    Open(usize),
    Read(Node),
}

impl Anchors {
    /// Records an anchor at the start of a collection.
    pub(super) fn open(&mut self, name: String, number: usize) {
        self.0.insert(name, Anchor::Open(number));
    }

    /// Records the value of an anchor. An anchor of the same name inside the collection is later and wins.
    pub(super) fn close(&mut self, name: String, number: usize, node: &Node) {
        let is_last = matches!(self.0.get(&name), Some(Anchor::Open(first)) if *first == number);
        if is_last || matches!(node.kind, Kind::Scalar(_)) {
            self.0.insert(name, Anchor::Read(node.clone()));
        }
    }

    /// The value that an alias stands for.
    ///
    /// # Errors
    /// Why the alias has no value.
    pub(super) fn get(&self, name: &str) -> Result<&Node, String> {
        match self.0.get(name) {
            Some(Anchor::Read(node)) => Ok(node),
            Some(Anchor::Open(_)) => Err("the alias stands inside its own value".to_owned()),
            None => Err(format!("there is no `&{name}` before the alias")),
        }
    }
}
