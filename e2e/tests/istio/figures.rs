//! The measured cost of a fault, for the table in the documentation.

use std::time::Duration;

/// The effects of a fault.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// The requests sent since the fault.
    pub(crate) requests: u64,
    /// The requests that the app should have answered and did not.
    pub(crate) lost: u64,
    /// The requests that the app answered and should not have.
    pub(crate) wrong: u64,
    /// The time until all requests were decided as before.
    pub(crate) healed: Duration,
}

impl Figures {
    /// Prints a row of the table: `cargo test … -- --show-output` shows it.
    pub(crate) fn print(&self, fault: &str) {
        let Self {
            requests,
            lost,
            wrong,
            healed,
        } = self;
        let seconds = healed.as_secs_f64();
        println!("| {fault} | {requests} | {lost} | {wrong} | {seconds:.1} |");
    }
}
