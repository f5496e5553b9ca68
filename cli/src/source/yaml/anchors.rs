//! What aliases stand for.

use std::collections::HashMap;

use super::super::node::{Kind, Node};

/// The anchors of a document so far. A later anchor takes the place of an earlier one of its name.
#[derive(Debug, Default)]
pub(super) struct Anchors(HashMap<String, Anchor>);

#[derive(Debug)]
enum Anchor {
    /// A collection that is being read, by its number.
    Open(usize),
    Read(Node),
}

impl Anchors {
    /// Notes an anchor at the beginning of a collection.
    pub(super) fn open(&mut self, name: String, number: usize) {
        self.0.insert(name, Anchor::Open(number));
    }

    /// Notes what an anchor stands at. One of the same name within a collection is later.
    pub(super) fn close(&mut self, name: String, number: usize, node: &Node) {
        let is_last = matches!(self.0.get(&name), Some(Anchor::Open(first)) if *first == number);
        if is_last || matches!(node.kind, Kind::Scalar(_)) {
            self.0.insert(name, Anchor::Read(node.clone()));
        }
    }

    /// What an alias stands for.
    ///
    /// # Errors
    /// Why it stands for nothing.
    pub(super) fn get(&self, name: &str) -> Result<&Node, String> {
        match self.0.get(name) {
            Some(Anchor::Read(node)) => Ok(node),
            Some(Anchor::Open(_)) => Err("the alias stands inside what it stands for".to_owned()),
            None => Err(format!("no `&{name}` stands before the alias")),
        }
    }
}
