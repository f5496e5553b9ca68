//! What is the same for all requests of a connection, read once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::caller::{BadPrincipal, Principal};
use crate::measure::Direction;

use super::abi;

/// How many connections a VM remembers; over that it forgets all and reads them again.
const MAX_REMEMBERED: usize = 1024;

/// A downstream connection.
pub(super) struct Connection {
    /// The listener's direction.
    pub(super) listener: Direction,
    /// The peer's identity.
    pub(super) peer: Result<Option<Principal>, BadPrincipal>,
    /// The proxy's own identity on this connection. Behind HBONE it has none that says anything of the
    /// peer: ztunnel makes tunnels for pods without a sidecar, which take no task headers away, so that
    /// being of the proxy's own namespace is no reason to believe them.
    pub(super) own: Option<Principal>,
}

impl Connection {
    /// The connection of the stream in whose callback this is called.
    pub(super) fn current() -> Rc<Self> {
        thread_local! {
            static KNOWN: RefCell<HashMap<u64, Rc<Connection>>> = RefCell::default();
        }
        // Envoy never gives an id again while it runs.
        let Some(id) = abi::number(b"connection_id") else {
            return Rc::new(Self::read());
        };
        KNOWN.with_borrow_mut(|known| {
            if let Some(connection) = known.get(&id) {
                return Rc::clone(connection);
            }
            if known.len() >= MAX_REMEMBERED {
                known.clear();
            }
            let connection = Rc::new(Self::read());
            known.insert(id, Rc::clone(&connection));
            connection
        })
    }

    fn read() -> Self {
        // A listener that says no direction is checked like an inbound one.
        let listener = match abi::number(b"xds\0listener_direction") {
            Some(2) => Direction::Outbound,
            _ => Direction::Inbound,
        };
        Self {
            listener,
            peer: peer().map(|id| Principal::parse(&id)).transpose(),
            // One that cannot be read makes no peer a stamper.
            own: abi::text(b"connection\0uri_san_local_certificate")
                .and_then(|id| Principal::parse(&id).ok()),
        }
    }
}

/// The peer's URI SAN from mTLS, else what HBONE's terminating listener found. Headers say
/// nothing of it.
fn peer() -> Option<String> {
    match abi::property(b"connection\0mtls").as_deref() {
        Some(&[1]) => abi::text(b"connection\0uri_san_peer_certificate"),
        _ => abi::text(b"filter_state\0io.istio.peer_principal"),
    }
}

/// The identity of who answers the current request, from the certificate of the connection on which
/// it does. Without TLS there is none. From one that cannot be read nothing is learned.
pub(super) fn upstream() -> Option<Principal> {
    let san = abi::text(b"upstream\0uri_san_peer_certificate")?;
    Principal::parse(&san).ok()
}
