//! The whole explanation of a request, as tools read it. Its fields are an interface.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::decision::Decision;
use super::host::Host;

/// The last decision, the earlier ones, and what the proxy makes of them.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    #[serde(flatten)]
    pub(crate) decision: Decision,
    /// The earlier decisions.
    pub(super) earlier: Vec<Decision>,
    /// The answer that the caller gets, if it is known.
    pub(super) answer: Option<AnswerPart>,
    /// The lines of the proxy's log.
    pub(super) log: Vec<String>,
    /// The filter states that the proxy sets, for metrics, access logs and traces.
    pub(super) record: BTreeMap<String, String>,
}

/// An answer.
#[derive(Debug, Serialize)]
pub(super) struct AnswerPart {
    pub(super) status: u16,
    /// JSON, or else plain text.
    pub(super) body: Value,
}

impl Explanation {
    /// `None` if the filter decided nothing.
    pub(super) fn of(host: Host<'_>) -> Option<Self> {
        let mut earlier = host.decisions;
        Some(Self {
            decision: earlier.pop()?,
            earlier,
            answer: host.answer.map(|(status, body)| AnswerPart {
                status,
                body: serde_json::from_slice(&body)
                    .unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into()),
            }),
            log: host.log,
            record: host
                .record
                .into_iter()
                .map(|(name, value)| (format!("wasm.{name}"), value))
                .collect(),
        })
    }

    pub(super) fn to_json(&self) -> String {
        // Strings, numbers and lists of them always have a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
