//! The log line of a request that is refused, or would be.

mod line;

use line::Line;

use super::effect::{Effect, Level};
use super::host::Host;
use super::setting::Setting;
use crate::authorize::{self, Incoming, Outcome, Verdict};
use crate::operation::Request;
use crate::stamp::request_id::REQUEST_ID;
use crate::token::without_tokens;
use crate::wire::Header;

/// The names of the reasons. A line has no more reasons than these.
const WHY: [&str; 8] = [
    "why_1", "why_2", "why_3", "why_4", "why_5", "why_6", "why_7", "why_8",
];

/// Logs why a request is refused, or would be. The caller gets only a code.
pub(super) fn log_refusal(
    setting: &Setting<'_>,
    outcome: &Outcome<'_>,
    caller: &str,
    incoming: &Incoming<'_>,
    request_id: &str,
    host: &mut impl Host,
) {
    let Some(objection) = outcome.verdict.objection() else {
        return;
    };
    let (level, word) = match &outcome.verdict {
        Verdict::Passed(_) => (Level::Info, "would_refuse"),
        Verdict::Refused(_) => (Level::Warn, "refused"),
    };
    if !host.logs(level) {
        return;
    }
    let reasons = authorize::reasons(setting.ruleset, outcome, incoming, false);
    let Request {
        method,
        target,
        host: authority,
        ..
    } = incoming.request;
    let target = without_tokens(target, setting.issuers());
    let mut line = Line::new(word);
    line.word("request_id", request_id);
    line.quoted("caller", caller);
    // A field of its own, because a DAG's name can be any text.
    line.word(
        "callback",
        if outcome.actor.is_callback() {
            "true"
        } else {
            "false"
        },
    );
    let acting = outcome.actor.acting();
    line.quoted("acting", acting.map_or("", |acting| &acting.dag_id));
    line.quoted("method", method);
    line.quoted("path", &target);
    line.quoted("host", authority);
    line.word("code", objection.code().as_str());
    line.word("reasons", &reasons.len().to_string());
    for (name, reason) in WHY.iter().zip(&reasons) {
        line.quoted(name, reason);
    }
    host.carry_out(Effect::Log(level, line.as_str()));
}

/// Logs the replaced and the new request id, so that the request can be found by both.
pub(super) fn log_replaced_id(headers: &[Header<'_>], new: &str, host: &mut impl Host) {
    let is_id = |(name, _): &&Header<'_>| *name == REQUEST_ID.as_bytes();
    let Some((_, old)) = headers.iter().find(is_id) else {
        return;
    };
    if host.logs(Level::Info) {
        let mut line = Line::new("replaced_request_id");
        line.word("request_id", new);
        line.quoted("old", &String::from_utf8_lossy(old));
        host.carry_out(Effect::Log(Level::Info, line.as_str()));
    }
}

#[cfg(test)]
pub(super) use line::tests::pairs;
