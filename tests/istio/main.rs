//! The files that users apply, on a real API server with a real Istio.
//!
//! `applied`: all of it is accepted. `admission`: who may create which pods. `protocols`: no request passes by the
//! sidecars.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod admission;
mod applied;
mod files;
mod protocols;
