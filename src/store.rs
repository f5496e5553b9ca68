//! The store that the proxy's VMs share.

use std::collections::{BTreeMap, HashMap};

/// The store of values that all VMs of the proxy share. It cannot delete values.
pub trait Shared {
    /// The value at `key` with its version, if there is one.
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes `value`, whether the key has a value or not. False if writing failed.
    fn write(&mut self, key: &str, value: &[u8]) -> bool;

    /// Writes `value` if the key has no value yet. False if it has one, or if writing failed.
    fn create(&mut self, key: &str, value: &[u8]) -> bool;

    /// Writes `value` if the version is still `version`. False if it is not, or if writing failed.
    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool;
}

/// A store in memory, for a proxy of one VM: tools, benchmarks and tests.
#[derive(Debug, Default)]
pub struct Memory {
    values: HashMap<String, (Vec<u8>, u32)>,
    version: u32,
}

impl Memory {
    /// The values under keys that begin with `beginning`.
    pub fn values(&self, beginning: &str) -> BTreeMap<String, Vec<u8>> {
        let values = self.values.iter().filter(|(key, _)| key.starts_with(beginning));
        values
            .map(|(key, (value, _))| (key.clone(), value.clone()))
            .collect()
    }
}

/// A proxy whose store is in memory.
pub trait HasMemory {
    /// The store.
    fn memory(&mut self) -> &mut Memory;
}

impl<P: HasMemory> Shared for P {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.memory().read(key)
    }

    fn write(&mut self, key: &str, value: &[u8]) -> bool {
        self.memory().write(key, value)
    }

    fn create(&mut self, key: &str, value: &[u8]) -> bool {
        self.memory().create(key, value)
    }

    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
        self.memory().replace(key, value, version)
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
