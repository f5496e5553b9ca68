//! A request as the rooms take it, out of what the host gives.

use std::borrow::Cow;

use crate::caller::Header;
use crate::measure::Direction;
use crate::operation::{Body, Request, host_of};
use crate::walk::Incoming;

use super::connection::Connection;
use super::{abi, pairs};

/// Calls `then` with the request whose headers are `bytes`, serialized.
pub(super) fn with<T>(
    connection: &Connection,
    bytes: &[u8],
    body: Body<'_>,
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

/// The value of a pseudo-header. What is not UTF-8 in it becomes U+FFFD, which no path may have.
fn text<'h>(headers: &[Header<'h>], name: &str) -> Cow<'h, str> {
    header(headers, name)
        .map(String::from_utf8_lossy)
        .unwrap_or_default()
}
