//! Random bytes from the host.

/// Random bytes. If the host has none they are a constant: that is poor, but not a panic.
pub(super) fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    bytes
}
