//! The tables of the documentation that come from the code. `BLESS=1 cargo test --test docs` writes
//! them anew, to be read before they are committed.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod codes;
mod grammar;
mod metrics;
mod region;
