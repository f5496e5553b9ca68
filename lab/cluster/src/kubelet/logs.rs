//! The containers' logs, for `kubectl logs`: the API server asks the node for them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use super::running::{Running, now};
use super::unit::Unit;
use dagward_testbed::certs::Authority;
use dagward_testbed::{runtime, tls};

/// The pause between two reads of a log that is followed.
const PAUSE: Duration = Duration::from_millis(100);

/// The paths of the logs.
#[derive(Debug, Clone, Default)]
pub(super) struct Logs(Arc<Mutex<BTreeMap<String, Log>>>);

/// The log of a container's last start.
#[derive(Debug, Clone)]
struct Log {
    file: PathBuf,
    /// Whether the container may still write to it.
    open: bool,
}

/// A running server. It ends with its handle.
#[derive(Debug)]
pub(super) struct Server {
    port: u16,
    task: AbortHandle,
}

type Body = BoxBody<Bytes, Infallible>;

impl Logs {
    /// Remembers the path of a container's log, and whether the container still writes to it.
    pub(super) fn note(&self, unit: &Unit, container: &Running) {
        let key = format!("{}/{}/{}", unit.namespace(), unit.name(), container.name());
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = container.log() {
            logs.insert(key, Log { file, open: true });
        } else if let Some(log) = logs.get_mut(&key) {
            log.open = false;
        }
    }

    fn find(&self, key: &str) -> Option<Log> {
        let logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logs.get(key).cloned()
    }
}

impl Server {
    /// Serves `logs` on a port of `host`, with a certificate of `authority`.
    pub(super) fn start(host: Ipv4Addr, authority: &Authority, logs: Logs) -> Result<Self> {
        let runtime = runtime::shared()?;
        let identity = authority.server(&[super::NODE], &[host.into()])?;
        let acceptor = TlsAcceptor::from(Arc::new(tls::server(&identity)?));
        let listener = runtime.block_on(TcpListener::bind((host, 0)))?;
        let port = listener.local_addr()?.port();
        let task = runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, logs) = (acceptor.clone(), logs.clone());
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await?;
                    let service = service_fn(|request| {
                        let answer = answer(&logs, &request);
                        async move { answer }
                    });
                    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    connection.await.map_err(std::io::Error::other)
                });
            }
        });
        Ok(Self {
            port,
            task: task.abort_handle(),
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `GET /containerLogs/<namespace>/<pod>/<container>?follow=true&tailLines=N&timestamps=true`
fn answer(logs: &Logs, request: &Request<Incoming>) -> Result<Response<Body>, http::Error> {
    let key = request
        .uri()
        .path()
        .strip_prefix("/containerLogs/")
        .unwrap_or_default();
    let query = request.uri().query().unwrap_or_default();
    let parameter = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let text = |text: String| Full::new(Bytes::from(text)).boxed();
    let Some(log) = logs.find(key) else {
        let body = text(format!("no container `{key}`\n"));
        return Response::builder().status(StatusCode::NOT_FOUND).body(body);
    };
    let stamp = parameter("timestamps") == Some("true");
    let written = fs::read(&log.file).unwrap_or_default();
    let shown = String::from_utf8_lossy(&written);
    let mut lines: Vec<&str> = shown.split_inclusive('\n').collect();
    if let Some(most) = parameter("tailLines").and_then(|number| number.parse().ok()) {
        lines.drain(..lines.len().saturating_sub(most));
    }
    let first = stamped(&lines, stamp);
    if parameter("follow") != Some("true") {
        return Response::builder().body(text(first));
    }
    let start = Follow {
        logs: logs.clone(),
        key: key.to_owned(),
        log,
        read: written.len(),
        stamp,
        ready: Some(first),
    };
    let pieces = futures_util::stream::unfold(start, Follow::next);
    Response::builder().body(StreamBody::new(pieces).boxed())
}

/// A log that is followed.
struct Follow {
    logs: Logs,
    key: String,
    log: Log,
    read: usize,
    stamp: bool,
    ready: Option<String>,
}

impl Follow {
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, Infallible>, Self)> {
        loop {
            if let Some(text) = self.ready.take() {
                return Some((Ok(Frame::data(Bytes::from(text))), self));
            }
            // Read before the file, so that output from before the end is not lost.
            let open = self
                .logs
                .find(&self.key)
                .is_some_and(|log| log.open && log.file == self.log.file);
            let written = fs::read(&self.log.file).unwrap_or_default();
            let fresh = written.get(self.read..).unwrap_or_default();
            if fresh.is_empty() && !open {
                return None;
            }
            if fresh.is_empty() {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            self.read = written.len();
            let text = String::from_utf8_lossy(fresh);
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            self.ready = Some(stamped(&lines, self.stamp));
        }
    }
}

/// The lines, each with a time if `stamp` is set: the time of reading, as the files contain none.
fn stamped(lines: &[&str], stamp: bool) -> String {
    let time = if stamp {
        format!("{} ", now())
    } else {
        String::new()
    };
    lines.iter().map(|line| format!("{time}{line}")).collect()
}
