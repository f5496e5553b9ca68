//! One decision about a request, and its effects at the proxy: properties, a log line, changed headers.

use std::rc::Rc;

use super::connection::Connection;
use super::decided::{CALLBACK, Decided};
use super::effect::{Effect, Message};
use super::host::Host;
use super::incoming::{self, Stage, answerer};
use super::log;
use super::setting::Setting;
use crate::authorize::{self, Awaits, Incoming, Outcome, Proxy};
use crate::caller::Proof;
use crate::learn::DagTeams;
use crate::stamp::request_id::{CORRELATION_ID, REQUEST_ID};
use crate::stamp::{Edit, RequestId, correlation_id};
use crate::wire::pairs::header;

/// Decides a request, for the first time or again, and reports the decision in properties and the log.
pub(super) fn decide<'p>(
    setting: &Setting<'p>,
    connection: &'p Connection,
    incoming: &Incoming<'p>,
    request_id: &str,
    again: bool,
    host: &mut impl Host,
) -> Outcome<'p> {
    let proxy = Proxy {
        identity: connection.own.as_ref(),
        pod: setting.pod,
    };
    let answerer = answerer(connection);
    let mut teams = DagTeams::new(host, setting.key);
    let mut team_of = |dag: &str| teams.get(answerer, dag);
    let outcome = authorize::authorize_knowing(setting.ruleset, proxy, incoming, &mut team_of);
    host.decided(incoming, &outcome);
    if !again && !outcome.token_results.is_empty() {
        host.carry_out(Effect::CountTokens(&outcome.token_results));
    }
    let caller = connection.caller(setting.label);
    set_properties(&outcome, caller, again, host);
    log::log_refusal(setting, &outcome, caller, incoming, request_id, host);
    outcome
}

/// Decides a request with these serialized `headers` again.
pub(super) fn again(
    setting: &Setting<'_>,
    before: &Decided,
    headers: &[u8],
    stage: Stage<'_>,
    host: &mut impl Host,
) -> Decided {
    let connection = Rc::clone(&before.connection);
    incoming::with(setting, &connection, headers, stage, host, |incoming, host| {
        let outcome = decide(setting, &connection, incoming, &before.request_id, true, host);
        before.again(&outcome, incoming)
    })
}

/// Sets the filter state that Istio's Telemetry, access logs and traces read.
///
/// The labels of Istio's metrics are set only if the task is proved by more than a claim: each value makes a
/// series, which Envoy keeps forever.
fn set_properties(outcome: &Outcome<'_>, caller: &str, again: bool, host: &mut impl Host) {
    let acting = outcome.actor.acting();
    let recorded = outcome.recorded_acting();
    let proven = recorded.filter(|acting| acting.proof > Proof::Claimed);
    for (name, value) in [
        ("dagward_dag_id", acting.map(|acting| acting.dag_id.as_str())),
        (
            "dagward_task_id",
            match outcome.actor.is_callback() {
                true => Some(CALLBACK),
                false => acting.and_then(|acting| acting.task_id.as_deref()),
            },
        ),
        (
            "dagward_run_id",
            acting.and_then(|acting| acting.run_id.as_deref()),
        ),
        (
            "dagward_proven_dag_id",
            proven.map(|acting| acting.dag_id.as_str()),
        ),
        (
            "dagward_proven_task_id",
            proven.and_then(|acting| acting.task_id.as_deref()),
        ),
        ("dagward_team", outcome.team()),
        ("dagward_caller", Some(caller)),
        ("dagward_decision", Some(outcome.verdict.code().as_str())),
        ("dagward_policy", outcome.verdict.by().map(|by| by.policy)),
    ] {
        let value = value.unwrap_or_default();
        // An empty value is set only to replace an earlier one.
        if again || !value.is_empty() {
            host.carry_out(Effect::Property(name, value));
        }
    }
}

/// Changes the request's headers. After each change, the proxy selects the route anew.
pub(super) fn stamp(
    outcome: &Outcome<'_>,
    incoming: &Incoming<'_>,
    request_id: &RequestId<'_>,
    host: &mut impl Host,
) {
    let message = Message::Request;
    if outcome.verdict.awaits() == Awaits::Answer {
        // The filter could not read a compressed answer.
        host.carry_out(Effect::RemoveHeader(message, "accept-encoding"));
    }
    for edit in &outcome.edits {
        host.carry_out(match edit {
            Edit::Set(name, value) => Effect::SetHeader(message, name, value),
            Edit::Remove(name) => Effect::RemoveHeader(message, name),
        });
    }
    if let RequestId::Made(made) = request_id {
        host.carry_out(Effect::SetHeader(message, REQUEST_ID, made));
    }
    let correlation = header(incoming.headers, CORRELATION_ID);
    let surface = outcome.operation.as_ref().map(|operation| operation.surface);
    if let Some(id) = surface.and_then(|surface| correlation_id(surface, correlation, request_id.as_str())) {
        host.carry_out(Effect::SetHeader(message, CORRELATION_ID, id));
    }
}
