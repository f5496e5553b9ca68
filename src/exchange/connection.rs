//! The facts that all requests of a connection share.

use std::collections::HashMap;
use std::rc::Rc;

use crate::caller::{BadPrincipal, Principal};
use crate::verdict::Direction;

/// The number of connections that a VM remembers. When it is exceeded, the VM forgets all of them and reads
/// them again.
const MAX_REMEMBERED: usize = 1024;

/// Envoy's number for a listener of outgoing traffic (`envoy.config.core.v3.TrafficDirection`).
const OUTBOUND: u64 = 2;

/// A downstream connection.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The listener's direction.
    pub listener: Direction,
    /// The peer's identity; `Ok(None)` for an anonymous peer.
    pub peer: Result<Option<Principal>, BadPrincipal>,
    /// The proxy's own identity, from the certificate that it presents on this connection; `None` behind
    /// HBONE. Without it, no peer is trusted for being in the proxy's own namespace. Behind HBONE such trust
    /// would be wrong: ztunnel also makes tunnels for pods without a sidecar, and nothing removes the task
    /// headers that these pods forge.
    pub own: Option<Principal>,
    /// Whether the connection came out of a tunnel (HBONE). The proxy may then stand in front of any pod.
    pub tunnelled: bool,
    /// The port of the connection, as text; empty if it is not known.
    pub port: String,
}

/// The proxy's attributes of a downstream connection. Each is read only when it is needed.
pub trait Downstream {
    /// The listener's direction, as Envoy numbers it.
    fn direction(&mut self) -> Option<u64>;

    /// Whether both sides have presented a certificate.
    fn is_mutual_tls(&mut self) -> bool;

    /// The URI SAN of the peer's certificate.
    fn peer_san(&mut self) -> Option<String>;

    /// The URI SAN of the proxy's own certificate.
    fn own_san(&mut self) -> Option<String>;

    /// The peer's identity, as the other end of a tunnel has verified it.
    fn tunnel_peer(&mut self) -> Option<String>;

    /// The port of the connection.
    fn port(&mut self) -> Option<u64>;
}

/// The connections that a VM has read, by Envoy's ids.
#[derive(Debug, Default)]
pub struct Connections(HashMap<u64, Rc<Connection>>);

impl Connection {
    /// Reads a connection from the proxy's attributes, and never from headers.
    pub fn read(downstream: &mut impl Downstream) -> Self {
        // A listener without a direction is checked like an inbound one.
        let listener = match downstream.direction() {
            Some(OUTBOUND) => Direction::Outbound,
            _ => Direction::Inbound,
        };
        let tls = downstream.is_mutual_tls();
        let tunnel_peer = match tls {
            true => None,
            false => downstream.tunnel_peer(),
        };
        let tunnelled = tunnel_peer.is_some();
        let peer = match tls {
            true => downstream.peer_san(),
            false => tunnel_peer,
        };
        Self {
            listener,
            peer: peer.map(|id| Principal::parse(&id)).transpose(),
            // An unreadable own identity makes no peer trusted.
            own: downstream.own_san().and_then(|id| Principal::parse(&id).ok()),
            tunnelled,
            port: downstream.port().map_or(String::new(), |port| port.to_string()),
        }
    }

    /// The label of the caller: the peer, or on its own outbound listener the proxy itself.
    pub fn caller<'c>(&'c self, proxy: &'c str) -> &'c str {
        match self.listener {
            Direction::Inbound => self.peer_id(),
            Direction::Outbound => proxy,
        }
    }

    /// The peer's SPIFFE ID; empty for an anonymous peer.
    pub(super) fn peer_id(&self) -> &str {
        match &self.peer {
            Ok(Some(principal)) => principal.as_str(),
            Ok(None) | Err(_) => "",
        }
    }
}

