//! A client for one request to a sidecar or a service: plaintext, TLS as an identity or through a
//! tunnel, HTTP/1.1, HTTP/2 or raw bytes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::certs::Identity;
use crate::netns::Netns;
use crate::{runtime, tls};

mod tunnel;

use tunnel::Tunnel;

/// The longest time that one exchange may take. Airflow's api-server hangs during the first request
/// of a task, on a busy machine for half a minute.
const LIMIT: Duration = Duration::from_secs(90);

/// The identity, address and protocol of requests. Every request opens a connection of its own.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    tunnel: Option<Arc<Tunnel>>,
    http2: bool,
    limit: Duration,
    netns: Option<Netns>,
}

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, …
    pub method: String,
    /// Path and query. For a target that is not a URI, use [`Client::raw`].
    pub path: String,
    /// The `host` header; in HTTP/2, `:authority`.
    pub host: String,
    /// Further headers in order; names may repeat, values are bytes.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
    /// Trailers after the body.
    pub trailers: Vec<(String, Vec<u8>)>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers; repeated headers appear repeatedly.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: Vec<(String, Vec<u8>)>,
}

impl Client {
    /// In plaintext.
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            tls: None,
            tunnel: None,
            http2: false,
            limit: LIMIT,
            netns: None,
        }
    }

    /// With mutual TLS, as `identity`.
    pub fn mtls(address: SocketAddr, identity: &Identity) -> Result<Self> {
        Self::with_tls(address, identity, true)
    }

    /// With TLS and no client certificate; of `identity` it only uses the root of trust.
    pub fn anonymous(address: SocketAddr, identity: &Identity) -> Result<Self> {
        Self::with_tls(address, identity, false)
    }

    fn with_tls(address: SocketAddr, identity: &Identity, present: bool) -> Result<Self> {
        let config = tls::client(identity, present, &["http/1.1"])?;
        Ok(Self {
            address,
            tls: Some(Arc::new(config)),
            tunnel: None,
            http2: false,
            limit: LIMIT,
            netns: None,
        })
    }

    /// In plaintext through a tunnel, like ztunnel's (HBONE): `connect` goes to `address` over
    /// mutual TLS as `identity`, and the requests go through the stream that it opens.
    pub fn through(address: SocketAddr, identity: &Identity, connect: &Request) -> Result<Self> {
        Ok(Self {
            tunnel: Some(Arc::new(Tunnel::new(identity, connect)?)),
            ..Self::plain(address)
        })
    }

    /// The same client over HTTP/2 (in plaintext with prior knowledge).
    pub fn http2(mut self) -> Self {
        if let Some(config) = &mut self.tls {
            Arc::make_mut(config).alpn_protocols = vec![b"h2".to_vec()];
        }
        self.http2 = true;
        self
    }

    /// The same client from within a pod.
    pub fn from(mut self, netns: &Netns) -> Self {
        self.netns = Some(netns.clone());
        self
    }

    /// The same client with another time limit.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends `request` and reads the whole answer.
    pub fn send(&self, request: &Request) -> Result<Response> {
        runtime::shared()?.block_on(async {
            let exchange = async { self.connect().await?.send(request).await };
            tokio::time::timeout(self.limit, exchange)
                .await
                .context("no answer in time")?
        })
    }

    /// Sends `bytes` unchanged and reads until the other side closes the connection or is silent
    /// for `quiet`.
    pub fn raw(&self, bytes: &[u8], quiet: Duration) -> Result<Vec<u8>> {
        runtime::shared()?.block_on(async {
            let mut stream = self.stream().await?;
            stream.write_all(bytes).await?;
            stream.flush().await?;
            let mut answer = Vec::new();
            // A reset after the answer is a normal end.
            while let Ok(Ok(1..)) = tokio::time::timeout(quiet, stream.read_buf(&mut answer)).await {}
            Ok(answer)
        })
    }

    /// Sends `bytes` unchanged, and keeps the connection open as long as the handle exists.
    pub fn open(&self, bytes: &[u8]) -> Result<Open> {
        runtime::shared()?.block_on(async {
            let mut stream = self.stream().await?;
            stream.write_all(bytes).await?;
            stream.flush().await?;
            Ok(Open(stream))
        })
    }

    /// Opens a connection that several requests can use, one after the other.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let io = TokioIo::new(self.stream().await?);
        if self.http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            return Ok(Connection {
                sender: Sender::Http2(sender),
                secure: self.tls.is_some(),
            });
        }
        let (sender, connection) = http1::handshake(io).await?;
        tokio::spawn(connection);
        Ok(Connection {
            sender: Sender::Http1(sender),
            secure: self.tls.is_some(),
        })
    }

    async fn stream(&self) -> Result<Box<dyn Stream>> {
        let tcp = match &self.netns {
            Some(netns) => {
                netns
                    .within(|| Ok(TcpSocket::new_v4()?))?
                    .connect(self.address)
                    .await?
            }
            None => TcpStream::connect(self.address).await?,
        };
        tcp.set_nodelay(true)?;
        if let Some(tunnel) = &self.tunnel {
            return tunnel.open(tcp).await;
        }
        let Some(config) = &self.tls else {
            return Ok(Box::new(tcp));
        };
        Ok(Box::new(secured(config, tcp).await?))
    }
}

