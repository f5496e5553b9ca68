//! A port, usually of loopback, that is kept for one process after the other.
//!
//! Sidecars name each other's addresses before any of them runs, and a sidecar takes the place of
//! another. So a port is chosen by the system and kept bound, without listening, as long as its handle
//! lives: the system gives it to nobody else, and a server that sets `SO_REUSEADDR`, as all do, can
//! listen on it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use tokio::net::TcpSocket;

/// A kept port.
#[derive(Debug)]
pub struct Port {
    _socket: TcpSocket,
    address: SocketAddr,
}

impl Port {
    /// A port of loopback that nobody uses.
    pub fn reserve() -> Result<Self> {
        Self::reserve_on(Ipv4Addr::LOCALHOST.into())
    }

    /// A port that nobody uses of one of this machine's addresses.
    pub fn reserve_on(ip: IpAddr) -> Result<Self> {
        let socket = match ip {
            IpAddr::V4(_) => TcpSocket::new_v4(),
            IpAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        socket.set_reuseaddr(true)?;
        // Envoy binds with `SO_REUSEPORT`, which wants it of all that are bound.
        socket.set_reuseport(true)?;
        socket
            .bind((ip, 0).into())
            .with_context(|| format!("no port of {ip} can be had"))?;
        let address = socket.local_addr()?;
        Ok(Self {
            _socket: socket,
            address,
        })
    }

    /// Where a server is to listen.
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
