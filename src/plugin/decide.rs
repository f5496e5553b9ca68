//! A decision about a request, told: the properties, the line in the log.

use log::{info, warn};
use proxy_wasm::types::LogLevel;

use crate::measure::{Decision, Direction};
use crate::operation::Request;
use crate::token::without_tokens;
use crate::walk::{self, Incoming, Outcome, Proxy};

use super::connection::Connection;
use super::{Plugin, abi, tokens};

impl Plugin {
    /// Decides about a request, for the first time or again, and says so in properties and log.
    pub(super) fn decide<'p>(
        &'p self,
        connection: &'p Connection,
        incoming: &Incoming<'p>,
        request_id: &str,
        again: bool,
    ) -> Outcome<'p> {
        let proxy = Proxy {
            identity: connection.own.as_ref(),
            pod: self.node.pod.as_ref(),
        };
        let outcome = walk::walk(self.configuration.ruleset.as_ref(), proxy, incoming);
        if !again {
            tokens::count(&outcome.judged);
        }
        let caller = caller(self, connection);
        set_properties(&outcome, caller, again);
        self.log_refusal(&outcome, caller, incoming, request_id);
        outcome
    }

    /// Says why a request was refused, or would have been: the caller is told no more than a code.
    /// What came from the caller is quoted, so that it cannot break the line.
    fn log_refusal(&self, outcome: &Outcome<'_>, caller: &str, incoming: &Incoming<'_>, request_id: &str) {
        let (level, word) = match (outcome.decision, outcome.shadow) {
            (Decision::Allow, None) => return,
            (Decision::Allow, Some(_)) => (LogLevel::Info, "would refuse"),
            (Decision::Deny | Decision::Malformed, _) => (LogLevel::Warn, "refused"),
        };
        if !abi::logs(level) {
            return;
        }
        let reasons = walk::reasons(self.configuration.ruleset.as_ref(), outcome, incoming, false);
        let Request {
            method, target, host, ..
        } = incoming.request;
        let acting = outcome
            .acting
            .as_deref()
            .map_or("", |acting| acting.dag_id.as_str());
        let target = without_tokens(target, self.configuration.issuers());
        let line = format!(
            "dagward {word} request_id={request_id} caller={caller:?} acting={acting:?} \
             asked={method:?} {target:?} host={host:?} code={} why={reasons:?}",
            outcome.shadow.map_or(outcome.code, |(_, code)| code),
        );
        match level {
            LogLevel::Warn => warn!("{line}"),
            _ => info!("{line}"),
        }
    }
}

/// The label of who asks: the peer, or on its own outbound listener the proxy itself.
pub(super) fn caller<'p>(plugin: &'p Plugin, connection: &'p Connection) -> &'p str {
    match connection.listener {
        Direction::Inbound => match &connection.peer {
            Ok(Some(principal)) => principal.as_str(),
            Ok(None) | Err(_) => "",
        },
        Direction::Outbound => &plugin.node.label,
    }
}

/// Sets the filter state that Istio's Telemetry, access logs and traces read.
fn set_properties(outcome: &Outcome<'_>, caller: &str, again: bool) {
    let acting = outcome.acting.as_deref();
    for (name, value) in [
        ("dagward_dag_id", acting.map(|acting| acting.dag_id.as_str())),
        (
            "dagward_task_id",
            acting.and_then(|acting| acting.task_id.as_deref()),
        ),
        (
            "dagward_run_id",
            acting.and_then(|acting| acting.run_id.as_deref()),
        ),
        ("dagward_caller", Some(caller)),
        ("dagward_decision", Some(outcome.code.as_str())),
        ("dagward_policy", outcome.by.map(|(policy, _)| policy)),
    ] {
        let value = value.unwrap_or_default();
        // What is empty need not be said, unless something else was said before.
        if again || !value.is_empty() {
            abi::set_property(name, value.as_bytes());
        }
    }
}
