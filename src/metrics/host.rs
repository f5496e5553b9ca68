//! The interface to the proxy's metrics.

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A value that only grows.
    Counter,
    /// A value that is set.
    Gauge,
    /// A count of values by size.
    Histogram,
}

/// The proxy's metrics. All VMs of the process share the metrics of one name, but each VM has its own ids for
/// them.
pub trait Meter {
    /// Defines a metric and returns its id in this VM. Must be called only once per name and VM: each call
    /// takes memory that the proxy never frees.
    fn define(&mut self, kind: Kind, name: &str) -> u32;

    /// Adds `n` to a counter. Never called with 0, which the proxy refuses.
    fn add(&mut self, id: u32, n: u64);

    /// Counts `value` in a histogram.
    fn observe(&mut self, id: u32, value: u64);

    /// Sets a gauge.
    fn set(&mut self, id: u32, value: u64);
}
