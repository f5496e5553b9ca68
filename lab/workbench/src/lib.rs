//! The ground under all other parts of the lab: directories, installations, progress.
//!
//! Everything installed or made lives under `target/` of the workspace.
//!
//! | room | what it is for |
//! |---|---|
//! | [`paths`], [`owner`] | where things lie; which process something belongs to |
//! | [`cache`] | install once per content |
//! | [`progress`] | say what takes long |
//! | [`python`] | a virtual environment with pinned requirements |

pub mod cache;
pub mod owner;
pub mod paths;
pub mod progress;
pub mod python;
