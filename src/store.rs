//! What the proxy's VMs know together.

/// The store of values that all VMs of the proxy share, and that no one can delete from.
pub trait Shared {
    /// The value at `key` with its version, if there is one.
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes `value` where nothing is yet. False where something is, or where writing failed.
    fn create(&mut self, key: &str, value: &[u8]) -> bool;

    /// Writes `value` where the version still is `version`. False where it is not, or where
    /// writing failed.
    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool;
}
