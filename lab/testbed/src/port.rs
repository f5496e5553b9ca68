//! A port, usually of loopback, that is reserved for several processes, one after the other.
//!
//! Sidecars know each other's addresses before any of them runs, and a new sidecar replaces an old
//! one. So the system chooses a port, and the handle keeps it bound without listening: the system
//! gives it to no other process, and a server that sets `SO_REUSEADDR`, as all do, can listen on
//! it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use tokio::net::TcpSocket;

/// A reserved port.
#[derive(Debug)]
pub struct Port {
    _socket: TcpSocket,
    address: SocketAddr,
}

impl Port {
    /// Reserves a free port of loopback.
    pub fn reserve() -> Result<Self> {
        Self::reserve_on(Ipv4Addr::LOCALHOST.into())
    }

    /// Reserves a free port of one of this machine's addresses.
    pub fn reserve_on(ip: IpAddr) -> Result<Self> {
        let socket = match ip {
            IpAddr::V4(_) => TcpSocket::new_v4(),
            IpAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        socket.set_reuseaddr(true)?;
        // Envoy binds with `SO_REUSEPORT`, which every socket on the port must set.
        socket.set_reuseport(true)?;
        socket
            .bind((ip, 0).into())
            .with_context(|| format!("cannot reserve a port of {ip}"))?;
        let address = socket.local_addr()?;
        Ok(Self {
            _socket: socket,
            address,
        })
    }

    /// The address for a server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn servers_listen_on_it_one_after_the_other() {
        let port = Port::reserve().unwrap();
        assert!(TcpStream::connect(port.address()).is_err());
        for _ in 0..2 {
            // The standard library sets `SO_REUSEADDR`.
            let server = TcpListener::bind(port.address()).unwrap();
            TcpStream::connect(port.address()).unwrap();
            drop(server);
        }
    }
}
