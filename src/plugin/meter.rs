//! Metrics and shared values, by host calls.

use proxy_wasm::types::MetricType;

use crate::measure::{Kind, Meter};
use crate::shared::Shared;

use super::abi;

/// The host, as measuring sees it.
pub(super) struct Host;

impl Meter for Host {
    fn define(&mut self, kind: Kind, name: &str) -> u32 {
        let kind = match kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        };
        // No metric has this number, so what is recorded under it is lost and nothing else is.
        abi::define_metric(kind, name).unwrap_or(u32::MAX)
    }

    fn add(&mut self, id: u32, n: u64) {
        abi::increment_metric(id, i64::try_from(n).unwrap_or(i64::MAX));
    }

    fn observe(&mut self, id: u32, value: u64) {
        abi::record_metric(id, value);
    }

    fn set(&mut self, id: u32, value: u64) {
        abi::record_metric(id, value);
    }
}

impl Shared for Host {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        abi::shared(key)
    }

    fn create(&mut self, key: &str, value: &[u8]) -> bool {
        // The host compares versions only where the key exists already, and none has this one.
        abi::set_shared(key, value, u32::MAX)
    }

    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
        abi::set_shared(key, value, version)
    }
}
