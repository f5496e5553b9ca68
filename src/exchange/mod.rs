//! The life of one request: its events come in, their effects go out.
//!
//! The proxy reports each event (the request's headers, its body, the answer's headers and body, the end) and
//! carries out the [`Effect`]s. This code knows the proxy only through the trait [`Host`], so that all of it
//! is tested natively. Facts that a request leaves for later requests are in the proxy's
//! [store](crate::store).

mod connection;
mod decide;
mod decided;
mod effect;
mod host;
mod incoming;
mod log;
mod reply;
mod setting;

use std::rc::Rc;

use crate::authorize::{Awaits, Outcome, Verdict};
use crate::caller::Team;
use crate::learn::{AnswerReader, Reading, Run};
use crate::metrics::Traffic;
use crate::operation::{Body, MAX_BODY_BYTES};
use crate::stamp::RequestId;
use crate::stamp::request_id::REQUEST_ID;
use crate::verdict::{Decision, Direction};
use crate::wire::Header;
use crate::wire::pairs::header;

use decide::{again, decide, stamp};
use decided::Decided;
use incoming::Stage;

pub use connection::{Connection, Connections, Downstream};
pub use effect::{Effect, Flow, Level, Message, Reply};
pub use host::Host;
pub use setting::Setting;

/// The header in which Airflow gives a task a new token in the last fifth of the old one's life.
const RENEWED_TOKEN: &str = "refreshed-api-token";

/// One request and its answer.
#[derive(Debug, Default)]
pub struct Exchange {
    decided: Option<Decided>,
    held: Option<Held>,
    /// Reads the team from the rest of an answer that has named the run, while the rest passes.
    team: Option<AnswerReader>,
    /// Whether a refusal has replaced the answer's body.
    replaced: bool,
}

/// A request that passed, and that is decided again once the awaited part has arrived.
#[derive(Debug)]
struct Held {
    /// The headers, serialized.
    headers: Vec<u8>,
    awaited: Message,
    /// The bytes of that part so far.
    size: usize,
    /// Reads the answer.
    reader: AnswerReader,
}

impl Exchange {
    /// Handles the request's headers, serialized as `headers`; `end` means that there is no body.
    pub fn request_headers(
        &mut self,
        setting: &Setting<'_>,
        connection: Rc<Connection>,
        headers: Vec<u8>,
        end: bool,
        host: &mut impl Host,
    ) -> Flow {
        let since = host.uptime();
        let body = if end { Body::Whole(&[]) } else { Body::Pending };
        let stage = Stage::Request(body);
        let (decided, awaited) =
            incoming::with(setting, &connection, &headers, stage, host, |incoming, host| {
                let request_id =
                    RequestId::keep_or_make(header(incoming.headers, REQUEST_ID), setting.random);
                if let RequestId::Made(new) = &request_id {
                    log::log_replaced_id(incoming.headers, new, host);
                }
                let outcome = decide(setting, &connection, incoming, request_id.as_str(), false, host);
                if let Verdict::Passed(_) = &outcome.verdict {
                    stamp(&outcome, incoming, &request_id, host);
                }
                let id = request_id.as_str();
                let mut decided = Decided::new(&outcome, incoming, Rc::clone(&connection), id, since);
                decided.request_bytes = size(incoming.headers);
                (decided, awaited(&outcome))
            });
        if decided.decision != Decision::Allow {
            reply::refuse(&decided, host);
        }
        self.held = awaited.map(|awaited| Held {
            headers,
            awaited,
            size: 0,
            reader: AnswerReader::default(),
        });
        self.go_on(decided)
    }

    /// Handles `size` bytes of the request's body. If the decision needs the body, the proxy holds it until
    /// it is complete. The headers have gone by then, because the proxy delivers no body while it holds them.
    pub fn request_body(
        &mut self,
        setting: &Setting<'_>,
        size: usize,
        end: bool,
        host: &mut impl Host,
    ) -> Flow {
        if let (None, Some(decided)) = (&self.held, &mut self.decided) {
            decided.request_bytes += size as u64;
        }
        match self.awaiting(Message::Request) {
            Some(held) if !end && size <= MAX_BODY_BYTES => held.wait(size),
            Some(held) => {
                held.size = size;
                self.decide_by_body(setting, host)
            }
            None => self.flow(),
        }
    }

