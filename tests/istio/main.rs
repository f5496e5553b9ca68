//! The files that users apply, on a real API server with a real Istio.
//!
//! `admission`: who may create which pods.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod admission;
