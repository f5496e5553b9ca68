//! What a fault was seen to cost, for the table in the documentation.

use std::time::Duration;

/// What came of a fault.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Requests sent from the fault on.
    pub(crate) requests: u64,
    /// Requests that should have been answered by the app, and were not.
    pub(crate) lost: u64,
    /// Requests that the app answered and should not have.
    pub(crate) wrong: u64,
    /// How long it took until all was as before.
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
