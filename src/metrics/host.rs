//! What measuring needs of the proxy.

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Is set.
    Gauge,
    /// Counts values by size.
    Histogram,
}

/// The proxy's metrics. Those of one name are one for all VMs of the process, but each VM has
/// its own ids for them.
pub trait Meter {
    /// Defines a metric and returns its id in this VM. To be called once per name and VM: each
    /// call takes memory that the proxy never frees.
    fn define(&mut self, kind: Kind, name: &str) -> u32;

    /// Adds `n` to a counter; never called with 0, which the proxy refuses.
    fn add(&mut self, id: u32, n: u64);

    /// Counts `value` in a histogram.
    fn observe(&mut self, id: u32, value: u64);

    /// Sets a gauge.
    fn set(&mut self, id: u32, value: u64);
}
