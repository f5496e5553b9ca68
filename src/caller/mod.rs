//! Who asks: the peer's SPIFFE ID from mTLS, and the task it acts for with its proof.

pub mod acting;
pub mod percent;

pub use acting::{Acting, Proof};
