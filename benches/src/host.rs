//! The smallest host that metrics need.

use dagward::metrics::{Kind, Meter};
use dagward::store::{HasMemory, Memory};

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

impl HasMemory for Host {
    fn memory(&mut self) -> &mut Memory {
        &mut self.store
    }
}
