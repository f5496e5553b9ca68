//! One request: read, led through the rooms, answered or passed on, counted.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use log::{info, warn};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel, MapType};

use crate::caller::{Acting, Header};
use crate::measure::{Decision, Direction, Ledger, Traffic};
use crate::operation::{Request, host_of};
use crate::stamp::{Edit, RequestId, correlation_id};
use crate::walk::{self, Code, Incoming, Outcome, Proxy};

use super::connection::Connection;
use super::meter::Host;
use super::{Plugin, abi, answer, pairs};

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
        let headers = pairs::read(&bytes);
        let (method, target) = (header_text(&headers, ":method"), header_text(&headers, ":path"));
        let authority = header_text(&headers, ":authority");
        let host = host_of(&authority);
        let request_id = RequestId::keep_or_make(header(&headers, REQUEST_ID), random);
        let connection = Connection::current();
        let cluster = match connection.listener {
            Direction::Inbound => Vec::new(),
            Direction::Outbound => abi::property(b"xds\0cluster_name").unwrap_or_default(),
        };
        let incoming = Incoming {
            listener: connection.listener,
            peer: connection.peer.as_ref().map(Option::as_ref),
            request: Request {
                method: &method,
                target: &target,
                host: &host,
            },
            headers: &headers,
            cluster: &cluster,
        };
        let proxy = Proxy {
            identity: connection.own.as_ref(),
            pod: self.plugin.node.pod.as_ref(),
        };
        let plugin = Rc::clone(&self.plugin);
        let outcome = walk::walk(plugin.configuration.ruleset.as_ref(), proxy, &incoming);
        let caller = caller(&plugin, &connection);
        set_properties(&outcome, caller);
        self.log_refusal(&outcome, caller, &incoming, request_id.as_str());
        let refused = outcome.decision != Decision::Allow;
        if refused {
            answer::refuse(&outcome, request_id.as_str());
        } else {
            stamp(&outcome, &request_id, header(&headers, CORRELATION_ID));
        }
        let mut decided = Decided::new(&outcome, Rc::clone(&connection), request_id.as_str(), since);
        decided.headers_only = end_of_stream.then(|| size(&headers));
        self.decided = Some(decided);
        if refused { Action::Pause } else { Action::Continue }
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
        }
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
        let reasons = walk::reasons(
            self.plugin.configuration.ruleset.as_ref(),
            outcome,
            incoming,
            false,
        );
        let Request { method, target, host } = incoming.request;
        let acting = outcome
            .acting
            .as_deref()
            .map_or("", |acting| acting.dag_id.as_str());
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

/// The label of who asks: the peer, or on its own outbound listener the proxy itself.
fn caller<'p>(plugin: &'p Plugin, connection: &'p Connection) -> &'p str {
    match connection.listener {
        Direction::Inbound => match &connection.peer {
            Ok(Some(principal)) => principal.as_str(),
            Ok(None) | Err(_) => "",
        },
        Direction::Outbound => &plugin.node.label,
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

/// Sets the filter state that Istio's Telemetry, access logs and traces read.
fn set_properties(outcome: &Outcome<'_>, caller: &str) {
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
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            abi::set_property(name, value.as_bytes());
        }
    }
}

/// The bytes of all names and values, as Envoy counts them.
fn size(headers: &[Header<'_>]) -> u64 {
    headers
        .iter()
        .map(|(name, value)| (name.len() + value.len()) as u64)
        .sum()
}

/// The value of a header that is there once.
fn header<'h>(headers: &[Header<'h>], name: &str) -> Option<&'h [u8]> {
    let mut values = headers
        .iter()
        .filter(|(other, _)| *other == name.as_bytes())
        .map(|(_, value)| *value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The value of a pseudo-header. What is not UTF-8 in it becomes U+FFFD, which no path may have.
fn header_text<'h>(headers: &[Header<'h>], name: &str) -> std::borrow::Cow<'h, str> {
    header(headers, name)
        .map(String::from_utf8_lossy)
        .unwrap_or_default()
}

/// Random bytes. Where the host has none the id is a constant: a poor one, but no panic.
fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    bytes
}
