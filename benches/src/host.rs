//! The least of a host that metrics need.

use std::collections::HashMap;

use dagward::metrics::{Kind, Meter};
use dagward::store::Shared;

/// Numbers metrics and keeps shared values; what is counted goes nowhere.
#[derive(Default)]
pub(crate) struct Host {
    metrics: u32,
    shared: HashMap<String, (Vec<u8>, u32)>,
}

impl Meter for Host {
    fn define(&mut self, _: Kind, _: &str) -> u32 {
        self.metrics += 1;
        self.metrics
    }

    fn add(&mut self, _: u32, _: u64) {}

    fn observe(&mut self, _: u32, _: u64) {}

    fn set(&mut self, _: u32, _: u64) {}
}

impl Shared for Host {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.shared.get(key).cloned()
    }

    fn create(&mut self, key: &str, value: &[u8]) -> bool {
        let absent = !self.shared.contains_key(key);
        if absent {
            self.shared.insert(key.to_owned(), (value.to_vec(), 1));
        }
        absent
    }

    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
        match self.shared.get_mut(key) {
            Some((known, current)) if *current == version => {
                *known = value.to_vec();
                *current += 1;
                true
            }
            _ => false,
        }
    }
}
