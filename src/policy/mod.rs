//! May they: document → compile → index → decide → explain.

pub mod error;

pub use error::{FieldPath, LoadError, Step};
