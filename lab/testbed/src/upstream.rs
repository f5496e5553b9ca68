//! The app behind a sidecar: a real HTTP/1.1 and HTTP/2 server that records its requests.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::netns::Netns;
use crate::runtime;

/// The number of recorded requests; older ones are dropped, so that a load does not fill the
/// memory.
const KEPT: usize = 1_000;

/// A server on a port of loopback; it ends with its handle.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    task: AbortHandle,
}

/// A request as the app received it.
#[derive(Debug, Clone)]
pub struct Received {
    /// `GET`, …
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// All headers, repeated ones repeatedly; HTTP/2's `:authority` appears as `host`.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The received part of the body.
    pub body: Vec<u8>,
    /// Trailers, if any came.
    pub trailers: Vec<(String, Vec<u8>)>,
    /// Whether the body was received completely.
    pub complete: bool,
}

/// An answer of the app.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers in addition to those that HTTP itself needs.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Trailers (HTTP/2, or chunked HTTP/1.1 to a client that accepts them).
    pub trailers: Vec<(String, String)>,
    /// Whether the body ends.
    pub ends: bool,
}

/// The numbers of requests that the app has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests whose headers arrived.
    pub started: u64,
    /// The number of these whose body was received completely.
    pub completed: u64,
    /// The number of these that were cut off before.
    pub aborted: u64,
}

#[derive(Debug, Default)]
struct Seen {
    counts: Counts,
    received: VecDeque<Received>,
}

/// The way to answer.
#[derive(Clone)]
struct App {
    handler: Arc<dyn Fn(&Received) -> Answer + Send + Sync>,
    /// The size of the pieces in which bodies are sent.
    size: usize,
}

impl Upstream {
    /// A server that answers 200 with the request as JSON:
    /// `{"method", "path", "version", "headers": [[name, value]], "body_length", "trailers"}`.
    pub fn echo() -> Result<Self> {
        Self::with(Answer::echo)
    }

    /// A server that answers with `handler`.
    pub fn with(handler: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Result<Self> {
        Self::in_pieces(usize::MAX, handler)
    }

    /// A server that answers with `handler`, in pieces of `size` bytes, each sent before the next.
    pub fn in_pieces(
        size: usize,
        handler: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::listening(std::net::TcpListener::bind("127.0.0.1:0")?, size, handler)
    }

    /// A server within a pod, on all of its addresses, that answers with `handler`.
    pub fn within(
        netns: &Netns,
        port: u16,
        handler: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = netns.within(|| Ok(std::net::TcpListener::bind(("0.0.0.0", port))?))?;
        Self::listening(listener, usize::MAX, handler)
    }

    fn listening(
        listener: std::net::TcpListener,
        size: usize,
        handler: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        let runtime = runtime::shared()?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let listener = {
            let _entered = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let seen = Arc::new(Mutex::new(Seen::default()));
        let app = App {
            handler: Arc::new(handler),
            size,
        };
        let task = runtime.spawn(accept(listener, Arc::clone(&seen), app));
        Ok(Self {
            address,
            seen,
            task: task.abort_handle(),
        })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        lock(&self.seen).counts
    }

    /// The last requests, oldest first. A request appears once its body has ended or was cut off.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.seen).received.iter().cloned().collect()
    }

    /// Drops the recorded requests.
    pub fn clear(&self) {
        *lock(&self.seen) = Seen::default();
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Received {
    /// The first value of a header, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        std::str::from_utf8(value).ok()
    }

    fn to_json(&self) -> Value {
        json!({
            "method": self.method,
            "path": self.path,
            "version": self.version,
            "headers": text(&self.headers),
            "body_length": self.body.len(),
            "trailers": text(&self.trailers),
        })
    }
}

impl Answer {
    /// The request itself, in the form that [`Upstream::echo`] answers.
    pub fn echo(request: &Received) -> Self {
        Self::json(200, &request.to_json())
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            trailers: Vec::new(),
            ends: true,
        }
    }

    fn into_response(self, size: usize) -> Result<Response<BoxBody<Bytes, Infallible>>, http::Error> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let body = Pieces {
            rest: Bytes::from(self.body),
            size,
            pause: false,
            ends: self.ends,
        };
        if self.trailers.is_empty() {
            return response.body(body.boxed());
        }
        let mut trailers = HeaderMap::new();
        for (name, value) in self.trailers {
            trailers.append(
                http::HeaderName::try_from(name)?,
                http::HeaderValue::try_from(value)?,
            );
        }
        response.body(body.with_trailers(std::future::ready(Some(Ok(trailers)))).boxed())
    }
}

/// A body in pieces. It yields between two, so that the first is sent before the second is ready.
struct Pieces {
    rest: Bytes,
    size: usize,
    pause: bool,
    ends: bool,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            // An answer that does not end is never woken: it ends with its connection.
            return if self.ends {
                Poll::Ready(None)
            } else {
                Poll::Pending
            };
        }
        self.pause = !self.pause;
        if !self.pause {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let size = self.size.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(size)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.ends
    }

    fn size_hint(&self) -> SizeHint {
        match self.ends {
            true => SizeHint::with_exact(self.rest.len() as u64),
            false => SizeHint::default(),
        }
    }
}

async fn accept(listener: TcpListener, seen: Arc<Mutex<Seen>>, app: App) {
    // The set owns the connections: they end with the accepting task.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&seen), app.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, seen: Arc<Mutex<Seen>>, app: App) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(request, Arc::clone(&seen), app.clone()));
    // A connection that breaks shows in `Counts::aborted`.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Seen>>,
    app: App,
) -> Result<Response<BoxBody<Bytes, Infallible>>, http::Error> {
    let mut entry = Entry::new(&request, &seen);
    let mut body = request.into_body();
    loop {
        match body.frame().await {
            None => break,
            Some(Err(_)) => return Response::builder().status(400).body(Full::default().boxed()),
            Some(Ok(frame)) => entry.take(frame),
        }
    }
    entry.received.complete = true;
    (app.handler)(&entry.received).into_response(app.size)
}

/// A request during its arrival; recorded on drop, also when hyper gives up on the request.
struct Entry<'a> {
    received: Received,
    seen: &'a Mutex<Seen>,
}

impl<'a> Entry<'a> {
    fn new(request: &Request<Incoming>, seen: &'a Mutex<Seen>) -> Self {
        lock(seen).counts.started += 1;
        let mut headers = pairs(request.headers());
        if let Some(authority) = request.uri().authority() {
            headers.push(("host".to_owned(), authority.as_str().as_bytes().to_vec()));
        }
        let received = Received {
            method: request.method().to_string(),
            path: request
                .uri()
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            version: format!("{:?}", request.version()),
            headers,
            body: Vec::new(),
            trailers: Vec::new(),
            complete: false,
        };
        Self { received, seen }
    }

    fn take(&mut self, frame: Frame<Bytes>) {
        if let Some(trailers) = frame.trailers_ref() {
            self.received.trailers = pairs(trailers);
        }
        if let Some(data) = frame.data_ref() {
            self.received.body.extend_from_slice(data);
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut seen = lock(self.seen);
        if self.received.complete {
            seen.counts.completed += 1;
        } else {
            seen.counts.aborted += 1;
        }
        if seen.received.len() == KEPT {
            seen.received.pop_front();
        }
        seen.received.push_back(self.received.clone());
    }
}

fn pairs(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect()
}

fn text(headers: &[(String, Vec<u8>)]) -> Vec<(&str, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value).into_owned()))
        .collect()
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
