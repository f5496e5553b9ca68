//! Makes the things that users install: the module as an OCI image, and the command-line tool as a
//! wheel.

pub mod image;
pub mod wheel;
