//! A request as the rooms take it, out of what the host gives.

use std::borrow::Cow;
use std::time::Instant;

use crate::caller::{Credential, Header, credential};
use crate::measure::Direction;
use crate::operation::{Body, Request, host_of};
use crate::walk::{Incoming, Token};

use super::connection::Connection;
use super::{Plugin, abi, pairs, tasks};

/// How far a request has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage<'a> {
    /// It is still at the filter, with this much of its body.
    Request(Body<'a>),
    /// Airflow has answered it.
    Answered,
}

/// Calls `then` with the request that came at `since` and whose headers are `bytes`, serialized.
pub(super) fn with<T>(
    plugin: &Plugin,
    connection: &Connection,
    bytes: &[u8],
    stage: Stage<'_>,
    since: Instant,
    then: impl FnOnce(&Incoming<'_>) -> T,
) -> T {
    let headers = pairs::read(bytes);
    let (method, target) = (text(&headers, ":method"), text(&headers, ":path"));
    let authority = text(&headers, ":authority");
    let host = host_of(&authority);
    let cluster = match connection.listener {
        Direction::Inbound => Vec::new(),
        Direction::Outbound => abi::property(b"xds\0cluster_name").unwrap_or_default(),
    };
    let credential = match connection.listener {
        // It decides nothing there, and is not read.
        Direction::Outbound if !plugin.learns_outbound() => Credential::Absent,
        Direction::Inbound | Direction::Outbound => credential(&headers),
    };
    let credential = credential.as_deref();
    let learned = credential
        .task()
        .and_then(|task| tasks::known(connection.listener, task));
    let (body, answered) = match stage {
        Stage::Request(body) => (body, false),
        Stage::Answered => (Body::Pending, true),
    };
    then(&Incoming {
        listener: connection.listener,
        peer: connection.peer.as_ref().map(Option::as_ref),
        request: Request {
            method: &method,
            target: &target,
            host: &host,
            body,
        },
        headers: &headers,
        cluster: &cluster,
        token: Token {
            credential,
            learned: learned.as_ref(),
            answered,
        },
        judges: plugin.judges(since),
    })
}

/// The value of a header that is there once.
pub(super) fn header<'h>(headers: &[Header<'h>], name: &str) -> Option<&'h [u8]> {
    let mut values = headers
        .iter()
        .filter(|(other, _)| *other == name.as_bytes())
        .map(|(_, value)| *value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The value of a pseudo-header. What is not UTF-8 in it becomes U+FFFD, which no path may have. A
/// method or path that is not there, or there twice, is empty, and such a request is refused.
fn text<'h>(headers: &[Header<'h>], name: &str) -> Cow<'h, str> {
    header(headers, name)
        .map(String::from_utf8_lossy)
        .unwrap_or_default()
}
