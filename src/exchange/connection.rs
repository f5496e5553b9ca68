//! The facts that are the same for all requests of a connection.

use crate::caller::{BadPrincipal, Principal};
use crate::verdict::Direction;

/// A downstream connection.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The listener's direction.
    pub listener: Direction,
    /// The peer's identity; `Ok(None)` where it has none.
    pub peer: Result<Option<Principal>, BadPrincipal>,
    /// The proxy's own identity, from the certificate that it shows on this connection. Behind HBONE
    /// there is none, and none that could say anything of the peer: ztunnel makes tunnels for pods
    /// without a sidecar, which take no task headers away, so that being of the proxy's own namespace
    /// is no reason to believe them.
    pub own: Option<Principal>,
    /// Whether it came out of a tunnel (HBONE), so that the proxy may stand before any pod.
    pub tunnelled: bool,
    /// The port that it came to, as text; empty where it is not known.
    pub port: String,
}

impl Connection {
    /// The label of the caller: the peer, or on its own outbound listener the proxy itself.
    pub fn caller<'c>(&'c self, proxy: &'c str) -> &'c str {
        match self.listener {
            Direction::Inbound => self.peer_id(),
            Direction::Outbound => proxy,
        }
    }

    /// The peer's SPIFFE ID; empty where it has none.
    pub(super) fn peer_id(&self) -> &str {
        match &self.peer {
            Ok(Some(principal)) => principal.as_str(),
            Ok(None) | Err(_) => "",
        }
    }
}
