//! The smallest host that metrics need.

use dagward::metrics::{Kind, Meter};
use dagward::store::{Memory, Shared};

/// Numbers metrics and stores shared values; it discards counts.
#[derive(Default)]
pub(crate) struct Host {
    metrics: u32,
    store: Memory,
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
        self.store.read(key)
    }

    fn write(&mut self, key: &str, value: &[u8]) -> bool {
        self.store.write(key, value)
    }

    fn create(&mut self, key: &str, value: &[u8]) -> bool {
        self.store.create(key, value)
    }

    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
        self.store.replace(key, value, version)
    }
}
