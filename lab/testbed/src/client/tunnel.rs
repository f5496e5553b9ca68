//! HBONE, Istio's tunnel: a stream that an HTTP/2 `CONNECT` over mutual TLS opens.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use tokio::net::TcpStream;

use super::{Request, Stream, map, secured};
use crate::certs::Identity;
use crate::tls;

/// The parameters of a tunnel.
#[derive(Debug)]
pub(super) struct Tunnel {
    tls: Arc<ClientConfig>,
    connect: Request,
}

impl Tunnel {
    /// A tunnel as `identity`, opened by `connect`; the host of `connect` is the tunnel's target.
    pub(super) fn new(identity: &Identity, connect: &Request) -> Result<Self> {
        Ok(Self {
            tls: Arc::new(tls::client(identity, true, &["h2"])?),
            connect: connect.clone(),
        })
    }

    /// Opens a tunnel over `tcp`; each tunnel has a connection of its own.
    pub(super) async fn open(&self, tcp: TcpStream) -> Result<Box<dyn Stream>> {
        let io = TokioIo::new(secured(&self.tls, tcp).await?);
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(connection);
        let mut connect = http::Request::connect(&self.connect.host).body(Empty::<Bytes>::new())?;
        *connect.headers_mut() = map(&self.connect.headers)?;
        let response = sender.send_request(connect).await?;
        if !response.status().is_success() {
            bail!("no tunnel: {}", response.status());
        }
        let stream = hyper::upgrade::on(response).await.context("no tunnel")?;
        Ok(Box::new(TokioIo::new(stream)))
    }
}
