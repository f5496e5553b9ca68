//! Metrics, recorded by host calls.

use proxy_wasm::types::MetricType;

use dagward::metrics::{Kind, Meter};

use super::abi;
use super::host::Host;

impl Meter for Host {
    fn define(&mut self, kind: Kind, name: &str) -> u32 {
        let kind = match kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        };
        // No metric has this number, so values recorded under it are lost, and nothing else happens.
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