    /// Handles the request's trailers: its body has ended.
    pub fn request_trailers(&mut self, setting: &Setting<'_>, host: &mut impl Host) -> Flow {
        match self.awaiting(Message::Request) {
            Some(_) => self.decide_by_body(setting, host),
            None => self.flow(),
        }
    }

    /// Handles the answer's headers; `end` means that there is no body.
    pub fn answer_headers(
        &mut self,
        setting: &Setting<'_>,
        headers: &[Header<'_>],
        end: bool,
        host: &mut impl Host,
    ) {
        let Some(decided) = &mut self.decided else {
            return;
        };
        let status = header(headers, ":status").and_then(|status| std::str::from_utf8(status).ok());
        decided.status = status.and_then(|status| status.parse().ok()).unwrap_or(0);
        decided.answer_bytes = size(headers);
        host.carry_out(Effect::SetHeader(
            Message::Answer,
            REQUEST_ID,
            &decided.request_id,
        ));
        let accepted = decided.starts() && (200..300).contains(&decided.status);
        // Airflow renews a token on every route, whatever it answers. Without an owner, the caller may be a
        // thief of the token, and must not get the next one.
        if decided.is_unowned && !accepted && setting.guards(decided.connection.listener) {
            host.carry_out(Effect::RemoveHeader(Message::Answer, RENEWED_TOKEN));
        }
        let teaches = accepted && setting.is_answered_by_api_server(&decided.connection, host);
        match self.awaiting(Message::Answer) {
            // The answer names the DAG in its body.
            Some(_) if teaches => {
                if let Some(decided) = &self.decided
                    && decided.connection.listener == Direction::Inbound
                {
                    // The filter may replace the body.
                    host.carry_out(Effect::RemoveHeader(Message::Answer, "content-length"));
                    decided.hold_until_named(setting, host);
                }
                if end {
                    self.held = None;
                }
            }
            Some(_) => self.held = None,
            None => {
                if let Some(decided) = &self.decided
                    && teaches
                {
                    decided.learn_callback(setting, host);
                    decided.bind(setting, host);
                }
            }
        }
    }

    /// Handles `size` bytes of the answer's body. An answer that names the DAG is held until it has done so.
    pub fn answer_body(
        &mut self,
        setting: &Setting<'_>,
        size: usize,
        end: bool,
        host: &mut impl Host,
    ) -> Flow {
        if let (None, Some(decided)) = (&self.held, &mut self.decided) {
            decided.answer_bytes += size as u64;
        }
        if let Some(held) = self.awaiting(Message::Answer) {
            let more = host.body(Message::Answer, held.size..size).unwrap_or_default();
            let reading = held.reader.read(&more, end);
            held.size = size;
            match reading {
                Reading::NeedMore => return Flow::Hold,
                // No rule may decide before the team is known, which comes last.
                Reading::Run(_, None) if setting.asks_airflow_for_teams() => return Flow::Hold,
                Reading::Run(run, team) => self.decide_by_answer(Some((&run, team)), setting, host),
                Reading::NotNamed => self.decide_by_answer(None, setting, host),
            }
        } else if let Some(reader) = &mut self.team {
            let more = host.body(Message::Answer, 0..size).unwrap_or_default();
            if let Some(team) = reader.team(&more, end) {
                self.learn_team(&team, setting, host);
            }
        } else if self.replaced {
            host.carry_out(Effect::ReplaceBody {
                held: size,
                body: b"",
            });
        }
        Flow::GoOn
    }

    /// Handles the answer's trailers: its body has ended.
    pub fn answer_trailers(&mut self, setting: &Setting<'_>, host: &mut impl Host) {
        let Some(held) = self.awaiting(Message::Answer) else {
            self.team = None;
            return;
        };
        match held.reader.read(&[], true) {
            Reading::Run(run, team) => self.decide_by_answer(Some((&run, team)), setting, host),
            Reading::NeedMore | Reading::NotNamed => self.decide_by_answer(None, setting, host),
        }
    }

    /// The finished request for the metrics, whatever its result; `None` if another filter answered before
    /// the headers arrived here.
    pub fn traffic<'t>(&'t self, label: &'t str, host: &mut impl Host) -> Option<Traffic<'t>> {
        let decided = self.decided.as_ref()?;
        let caller = decided.connection.caller(label);
        Some(decided.traffic(caller, host.uptime()))
    }

    /// The held part of the exchange, if it awaits `awaited`.
    fn awaiting(&mut self, awaited: Message) -> Option<&mut Held> {
        self.held.as_mut().filter(|held| held.awaited == awaited)
    }

    /// Decides again, with the body.
    fn decide_by_body(&mut self, setting: &Setting<'_>, host: &mut impl Host) -> Flow {
        let (Some(held), Some(mut before)) = (self.held.take(), self.decided.take()) else {
            return self.flow();
        };
        before.request_bytes += held.size as u64;
        let bytes = match held.size {
            0 => Some(Vec::new()),
            1..=MAX_BODY_BYTES => host.body(Message::Request, 0..held.size),
            _ => None,
        };
        // If the proxy cannot supply the body, it does not count as empty.
        let body = bytes.as_deref().map_or(Body::TooLong, Body::Whole);
        let decided = again(setting, &before, &held.headers, Stage::Request(body), host);
        if decided.decision != Decision::Allow {
            reply::refuse(&decided, host);
        }
        self.go_on(decided)
    }

    /// Learns from Airflow's answer, and decides again. The answer's status has been sent already. So a
    /// refusal takes the place of its body, and Airflow's supervisor starts no task with such an answer.
    fn decide_by_answer(
        &mut self,
        named: Option<(&Run, Option<Team>)>,
        setting: &Setting<'_>,
        host: &mut impl Host,
    ) {
        let (Some(held), Some(mut before)) = (self.held.take(), self.decided.take()) else {
            return;
        };
        before.answer_bytes += held.size as u64;
        let team_may_come = matches!(named, Some((_, None)));
        if let Some((run, team)) = named {
            before.learn_run(run, &team.unwrap_or_default(), setting, host);
        }
        let decided = again(setting, &before, &held.headers, Stage::Answered, host);
        if decided.decision == Decision::Allow {
            decided.bind(setting, host);
            self.team = team_may_come.then_some(held.reader);
        } else {
            let body = reply::body(&decided);
            host.carry_out(Effect::ReplaceBody {
                held: held.size,
                body: &body,
            });
            self.replaced = true;
            decided.mark_refused(setting, host);
        }
        self.decided = Some(decided);
    }

    /// Records the team that the rest of the answer has named.
    fn learn_team(&mut self, team: &Team, setting: &Setting<'_>, host: &mut impl Host) {
        self.team = None;
        if let Some(decided) = &self.decided {
            decided.learn_team(team, setting, host);
        }
    }

    fn go_on(&mut self, decided: Decided) -> Flow {
        self.decided = Some(decided);
        self.flow()
    }

    /// No part of a refused request goes on.
    fn flow(&self) -> Flow {
        match &self.decided {
            Some(decided) if decided.decision != Decision::Allow => Flow::Hold,
            _ => Flow::GoOn,
        }
    }
}

impl Held {
    fn wait(&mut self, size: usize) -> Flow {
        self.size = size;
        Flow::Hold
    }
}

/// The message that a request awaits.
fn awaited(outcome: &Outcome<'_>) -> Option<Message> {
    match outcome.verdict.awaits() {
        Awaits::Nothing => None,
        Awaits::Body => Some(Message::Request),
        Awaits::Answer => Some(Message::Answer),
    }
}

/// The bytes of all names and values, as Envoy counts them.
fn size(headers: &[Header<'_>]) -> u64 {
    headers
        .iter()
        .map(|(name, value)| (name.len() + value.len()) as u64)
        .sum()
}

#[cfg(test)]
mod tests;
