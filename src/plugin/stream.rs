//! One request: read, led through the rooms, answered or passed on, counted.

use std::rc::Rc;
use std::time::Instant;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType, MapType};

use crate::caller::Header;
use crate::learn::{MAX_ANSWER_BYTES, read_run};
use crate::measure::{Decision, Direction};
use crate::operation::{Body, MAX_BODY_BYTES};
use crate::stamp::{Edit, RequestId, correlation_id};
use crate::walk::Outcome;

use super::connection::Connection;
use super::decide::caller;
use super::decided::Decided;
use super::incoming::{self, Stage, header};
use super::{Plugin, abi, answer, pairs, random, tasks};

const REQUEST_ID: &str = "x-request-id";
const CORRELATION_ID: &str = "correlation-id";

/// One request and its answer.
pub(super) struct Stream {
    plugin: Rc<Plugin>,
    decided: Option<Decided>,
    held: Option<Held>,
    /// Whether the answer's body has been replaced by a refusal.
    replaced: bool,
}

/// A request that passed, and is decided again once what it awaits is there.
struct Held {
    /// The headers, serialized.
    headers: Vec<u8>,
    awaited: Awaited,
    /// The bytes of it so far.
    size: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    /// The request's body.
    Body,
    /// The answer's.
    Answer,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let since = Instant::now();
        let bytes = abi::headers(MapType::HttpRequestHeaders).unwrap_or_default();
        let body = if end_of_stream {
            Body::Whole(&[])
        } else {
            Body::Pending
        };
        let connection = Connection::current();
        let plugin = Rc::clone(&self.plugin);
        let stage = Stage::Request(body);
        let (decided, awaits) = incoming::with(&plugin, &connection, &bytes, stage, since, |incoming| {
            let request_id = RequestId::keep_or_make(header(incoming.headers, REQUEST_ID), random);
            let outcome = plugin.decide(&connection, incoming, request_id.as_str(), false);
            if outcome.decision == Decision::Allow {
                stamp(&outcome, &request_id, header(incoming.headers, CORRELATION_ID));
            }
            let mut decided = Decided::new(&outcome, Rc::clone(&connection), request_id.as_str(), since);
            decided.request_bytes = size(incoming.headers);
            decided.task = incoming.token.task().map(str::to_owned);
            decided.bound = incoming
                .token
                .learned
                .is_some_and(|learned| learned.peer.is_some());
            (decided, Awaited::by(&outcome))
        });
        if decided.decision != Decision::Allow {
            answer::refuse(&decided);
        }
        self.held = awaits.map(|awaited| Held {
            headers: bytes,
            awaited,
            size: 0,
        });
        self.go_on(decided)
    }

    /// Holds back the body that decides, until all of it is there. The headers have gone: the
    /// proxy calls for no body while it holds them.
    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if let (None, Some(decided)) = (&self.held, &mut self.decided) {
            decided.request_bytes += size as u64;
        }
        match self.held(Awaited::Body) {
            Some(held) if !end_of_stream && size <= MAX_BODY_BYTES => held.wait(size),
            Some(held) => {
                held.size = size;
                self.decide_by_body()
            }
            None => self.action(),
        }
    }

    /// The end of a body with trailers behind it.
    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        match self.held(Awaited::Body) {
            Some(_) => self.decide_by_body(),
            None => self.action(),
        }
    }

    fn on_http_response_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let Some(decided) = &mut self.decided else {
            return Action::Continue;
        };
        let map = MapType::HttpResponseHeaders;
        let bytes = abi::headers(map).unwrap_or_default();
        let headers = pairs::read(&bytes);
        let status = header(&headers, ":status").and_then(|status| std::str::from_utf8(status).ok());
        decided.status = status.and_then(|status| status.parse().ok()).unwrap_or(0);
        decided.response_bytes = size(&headers);
        abi::replace_header(map, REQUEST_ID, &decided.request_id);
        let (status, listener) = (decided.status, decided.connection.listener);
        if self.held(Awaited::Answer).is_none() {
            self.bind_if_accepted();
        } else if end_of_stream || status != 200 || !self.plugin.is_answered_by_airflow(listener) {
            // Only what Airflow grants teaches.
            self.held = None;
        } else if listener == Direction::Inbound {
            // The body may become another.
            abi::remove_header(map, "content-length");
            if let Some(decided) = &self.decided {
                decided.suspend();
            }
        }
        Action::Continue
    }

    /// Holds back the answer that names the DAG, until all of it is there.
    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if let (None, Some(decided)) = (&self.held, &mut self.decided) {
            decided.response_bytes += size as u64;
        }
        match self.held(Awaited::Answer) {
            Some(held) if !end_of_stream && size <= MAX_ANSWER_BYTES => held.wait(size),
            Some(held) => {
                held.size = size;
                self.decide_by_answer();
                Action::Continue
            }
            None => {
                if self.replaced {
                    abi::set_response_body(size, b"");
                }
                Action::Continue
            }
        }
    }

    /// The end of an answer with trailers behind it.
    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        if self.held(Awaited::Answer).is_some() {
            self.decide_by_answer();
        }
        Action::Continue
    }
}

