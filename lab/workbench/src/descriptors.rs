//! The descriptors that a child inherits.

/// The first descriptor behind the standard streams.
const OTHERS: i32 = 3;

/// Has every later child of this process start with its standard streams alone. Rust opens all else
/// so, but not what this process has from the one that started it.
pub fn close_on_exec() {
    close_fds::set_fds_cloexec_threadsafe(OTHERS, &[]);
}