impl Connections {
    /// The connection with this id. Envoy never reuses an id while it runs.
    pub fn get(&mut self, id: Option<u64>, downstream: &mut impl Downstream) -> Rc<Connection> {
        let Some(id) = id else {
            return Rc::new(Connection::read(downstream));
        };
        if let Some(connection) = self.0.get(&id) {
            return Rc::clone(connection);
        }
        if self.0.len() >= MAX_REMEMBERED {
            self.0.clear();
        }
        let connection = Rc::new(Connection::read(downstream));
        self.0.insert(id, Rc::clone(&connection));
        connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKER: &str = "spiffe://td/ns/airflow/sa/worker";
    const OTHER: &str = "spiffe://td/ns/airflow/sa/other";

    #[derive(Default)]
    struct Attributes {
        direction: Option<u64>,
        tls: bool,
        peer: Option<&'static str>,
        own: Option<&'static str>,
        tunnel: Option<&'static str>,
        reads: usize,
    }

    impl Downstream for Attributes {
        fn direction(&mut self) -> Option<u64> {
            self.reads += 1;
            self.direction
        }

        fn is_mutual_tls(&mut self) -> bool {
            self.tls
        }

        fn peer_san(&mut self) -> Option<String> {
            self.peer.map(str::to_owned)
        }

        fn own_san(&mut self) -> Option<String> {
            self.own.map(str::to_owned)
        }

        fn tunnel_peer(&mut self) -> Option<String> {
            self.tunnel.map(str::to_owned)
        }

        fn port(&mut self) -> Option<u64> {
            Some(8080)
        }
    }

    #[test]
    fn only_a_listener_that_says_so_is_outbound() {
        for (direction, expected) in [
            (None, Direction::Inbound),
            (Some(0), Direction::Inbound),
            (Some(1), Direction::Inbound),
            (Some(2), Direction::Outbound),
        ] {
            let mut attributes = Attributes {
                direction,
                ..Attributes::default()
            };
            let connection = Connection::read(&mut attributes);
            assert_eq!(
                (connection.listener, connection.port.as_str()),
                (expected, "8080")
            );
        }
    }

    #[test]
    fn the_peer_is_the_certificate_s_and_else_the_tunnel_s() {
        for (tls, peer, tunnel, expected, tunnelled) in [
            (true, Some(WORKER), Some(OTHER), WORKER, false),
            (true, None, Some(OTHER), "", false),
            (false, Some(WORKER), Some(OTHER), OTHER, true),
            // The proxy did not request the certificate, or did not verify it.
            (false, Some(WORKER), None, "", false),
        ] {
            let connection = Connection::read(&mut Attributes {
                tls,
                peer,
                tunnel,
                ..Attributes::default()
            });
            let is_read = (connection.peer_id(), connection.tunnelled);
            assert_eq!(is_read, (expected, tunnelled), "{tls} {peer:?} {tunnel:?}");
        }
    }

    #[test]
    fn an_identity_that_cannot_be_read_is_malformed_and_no_proof_of_the_proxy_s_own() {
        let connection = Connection::read(&mut Attributes {
            tls: true,
            peer: Some("https://worker"),
            own: Some("https://own"),
            ..Attributes::default()
        });
        assert!(connection.peer.is_err());
        assert!(connection.own.is_none());
    }

    #[test]
    fn a_connection_is_read_once_and_none_is_remembered_for_ever() {
        let (mut connections, mut attributes) = (Connections::default(), Attributes::default());
        for _ in 0..3 {
            connections.get(Some(7), &mut attributes);
        }
        assert_eq!(attributes.reads, 1);
        for id in 0..10 * MAX_REMEMBERED as u64 {
            connections.get(Some(id), &mut attributes);
            assert!(connections.0.len() <= MAX_REMEMBERED);
        }
        // Without an id, each could be another connection.
        let before = attributes.reads;
        connections.get(None, &mut attributes);
        connections.get(None, &mut attributes);
        assert_eq!(attributes.reads, before + 2);
    }
}
