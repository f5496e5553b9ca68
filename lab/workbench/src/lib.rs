//! Paths of files, programs that are installed once, and processes that end with their handle.
//!
//! Everything that is installed or made lies under `target/` of the workspace. Every process that
//! is started here ends with its handle, and with this process, however this process ends (see
//! [`process`]).

pub mod cache;
pub mod debian;
pub mod descriptors;
pub mod go;
pub mod guard;
pub mod output;
pub mod owner;
pub mod paths;
pub mod process;
pub mod progress;
pub mod python;
pub mod table;
pub mod wait;
