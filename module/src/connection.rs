//! The downstream connection, read once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use dagward::caller::Principal;
use dagward::exchange::Connection;
use dagward::verdict::Direction;

use super::abi;

/// How many connections a VM remembers; over that it forgets all and reads them again.
const MAX_REMEMBERED: usize = 1024;

/// The connection of the stream in whose callback this is called.
pub(super) fn current() -> Rc<Connection> {
    thread_local! {
        static KNOWN: RefCell<HashMap<u64, Rc<Connection>>> = RefCell::default();
    }
    // Envoy never gives an id again while it runs.
    let Some(id) = abi::number(b"connection_id") else {
        return Rc::new(read());
    };
    KNOWN.with_borrow_mut(|known| {
        if let Some(connection) = known.get(&id) {
            return Rc::clone(connection);
        }
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        let connection = Rc::new(read());
        known.insert(id, Rc::clone(&connection));
        connection
    })
}

fn read() -> Connection {
    // A listener that names no direction is checked like an inbound one.
    let listener = match abi::number(b"xds\0listener_direction") {
        Some(2) => Direction::Outbound,
        _ => Direction::Inbound,
    };
    let tls = abi::property(b"connection\0mtls").as_deref() == Some(&[1]);
    let tunnelled = (!tls)
        .then(|| abi::text(b"filter_state\0io.istio.peer_principal"))
        .flatten();
    let peer = match &tunnelled {
        // The peer's URI SAN. Headers say nothing of it.
        None if tls => abi::text(b"connection\0uri_san_peer_certificate"),
        principal => principal.clone(),
    };
    Connection {
        listener,
        peer: peer.map(|id| Principal::parse(&id)).transpose(),
        // One that cannot be read makes no peer a stamper.
        own: abi::text(b"connection\0uri_san_local_certificate").and_then(|id| Principal::parse(&id).ok()),
        tunnelled: tunnelled.is_some(),
        port: abi::number(b"destination\0port").map_or(String::new(), |port| port.to_string()),
    }
}
