//! Random bytes from the host.

/// Random bytes. Where the host has none they are a constant: a poor one, but no panic.
pub(super) fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    bytes
}
