//! The outcome of an attempt, and its comparison with the expected one.

use anyhow::{Context, Result};
use dagward_testbed::client::Response;
use serde_json::Value;

use crate::attempt::{Alone, Attempt, Proof, Refusal};
use crate::story::{Phase, STORY};

/// The outcome of an attempt.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// The answer's status, if there was an answer.
    pub(crate) status: Option<u16>,
    /// The answer's `x-request-id`.
    pub(crate) request_id: String,
    /// The answer's body, or the error.
    pub(crate) body: String,
    /// Whether the answer brought a fresh token.
    pub(crate) renewed: bool,
    /// The status of the second answer behind the first.
    pub(crate) late: Option<u16>,
    /// The rows that the attempt is about, before and after.
    pub(crate) rows: [String; 2],
}

impl Outcome {
    /// Reads the outcome that the task reports.
    pub(crate) fn reported(value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let status = |value: &Value| value.get("status").and_then(Value::as_u64);
        Self {
            status: status(value).and_then(|status| status.try_into().ok()),
            request_id: text("request_id").to_owned(),
            body: text("body").to_owned() + text("error"),
            renewed: false,
            late: value
                .get("late")
                .and_then(status)
                .and_then(|status| status.try_into().ok()),
            rows: [String::new(), String::new()],
        }
    }

    /// Reads the bytes of an answer; no bytes are no answer.
    pub(crate) fn read(answer: &[u8]) -> Result<Self> {
        let text = String::from_utf8_lossy(answer);
        let text = text
            .strip_prefix("HTTP/1.1 100 Continue\r\n\r\n")
            .unwrap_or(&text);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return Ok(Self {
                body: text.to_owned(),
                ..Self::default()
            });
        };
        let status = head.split(' ').nth(1);
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        Ok(Self {
            status: Some(status.context("an answer without status")?.parse()?),
            request_id: header("x-request-id: ").unwrap_or_default().to_owned(),
            renewed: header("refreshed-api-token: ").is_some(),
            body: body.to_owned(),
            ..Self::default()
        })
    }

    /// Reads an answer of the lab's client.
    pub(crate) fn answered(answer: &Response) -> Self {
        Self {
            status: Some(answer.status),
            request_id: answer.header("x-request-id").unwrap_or_default().to_owned(),
            renewed: answer.header("refreshed-api-token").is_some(),
            body: answer.text(),
            ..Self::default()
        }
    }

    /// The difference from `alone`, if there is one.
    fn without_filter(&self, alone: Alone) -> Option<&'static str> {
        match alone {
            Alone::Gives(status, _) | Alone::Cannot(Some(status)) if self.status != Some(status) => {
                Some("another status")
            }
            Alone::Cannot(None) if self.status.is_some() => Some("an answer"),
            Alone::Gives(_, Proof::Contains(secret)) if !self.body.contains(secret) => {
                Some("without the secret")
            }
            Alone::Gives(_, Proof::Changed(_)) if self.rows[0] == self.rows[1] => Some("nothing changed"),
            Alone::Gives(_, Proof::Renewed) if !self.renewed => Some("no fresh token"),
            Alone::Gives(..) | Alone::Cannot(_) => None,
        }
    }

    /// The difference from `refusal`, if there is one.
    fn with_filter(&self, refusal: Refusal, phase: &Phase) -> Option<&'static str> {
        if self.rows[0] != self.rows[1] {
            return Some("Airflow's database has changed");
        }
        if self.late == Some(200) {
            return Some("what followed the refusal was answered");
        }
        if self.renewed {
            return Some("a fresh token was given");
        }
        let (status, code) = match refusal {
            Refusal::Dagward(status, code) | Refusal::DagwardOnBody(status, code) => (status, code),
            Refusal::Envoy(status) => return (self.status != status).then_some("another status"),
        };
        if self.status != Some(status) {
            return Some("another status");
        }
        if !self.body.contains(&format!("({code})")) {
            return Some("another code");
        }
        if self.request_id.len() != 36 || !self.body.contains(&self.request_id) {
            return Some("no request id");
        }
        // If the body was the reason, the headers had already been forwarded.
        if matches!(refusal, Refusal::Dagward(..)) && phase.reached_airflow(&self.request_id) {
            return Some("it reached Airflow");
        }
        None
    }
}

/// Asserts that each attempt succeeds without the filter, or fails as it says.
pub(crate) fn succeed_without(attempts: &[Attempt]) {
    let differ = |attempt: &Attempt| STORY.open.outcome(attempt.name).without_filter(attempt.alone);
    none_differs(&STORY.open, attempts, differ);
}

/// Asserts that each attempt is refused with the filter, and has changed nothing.
pub(crate) fn are_refused_with(attempts: &[Attempt]) {
    let guarded = &STORY.guarded;
    let differ = |attempt: &Attempt| {
        guarded
            .outcome(attempt.name)
            .with_filter(attempt.refusal, guarded)
    };
    none_differs(guarded, attempts, differ);
}

fn none_differs(phase: &Phase, attempts: &[Attempt], differ: impl Fn(&Attempt) -> Option<&'static str>) {
    assert!(!attempts.is_empty());
    let different: Vec<String> = attempts
        .iter()
        .filter_map(|attempt| {
            let what = differ(attempt)?;
            Some(format!(
                "{}: {what}: {:?}",
                attempt.name,
                phase.outcome(attempt.name)
            ))
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}
