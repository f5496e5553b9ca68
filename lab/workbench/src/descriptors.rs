//! The descriptors that a child inherits.

/// The first descriptor behind the standard streams.
const OTHERS: i32 = 3;

/// Makes every later child of this process start with its standard streams only. Rust marks the
/// descriptors that it opens as close-on-exec itself, but not those that this process inherited
/// from its parent.
pub fn close_on_exec() {
    close_fds::set_fds_cloexec_threadsafe(OTHERS, &[]);
}
