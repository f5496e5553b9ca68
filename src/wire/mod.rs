//! The forms of bytes: each is read and written in one place.

pub mod json;
pub mod pairs;
pub mod percent;
pub mod protobuf;

/// A header as the proxy has it: lower-case name, raw value.
pub type Header<'a> = (&'a [u8], &'a [u8]);
