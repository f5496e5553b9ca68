//! A finished request, as far as it is counted.

use crate::verdict::{Decision, Direction};

/// A finished request. Labels are unescaped; one that is not known is empty.
#[derive(Debug, Clone, Copy)]
pub struct Traffic<'a> {
    /// Which way it went.
    pub direction: Direction,
    /// The peer's identity.
    pub caller: &'a str,
    /// The acting DAG.
    pub dag_id: &'a str,
    /// The acting task.
    pub task_id: &'a str,
    /// Whether more than a claim names the acting DAG and task.
    pub proven: bool,
    /// The action, in Airflow's words.
    pub action: &'a str,
    /// What came of it.
    pub decision: Decision,
    /// The answer's status, 0 if there was none.
    pub code: u16,
    /// Bytes of the request, headers included.
    pub request_bytes: u64,
    /// Bytes of the answer, headers included.
    pub response_bytes: u64,
    /// From when the request's headers were there to the answer's last byte, in milliseconds.
    pub duration_ms: u64,
    /// The policy that refused it (empty if none did) and why.
    pub denied: Option<(&'a str, &'a str)>,
    /// The policy in shadow mode that would have refused it (empty if none) and why.
    pub shadow_denied: Option<(&'a str, &'a str)>,
}

impl Traffic<'_> {
    /// The class of its status; empty for none.
    pub fn code_class(&self) -> &'static str {
        match self.code / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "",
        }
    }
}
