//! One request: read, led through the rooms, answered or passed on, counted.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, MapType};

use crate::caller::{Acting, Header};
use crate::measure::{Decision, Ledger, Traffic};
use crate::operation::{Body, MAX_BODY_BYTES};
use crate::stamp::{Edit, RequestId, correlation_id};
use crate::walk::{Code, Outcome};

use super::connection::Connection;
use super::decide::caller;
use super::incoming::{self, header};
use super::meter::Host;
use super::{Plugin, abi};

const REQUEST_ID: &str = "x-request-id";
const CORRELATION_ID: &str = "correlation-id";

/// Runs `then` with the VM's ledger. There is one for all plugins in the VM, as defining a metric
/// twice takes memory twice.
pub(super) fn ledger(then: impl FnOnce(&mut Ledger)) {
    thread_local! {
        static LEDGER: RefCell<Ledger> = RefCell::default();
    }
    LEDGER.with_borrow_mut(then);
}

/// One request and its answer.
pub(super) struct Stream {
    plugin: Rc<Plugin>,
    decided: Option<Decided>,
    waiting: Option<Waiting>,
}

/// A request that passed at its headers, and is decided again once its body is there.
struct Waiting {
    /// The headers, serialized.
    headers: Vec<u8>,
    /// The bytes of the body so far.
    size: usize,
}

/// What is kept of a request for its answer and its measures.
struct Decided {
    connection: Rc<Connection>,
    /// When the request's headers were there.
    since: Instant,
    /// The bytes of a request that is nothing but headers: known here, and dear to ask for later.
    headers_only: Option<u64>,
    /// The answer's status; 0 until there is one.
    status: u16,
    request_id: String,
    decision: Decision,
    code: Code,
    /// The policy that refused, or would have.
    policy: String,
    /// Why it would have been refused.
    shadow: Option<Code>,
    dag_id: String,
    task_id: String,
    action: &'static str,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let since = Instant::now();
        let bytes = abi::request_headers().unwrap_or_default();
        let body = if end_of_stream {
            Body::Whole(&[])
        } else {
            Body::Pending
        };
        let connection = Connection::current();
        let plugin = Rc::clone(&self.plugin);
        let (decided, awaits_body) = incoming::with(&connection, &bytes, body, |incoming| {
            let request_id = RequestId::keep_or_make(header(incoming.headers, REQUEST_ID), random);
            let outcome = plugin.decide(&connection, incoming, request_id.as_str());
            if outcome.decision == Decision::Allow {
                stamp(&outcome, &request_id, header(incoming.headers, CORRELATION_ID));
            }
            let mut decided = Decided::new(&outcome, Rc::clone(&connection), request_id.as_str(), since);
            decided.headers_only = end_of_stream.then(|| size(incoming.headers));
            (decided, outcome.awaits_body)
        });
        self.waiting = awaits_body.then_some(Waiting {
            headers: bytes,
            size: 0,
        });
        self.go_on(decided)
    }

    /// Holds back the body that decides, until all of it is there. The headers have gone: the
    /// proxy calls for no body while it holds them.
    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Some(waiting) = &mut self.waiting else {
            return self.action();
        };
        waiting.size = size;
        match end_of_stream || size > MAX_BODY_BYTES {
            true => self.decide_by_body(),
            false => Action::Pause,
        }
    }

    /// The end of a body with trailers behind it.
    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.decide_by_body()
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        if let Some(decided) = &mut self.decided {
            decided.status = abi::response_status().unwrap_or(0);
            abi::replace_header(MapType::HttpResponseHeaders, REQUEST_ID, &decided.request_id);
        }
        Action::Continue
    }

    /// Called once for every request, whatever became of it. A request that another filter
    /// answered before this one saw it is not counted here.
    fn on_log(&mut self) {
        let Some(decided) = &self.decided else { return };
        let reason = decided.code.as_str();
        let denied = (decided.decision != Decision::Allow).then_some((decided.policy.as_str(), reason));
        let shadow_denied = decided
            .shadow
            .map(|code| (decided.policy.as_str(), code.as_str()));
        let traffic = Traffic {
            direction: decided.connection.listener,
            caller: caller(&self.plugin, &decided.connection),
            dag_id: &decided.dag_id,
            task_id: &decided.task_id,
            action: decided.action,
            decision: decided.decision,
            code: decided.status,
            request_bytes: decided
                .headers_only
                .or_else(|| abi::number(b"request\0total_size"))
                .unwrap_or(0),
            response_bytes: abi::number(b"response\0total_size").unwrap_or(0),
            duration_ms: u64::try_from(decided.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            denied,
            shadow_denied,
        };
        ledger(|ledger| ledger.record(&traffic, &mut Host));
    }
}

impl Stream {
    pub(super) fn new(plugin: Rc<Plugin>) -> Self {
        Self {
            plugin,
            decided: None,
            waiting: None,
        }
    }

    /// Decides again, with the body.
    fn decide_by_body(&mut self) -> Action {
        let (Some(Waiting { headers, size }), Some(before)) = (self.waiting.take(), self.decided.take())
        else {
            return self.action();
        };
        let bytes = match size {
            0 => Some(Vec::new()),
            1..=MAX_BODY_BYTES => abi::request_body(size),
            _ => None,
        };
        // What cannot be had is not taken for empty.
        let body = bytes.as_deref().map_or(Body::TooLong, Body::Whole);
        let plugin = Rc::clone(&self.plugin);
        let decided = incoming::with(&before.connection, &headers, body, |incoming| {
            let outcome = plugin.decide(&before.connection, incoming, &before.request_id);
            Decided::new(
                &outcome,
                Rc::clone(&before.connection),
                &before.request_id,
                before.since,
            )
        });
        self.go_on(decided)
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

impl Decided {
    fn new(outcome: &Outcome<'_>, connection: Rc<Connection>, request_id: &str, since: Instant) -> Self {
        let refusing = match outcome.shadow {
            Some((policy, _)) => policy,
            None => outcome.by.map_or("", |(policy, _)| policy),
        };
        let acting = outcome.acting.as_deref();
        let text = |field: fn(&Acting) -> Option<&str>| acting.and_then(field).unwrap_or_default().to_owned();
        Self {
            connection,
            since,
            headers_only: None,
            status: 0,
            request_id: request_id.to_owned(),
            decision: outcome.decision,
            code: outcome.code,
            policy: refusing.to_owned(),
            shadow: outcome.shadow.map(|(_, code)| code),
            dag_id: text(|acting| Some(&acting.dag_id)),
            task_id: text(|acting| acting.task_id.as_deref()),
            action: outcome
                .operation
                .as_ref()
                .map_or("", |operation| operation.action_label()),
        }
    }
}

/// Changes the request's headers, each change at the price of choosing its route anew.
fn stamp(outcome: &Outcome<'_>, request_id: &RequestId<'_>, correlation: Option<&[u8]>) {
    let map = MapType::HttpRequestHeaders;
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

/// Random bytes. Where the host has none the id is a constant: a poor one, but no panic.
fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    bytes
}
