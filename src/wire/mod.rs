//! The wire formats. Each is read and written in one place.

pub mod json;
pub mod pairs;
pub mod percent;
pub mod protobuf;

/// A header in the proxy's form: lower-case name, raw value.
pub type Header<'a> = (&'a [u8], &'a [u8]);
