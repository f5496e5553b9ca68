//! The log line of a request that is refused, or would be.

mod line;

use line::Line;

use super::effect::{Effect, Level};
use super::host::Host;
use super::setting::Setting;
use crate::caller::Header;
use crate::measure::Decision;
use crate::operation::Request;
use crate::stamp::request_id::REQUEST_ID;
use crate::token::without_tokens;
use crate::walk::{self, Incoming, Outcome};

/// The names of the reasons, of which a line has no more.
const WHY: [&str; 8] = [
    "why_1", "why_2", "why_3", "why_4", "why_5", "why_6", "why_7", "why_8",
];

/// Says why a request is refused, or would be: the caller is told no more than a code.
pub(super) fn log_refusal(
    setting: &Setting<'_>,
    outcome: &Outcome<'_>,
    caller: &str,
    incoming: &Incoming<'_>,
    request_id: &str,
    host: &mut impl Host,
) {
    let (level, word) = match (outcome.decision, outcome.shadow) {
        (Decision::Allow, None) => return,
        (Decision::Allow, Some(_)) => (Level::Info, "would_refuse"),
        (Decision::Deny | Decision::Malformed, _) => (Level::Warn, "refused"),
    };
    if !host.logs(level) {
        return;
    }
    let reasons = walk::reasons(setting.ruleset, outcome, incoming, false);
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
    // Apart from the DAG's name, which can be any.
    line.word("callback", if outcome.callback { "true" } else { "false" });
    let acting = outcome.acting.as_deref();
    line.quoted("acting", acting.map_or("", |acting| &acting.dag_id));
    line.quoted("method", method);
    line.quoted("path", &target);
    line.quoted("host", authority);
    let code = outcome.shadow.map_or(outcome.code, |(_, code)| code);
    line.word("code", code.as_str());
    line.word("reasons", &reasons.len().to_string());
    for (name, reason) in WHY.iter().zip(&reasons) {
        line.quoted(name, reason);
    }
    host.carry_out(Effect::Log(level, line.as_str()));
}

/// Says which ids of a request could not be kept, so that it is found by both.
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