/// Counts the request, once for each, whatever became of it. One that another filter answered
/// before this one saw it is not counted. The host lets go of every stream, so this needs no call
/// of its own to say that the request is over.
impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(decided) = &self.decided {
            decided.count(caller(&self.plugin, &decided.connection));
        }
    }
}

impl Stream {
    pub(super) fn new(plugin: Rc<Plugin>) -> Self {
        Self {
            plugin,
            decided: None,
            held: None,
            replaced: false,
        }
    }

    /// What is held until `awaited` is there.
    fn held(&mut self, awaited: Awaited) -> Option<&mut Held> {
        self.held.as_mut().filter(|held| held.awaited == awaited)
    }

    /// Decides again, with the body.
    fn decide_by_body(&mut self) -> Action {
        let (Some(held), Some(mut before)) = (self.held.take(), self.decided.take()) else {
            return self.action();
        };
        before.request_bytes += held.size as u64;
        let bytes = match held.size {
            0 => Some(Vec::new()),
            1..=MAX_BODY_BYTES => abi::buffer(BufferType::HttpRequestBody, held.size),
            _ => None,
        };
        // What cannot be had is not taken for empty.
        let body = bytes.as_deref().map_or(Body::TooLong, Body::Whole);
        let decided = self.decide_again(&before, &held, Stage::Request(body));
        if decided.decision != Decision::Allow {
            answer::refuse(&decided);
        }
        self.go_on(decided)
    }

    /// Learns from Airflow's answer, and decides again. The answer's status has gone; in place of
    /// its body the caller gets the refusal, which is no answer that Airflow's supervisor starts a
    /// task with.
    fn decide_by_answer(&mut self) {
        let (Some(held), Some(mut before)) = (self.held.take(), self.decided.take()) else {
            return;
        };
        before.response_bytes += held.size as u64;
        let run = (held.size <= MAX_ANSWER_BYTES)
            .then(|| abi::buffer(BufferType::HttpResponseBody, held.size))
            .flatten()
            .and_then(|body| read_run(&body));
        if let (Some(task), Some(run)) = (&before.task, run) {
            let listener = before.connection.listener;
            tasks::learn(listener, task, |learned| learned.run = Some(run.clone()));
        }
        let decided = self.decide_again(&before, &held, Stage::Answered);
        if decided.decision != Decision::Allow {
            abi::set_response_body(held.size, &answer::body(&decided));
            self.replaced = true;
            decided.disown();
        } else {
            decided.acquit();
        }
        self.decided = Some(decided);
        self.bind_if_accepted();
    }

    /// Takes note whose the token is, once neither Airflow nor the policy has refused it.
    fn bind_if_accepted(&mut self) {
        if let Some(decided) = &mut self.decided
            && (200..300).contains(&decided.status)
            && decided.decision == Decision::Allow
        {
            decided.bind();
        }
    }

    fn decide_again(&self, before: &Decided, held: &Held, stage: Stage<'_>) -> Decided {
        let (plugin, connection) = (&self.plugin, &before.connection);
        incoming::with(
            plugin,
            connection,
            &held.headers,
            stage,
            before.since,
            |incoming| {
                let outcome = plugin.decide(connection, incoming, &before.request_id, true);
                before.again(&outcome)
            },
        )
    }

    fn go_on(&mut self, decided: Decided) -> Action {
        self.decided = Some(decided);
        self.action()
    }

    /// Nothing of a request that is refused goes on.
    fn action(&self) -> Action {
        match &self.decided {
            Some(decided) if decided.decision != Decision::Allow => Action::Pause,
            _ => Action::Continue,
        }
    }
}

impl Awaited {
    fn by(outcome: &Outcome<'_>) -> Option<Self> {
        match outcome.decision {
            Decision::Allow if outcome.awaits_body => Some(Self::Body),
            Decision::Allow if outcome.awaits_answer => Some(Self::Answer),
            _ => None,
        }
    }
}

impl Held {
    fn wait(&mut self, size: usize) -> Action {
        self.size = size;
        Action::Pause
    }
}

/// Changes the request's headers, each change at the price of choosing its route anew.
fn stamp(outcome: &Outcome<'_>, request_id: &RequestId<'_>, correlation: Option<&[u8]>) {
    let map = MapType::HttpRequestHeaders;
    if outcome.awaits_answer {
        // A compressed answer could not be read.
        abi::remove_header(map, "accept-encoding");
    }
    for edit in &outcome.edits {
        match edit {
            Edit::Set(name, value) => abi::replace_header(map, name, value),
            Edit::Remove(name) => abi::remove_header(map, name),
        }
    }
    if let RequestId::Made(made) = request_id {
        abi::replace_header(map, REQUEST_ID, made);
    }
    let surface = outcome.operation.as_ref().map(|operation| operation.surface);
    if let Some(id) = surface.and_then(|surface| correlation_id(surface, correlation, request_id.as_str())) {
        abi::replace_header(map, CORRELATION_ID, id);
    }
}

/// The bytes of all names and values, as Envoy counts them.
fn size(headers: &[Header<'_>]) -> u64 {
    headers
        .iter()
        .map(|(name, value)| (name.len() + value.len()) as u64)
        .sum()
}
