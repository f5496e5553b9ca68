//! Assembles a request for the engine from its headers.

use std::borrow::Cow;

use super::connection::Connection;
use super::host::Host;
use super::setting::Setting;
use crate::authorize::{Incoming, Token};
use crate::caller::{Credential, TaskInstanceId, credential};
use crate::learn::{Answerer, Learned, Tasks};
use crate::operation::{Body, Request, host_of};
use crate::verdict::Direction;
use crate::wire::Header;
use crate::wire::pairs::{self, header};

/// The stage of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage<'a> {
    /// The request is still at the filter, with this part of its body.
    Request(Body<'a>),
    /// Airflow has answered the request.
    Answered,
}

/// Calls `then` with the request whose serialized headers are `bytes`.
pub(super) fn with<H: Host, T>(
    setting: &Setting<'_>,
    connection: &Connection,
    bytes: &[u8],
    stage: Stage<'_>,
    host: &mut H,
    then: impl FnOnce(&Incoming<'_>, &mut H) -> T,
) -> T {
    let headers = pairs::read(bytes);
    let (method, target) = (text(&headers, ":method"), text(&headers, ":path"));
    let authority = text(&headers, ":authority");
    let authority = host_of(&authority);
    let cluster = match connection.listener {
        Direction::Inbound => Vec::new(),
        Direction::Outbound => host.cluster(),
    };
    let credential = match connection.listener {
        // The credential has no effect there, so it is not read.
        Direction::Outbound if !setting.learns_outbound() => Credential::Absent,
        Direction::Inbound | Direction::Outbound => credential(&headers),
    };
    let credential = credential.as_deref();
    let learned = credential
        .task()
        .and_then(|task| known(setting, connection, task, host));
    let (body, answered) = match stage {
        Stage::Request(body) => (body, false),
        Stage::Answered => (Body::Pending, true),
    };
    // On an outbound listener the server's certificate is known only with its answer.
    let elsewhere = connection.listener == Direction::Inbound
        && credential.task().is_some()
        && !setting.stands_before_api_server(connection, host);
    let request = Request {
        method: &method,
        target: &target,
        host: &authority,
        body,
    };
    let incoming = Incoming {
        peer: connection.peer.as_ref().map(Option::as_ref),
        port: &connection.port,
        cluster: &cluster,
        token: Token {
            credential,
            learned: learned.as_ref(),
            callback: None,
            answered,
            elsewhere,
        },
        verifiers: setting.verifiers,
        ..Incoming::new(connection.listener, request, &headers)
    };
    then(&incoming, host)
}

/// The server that will answer a request on `connection`. For an outbound request this means all api-servers
/// whose certificates the document names: one request may reach an api-server through one service, and the
/// next request another.
pub(super) fn answerer(connection: &Connection) -> Answerer<'_> {
    Answerer {
        direction: connection.listener,
        port: match connection.listener {
            Direction::Inbound => &connection.port,
            Direction::Outbound => "",
        },
    }
}

fn known(
    setting: &Setting<'_>,
    connection: &Connection,
    task: TaskInstanceId<&str>,
    host: &mut impl Host,
) -> Option<Learned> {
    let uptime = host.uptime();
    Tasks::new(host, setting.key, uptime).get(answerer(connection), task, connection.peer_id())
}

/// The value of a pseudo-header. Bytes that are not UTF-8 become U+FFFD, which no path may contain. A missing
/// or repeated method or path becomes empty, and such a request is refused.
fn text<'h>(headers: &[Header<'h>], name: &str) -> Cow<'h, str> {
    header(headers, name)
        .map(String::from_utf8_lossy)
        .unwrap_or_default()
}
