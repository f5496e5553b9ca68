//! The log line of a request that is refused, or would be.

use std::fmt;

use super::effect::{Effect, Level};
use super::host::Host;
use super::setting::Setting;
use crate::authorize::{self, Incoming, Outcome, Verdict};
use crate::operation::Request;
use crate::stamp::request_id::REQUEST_ID;
use crate::token::without_tokens;
use crate::wire::Header;

/// The longest value in a line, in bytes as they are written.
const MAX_VALUE_BYTES: usize = 2_048;

/// How many bytes of the line a byte of a value takes at most: `\u{1}`.
const LONGEST_ESCAPE: usize = 5;

/// The most reasons in a line.
const MAX_REASONS: usize = 8;

/// Says why a request is refused, or would be: the caller is told no more than a code.
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
        Verdict::Passed(_) => (Level::Info, "would refuse"),
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
    let line = format!(
        "dagward {word} request_id={request_id} caller={} acting={} asked={} {} host={} code={} why={}",
        Quoted(caller),
        Acts(outcome),
        Quoted(method),
        Quoted(&target),
        Quoted(authority),
        objection.code(),
        Reasons(&reasons),
    );
    host.carry_out(Effect::Log(level, &line));
}

/// The DAG that the caller acts for; that a callback acts stands outside the quotes, where no DAG's name can.
struct Acts<'o>(&'o Outcome<'o>);

impl fmt::Display for Acts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dag = self.0.actor.acting().map(|acting| Quoted(&acting.dag_id));
        match (self.0.actor.is_callback(), dag) {
            (true, None) => f.write_str("callback"),
            (true, Some(dag)) => write!(f, "callback:{dag}"),
            (false, dag) => dag.unwrap_or(Quoted("")).fmt(f),
        }
    }
}

/// Says which ids of a request could not be kept, so that it is found by both.
pub(super) fn log_replaced_id(headers: &[Header<'_>], new: &str, host: &mut impl Host) {
    let is_id = |(name, _): &&Header<'_>| *name == REQUEST_ID.as_bytes();
    let Some((_, old)) = headers.iter().find(is_id) else {
        return;
    };
    if host.logs(Level::Info) {
        let old = String::from_utf8_lossy(old);
        let line = format!("dagward replaced request_id={new} old={}", Quoted(&old));
        host.carry_out(Effect::Log(Level::Info, &line));
    }
}

/// A value in quotes, so that it cannot break the line; a long one is cut and says how long it was.
struct Quoted<'q>(&'q str);

/// The reasons as a list.
struct Reasons<'r>(&'r [String]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() <= MAX_VALUE_BYTES / LONGEST_ESCAPE {
            return write!(f, "{:?}", self.0);
        }
        let mut written = 0;
        f.write_str("\"")?;
        for character in self.0.chars() {
            let escaped = character.escape_debug();
            written += escaped.clone().map(char::len_utf8).sum::<usize>();
            if written > MAX_VALUE_BYTES {
                return write!(f, "…\" (cut, {} bytes)", self.0.len());
            }
            write!(f, "{escaped}")?;
        }
        f.write_str("\"")
    }
}

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (number, reason) in self.0.iter().take(MAX_REASONS).enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{}", Quoted(reason))?;
        }
        match self.0.len().checked_sub(MAX_REASONS) {
            None | Some(0) => f.write_str("]"),
            Some(more) => write!(f, ", … {more} more]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted() {
        for (value, expected) in [
            ("", r#""""#),
            ("/a?b=c", r#""/a?b=c""#),
            ("a\nb \"c\" \\ é", r#""a\nb \"c\" \\ é""#),
        ] {
            assert_eq!(Quoted(value).to_string(), expected);
        }
    }

    #[test]
    fn long_values_are_cut_and_say_so() {
        for value in ["a".repeat(50_000), "\u{1}".repeat(50_000), "é".repeat(25_000)] {
            let line = Quoted(&value).to_string();
            assert!(line.ends_with("…\" (cut, 50000 bytes)"), "{:.80}", line);
            assert!(line.len() < MAX_VALUE_BYTES + 40, "{}", line.len());
        }
        let longest = "a".repeat(MAX_VALUE_BYTES);
        assert_eq!(Quoted(&longest).to_string(), format!("\"{longest}\""));
    }

    #[test]
    fn the_reasons_are_counted() {
        let reasons: Vec<_> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(Reasons(&[]).to_string(), "[]");
        assert_eq!(Reasons(&reasons[..2]).to_string(), r#"["0", "1"]"#);
        assert!(Reasons(&reasons[..8]).to_string().ends_with(r#""7"]"#));
        assert!(Reasons(&reasons).to_string().ends_with(r#""7", … 2 more]"#));
    }
}
