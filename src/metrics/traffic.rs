//! The labels and measures of a finished request.

use crate::verdict::{Decision, Direction};

/// A finished request. Labels are unescaped; an unknown label is empty.
#[derive(Debug, Clone, Copy)]
pub struct Traffic<'a> {
    /// The direction.
    pub direction: Direction,
    /// The peer's identity.
    pub caller: &'a str,
    /// The acting DAG.
    pub dag_id: &'a str,
    /// The acting task.
    pub task_id: &'a str,
    /// Whether more than a claim proves the acting DAG and task.
    pub proven: bool,
    /// The action, in Airflow's words.
    pub action: &'a str,
    /// The decision.
    pub decision: Decision,
    /// The answer's status, 0 if there was none.
    pub status: u16,
    /// Bytes of the request, headers included.
    pub request_bytes: u64,
    /// Bytes of the answer, headers included.
    pub response_bytes: u64,
    /// The time from the arrival of the request's headers to the answer's last byte, in milliseconds.
    pub duration_ms: u64,
    /// The policy that refused the request (empty if none did), and the reason.
    pub denied: Option<(&'a str, &'a str)>,
    /// The policy in shadow mode that would have refused the request (empty if none would), and the reason.
    pub shadow_denied: Option<(&'a str, &'a str)>,
}

impl Traffic<'_> {
    /// The class of its status; empty if there is none.
    pub fn code_class(&self) -> &'static str {
        match self.status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "",
        }
    }
}
