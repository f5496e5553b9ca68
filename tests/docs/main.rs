//! The tables of the documentation that the code generates. `BLESS=1 cargo test --test docs` writes them again: read
//! them before you commit them.

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
