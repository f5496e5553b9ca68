//! What the proxy's VMs know together.

use std::collections::{BTreeMap, HashMap};

/// The store of values that all VMs of the proxy share, and that no one can delete from.
pub trait Shared {
    /// The value at `key` with its version, if there is one.
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes `value`, whatever is there. False where writing failed.
    fn write(&mut self, key: &str, value: &[u8]) -> bool;

    /// Writes `value` where nothing is yet. False where something is, or where writing failed.
    fn create(&mut self, key: &str, value: &[u8]) -> bool;

    /// Writes `value` where the version still is `version`. False where it is not, or where
    /// writing failed.
    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool;
}

/// A store in memory, for a proxy of one VM: tools, benchmarks and tests.
#[derive(Debug, Default)]
pub struct Memory {
    values: HashMap<String, (Vec<u8>, u32)>,
    version: u32,
}

impl Memory {
    /// The values under keys with this beginning.
    pub fn values(&self, beginning: &str) -> BTreeMap<String, Vec<u8>> {
        let values = self.values.iter().filter(|(key, _)| key.starts_with(beginning));
        values
            .map(|(key, (value, _))| (key.clone(), value.clone()))
            .collect()
    }
}

impl Shared for Memory {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.values.get(key).cloned()
    }

    fn write(&mut self, key: &str, value: &[u8]) -> bool {
        self.version += 1;
        self.values.insert(key.to_owned(), (value.to_vec(), self.version));
        true
    }

    fn create(&mut self, key: &str, value: &[u8]) -> bool {
        !self.values.contains_key(key) && self.write(key, value)
    }

    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
        let is_current = |(_, current): &(Vec<u8>, u32)| *current == version;
        self.values.get(key).is_some_and(is_current) && self.write(key, value)
    }
}
