//! JSON, read strictly.

pub(crate) mod node;
pub(crate) mod parsed;
pub mod written;
