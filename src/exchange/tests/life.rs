//! A request under way, and the host that keeps its effects.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use crate::caller::Principal;
use crate::exchange::{Connection, Effect, Exchange, Flow, Host, Level, Message, Setting};
use crate::store::{HasMemory, Memory};

/// A request under way.
pub(super) struct Life<'p> {
    pub(super) exchange: Exchange,
    setting: Setting<'p>,
    pub(super) host: &'p mut TestHost,
}

/// The store, and the effects of the current request.
#[derive(Default)]
pub(super) struct TestHost {
    pub(super) store: Memory,
    pub(super) log: Vec<String>,
    pub(super) removed: Vec<String>,
    /// The headers that were set on the request.
    pub(super) stamped: Vec<(String, String)>,
    pub(super) properties: BTreeMap<String, String>,
    /// The server of an outgoing request.
    pub(super) upstream: Option<Principal>,
    /// Whether the connection ends after the first chunk of an answer.
    pub(super) cut: bool,
    reply: Option<(u16, String)>,
    /// The bytes of the request's body; `None` if the proxy cannot supply them.
    sent: Option<Vec<u8>>,
    /// The bytes of the answer's body that the proxy holds.
    body: Vec<u8>,
    replaced: Option<Vec<u8>>,
    pub(super) cluster: &'static str,
    pub(super) uptime: Duration,
}

impl<'p> Life<'p> {
    pub(super) fn new(setting: Setting<'p>, host: &'p mut TestHost) -> Self {
        Self {
            exchange: Exchange::default(),
            setting,
            host,
        }
    }

    pub(super) fn request_headers(
        &mut self,
        connection: Rc<Connection>,
        headers: Vec<u8>,
        end: bool,
    ) -> Flow {
        self.exchange
            .request_headers(&self.setting, connection, headers, end, self.host)
    }

    /// Delivers a part of the request's body; `None` if the proxy cannot supply it.
    pub(super) fn request_body(&mut self, body: Option<&[u8]>, size: usize, end: bool) -> Flow {
        self.host.sent = body.map(<[u8]>::to_vec);
        self.exchange.request_body(&self.setting, size, end, self.host)
    }

    pub(super) fn request_trailers(&mut self) -> Flow {
        self.exchange.request_trailers(&self.setting, self.host)
    }

    pub(super) fn answer_headers(&mut self, status: u16, end: bool) {
        let status = status.to_string();
        let answer = [(&b":status"[..], status.as_bytes())];
        self.exchange
            .answer_headers(&self.setting, &answer, end, self.host);
    }

    /// The bytes that go on to the caller now; `None` if the proxy holds them.
    pub(super) fn answer_body(&mut self, chunk: &[u8], end: bool) -> Option<Vec<u8>> {
        self.host.body.extend_from_slice(chunk);
        let size = self.host.body.len();
        let flow = self.exchange.answer_body(&self.setting, size, end, self.host);
        (flow == Flow::GoOn).then(|| self.host.passed())
    }

    /// The bytes that the proxy held until the trailers.
    pub(super) fn answer_trailers(&mut self) -> Vec<u8> {
        self.exchange.answer_trailers(&self.setting, self.host);
        self.host.passed()
    }

    /// The status and the code with which the proxy has answered in place of the application.
    pub(super) fn refused(&mut self) -> Option<(u16, String)> {
        let (status, body) = self.host.reply.take()?;
        Some((status, code(&body)))
    }
}

impl TestHost {
    /// Forgets the effects of the previous request.
    pub(super) fn forget(&mut self) {
        self.log.clear();
        self.removed.clear();
        self.stamped.clear();
        self.properties.clear();
        self.body.clear();
        (self.reply, self.sent, self.replaced) = (None, None, None);
    }

    fn passed(&mut self) -> Vec<u8> {
        let body = std::mem::take(&mut self.body);
        self.replaced.take().unwrap_or(body)
    }
}

/// The code at the end of a refusal's message.
pub(super) fn code(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let message = body["detail"]["message"].as_str().unwrap();
    let code = message.rsplit_once('(').unwrap().1;
    code.trim_end_matches(')').to_owned()
}

impl Host for TestHost {
    fn carry_out(&mut self, effect: Effect<'_>) {
        match effect {
            Effect::Reply(reply) => {
                let body = String::from_utf8(reply.body.to_vec()).unwrap();
                self.reply = Some((reply.status, body));
            }
            Effect::ReplaceBody { held, body } => {
                assert_eq!(held, self.body.len());
                self.replaced = Some(body.to_vec());
            }
            Effect::RemoveHeader(message, name) => self.removed.push(format!("{message:?} {name}")),
            Effect::Log(_, line) => self.log.push(line.to_owned()),
            Effect::SetHeader(Message::Request, name, value) => {
                self.stamped.push((name.to_owned(), value.to_owned()));
            }
            Effect::Property(name, value) => {
                self.properties.insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }

    fn body(&mut self, message: Message, range: Range<usize>) -> Option<Vec<u8>> {
        let held = match message {
            Message::Request => self.sent.as_ref()?,
            Message::Answer => &self.body,
        };
        held.get(range).map(<[u8]>::to_vec)
    }

    fn upstream(&mut self) -> Option<Principal> {
        self.upstream.clone()
    }

    fn cluster(&mut self) -> Vec<u8> {
        self.cluster.as_bytes().to_vec()
    }

    fn logs(&mut self, _: Level) -> bool {
        true
    }

    fn uptime(&mut self) -> Duration {
        self.uptime
    }
}

impl HasMemory for TestHost {
    fn memory(&mut self) -> &mut Memory {
        &mut self.store
    }
}
