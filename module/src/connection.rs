//! The downstream connection, read once.

use std::cell::RefCell;
use std::rc::Rc;

use dagward::exchange::{Connection, Connections, Downstream};

use super::abi;
use super::host::Host;

/// The connection of the stream whose callback is running.
pub(super) fn current() -> Rc<Connection> {
    thread_local! {
        static KNOWN: RefCell<Connections> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| known.get(abi::number(b"connection_id"), &mut Host))
}

impl Downstream for Host {
    fn direction(&mut self) -> Option<u64> {
        abi::number(b"xds\0listener_direction")
    }

    fn is_mutual_tls(&mut self) -> bool {
        abi::property(b"connection\0mtls").as_deref() == Some(&[1])
    }

    fn peer_san(&mut self) -> Option<String> {
        abi::text(b"connection\0uri_san_peer_certificate")
    }

    fn own_san(&mut self) -> Option<String> {
        abi::text(b"connection\0uri_san_local_certificate")
    }

    fn tunnel_peer(&mut self) -> Option<String> {
        abi::text(b"filter_state\0io.istio.peer_principal")
    }

    fn port(&mut self) -> Option<u64> {
        abi::number(b"destination\0port")
    }
}
