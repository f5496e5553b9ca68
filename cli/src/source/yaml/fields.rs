//! The fields of an object during reading: its own, and those that `<<` merges into it.

use std::collections::HashMap;

use super::super::node::{Entry, Span};

/// The fields that were read so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    entries: Vec<Entry>,
    known: HashMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    /// Its number in `entries`.
    number: usize,
    is_merged: bool,
}

impl Fields {
    /// Adds one of the object's own fields. It takes precedence over a merged one.
    ///
    /// # Errors
    /// The object already has the field.
    pub(super) fn add(&mut self, entry: Entry) -> Result<(), Span> {
        match self.known.get(&entry.key) {
            Some(Known {
                number,
                is_merged: false,
            }) => {
                let first = self.entries.get(*number).map(|first| first.key_span.clone());
                return Err(first.unwrap_or_default());
            }
            _ => self.put(entry, false),
        }
        Ok(())
    }

    /// Adds a field of a merged object. It takes precedence over the fields that were merged before.
    ///
    /// # Errors
    /// The field's name, if the object's own field stands before it. go-yaml 2, which kubectl uses, then takes the
    /// merged field, and all other readers take the object's own.
    pub(super) fn merge(&mut self, entry: Entry) -> Result<(), String> {
        match self.known.get(&entry.key) {
            Some(Known { is_merged: false, .. }) => Err(entry.key),
            _ => {
                self.put(entry, true);
                Ok(())
            }
        }
    }

    /// All of them.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    fn put(&mut self, entry: Entry, is_merged: bool) {
        let at = self.known.get(&entry.key).map(|known| known.number);
        let number = at.unwrap_or(self.entries.len());
        self.known.insert(entry.key.clone(), Known { number, is_merged });
        match self.entries.get_mut(number) {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
    }
}