/// TLS over `tcp`. Certificates of the mesh name no host, so the client verifies none.
async fn secured(config: &Arc<ClientConfig>, tcp: TcpStream) -> Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("mesh.invalid")?;
    Ok(TlsConnector::from(Arc::clone(config)).connect(name, tcp).await?)
}

impl Request {
    /// A request without a body.
    pub fn new(method: &str, host: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            host: host.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            trailers: Vec::new(),
        }
    }

    /// A `GET`.
    pub fn get(host: &str, path: &str) -> Self {
        Self::new("GET", host, path)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Adds a trailer.
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    fn to_http(&self, absolute: Option<&str>) -> Result<http::Request<Body>> {
        let uri = match absolute {
            Some(scheme) => format!("{scheme}://{}{}", self.host, self.path),
            None => self.path.clone(),
        };
        let mut request = http::Request::builder().method(self.method.as_str()).uri(uri);
        if absolute.is_none() {
            request = request.header("host", &self.host);
        }
        for (name, value) in &self.headers {
            request = request.header(name, HeaderValue::from_bytes(value)?);
        }
        let body = Full::new(Bytes::from(self.body.clone()));
        if self.trailers.is_empty() {
            return Ok(request.body(body.boxed())?);
        }
        let trailers = map(&self.trailers)?;
        Ok(request.body(body.with_trailers(std::future::ready(Some(Ok(trailers)))).boxed())?)
    }
}

impl Response {
    /// The first value of a header, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        std::str::from_utf8(value).ok()
    }

    /// All values of a header.
    pub fn header_values(&self, name: &str) -> Vec<&[u8]> {
        self.headers
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_slice())
            .collect()
    }

    /// The body as text; invalid UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("no JSON: `{}`", self.text()))
    }

    async fn read(response: http::Response<Incoming>) -> Result<Self> {
        let (head, body) = response.into_parts();
        let body = body.collect().await?;
        let trailers = body.trailers().map(pairs).unwrap_or_default();
        Ok(Self {
            status: head.status.as_u16(),
            headers: pairs(&head.headers),
            body: body.to_bytes().to_vec(),
            trailers,
        })
    }
}

/// An open connection.
pub(crate) struct Connection {
    sender: Sender,
    secure: bool,
}

enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

impl Connection {
    pub(crate) async fn send(&mut self, request: &Request) -> Result<Response> {
        let response = match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request.to_http(None)?).await?
            }
            Sender::Http2(sender) => {
                let scheme = if self.secure { "https" } else { "http" };
                sender.ready().await?;
                sender.send_request(request.to_http(Some(scheme))?).await?
            }
        };
        Response::read(response).await
    }
}

type Body = BoxBody<Bytes, Infallible>;

/// An open connection with an unfinished request.
pub struct Open(#[expect(dead_code, reason = "it is open as long as it is held")] Box<dyn Stream>);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

fn map(pairs: &[(String, Vec<u8>)]) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::try_from(name)?, HeaderValue::from_bytes(value)?);
    }
    Ok(headers)
}

fn pairs(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect()
}
