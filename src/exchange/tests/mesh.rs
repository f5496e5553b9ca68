//! A proxy without a host, and the Airflow behind it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::caller::Principal;
use crate::exchange::{Connection, Effect, Exchange, Flow, Host, Level, Message, Setting};
use crate::learn::Key;
use crate::metrics::testing::Store;
use crate::policy::{self, Ruleset};
use crate::store::Shared;
use crate::verdict::Direction;
use crate::wire::pairs;

/// Each team's worker may do what its tasks need; pages and health are open to all.
pub(super) const TEAMS: &str = r#"{"apiVersion":"dagward/v1","mode":"MODE",SERVERS "policies":[
  {"name":"own","action":"ALLOW","rules":[{"to":[{"surfaces":["execution"],"actions":["task_instance:heartbeat"]}]}]},
  {"name":"logs","action":"ALLOW","rules":[{
    "from":[{"principals":["spiffe://td/ns/airflow/sa/worker-*"]}],
    "to":[{"connections":["shared_logs"],"actions":["connection:read"]}]}]},
  {"name":"teams","action":"ALLOW","rules":[{
    "from":[{"principals":["spiffe://td/ns/airflow/sa/worker-{team}"],"dags":["{team}_*"],"proof":["pod","airflow"]}],
    "to":[{"dags":["{team}_*"]}]}]},
  {"name":"callbacks","action":"ALLOW","rules":[{
    "from":[{"principals":["spiffe://td/ns/airflow/sa/worker-callbacks"]}],
    "to":[{"surfaces":["execution"],"actions":["callback:run","variable:read"]}]}]},
  {"name":"all","action":"ALLOW","rules":[{"to":[{"surfaces":["health","rest","pages","other"]},
    {"actions":["docs:read","execution:unclassified"]}]}]}]}"#;

const API_SERVER: &str = r#""apiServers":["spiffe://td/ns/airflow/sa/api-server"],"#;

/// An Airflow that verifies tokens on the routes of its Execution API, and on no other.
#[derive(Debug, Default)]
pub(super) struct Airflow {
    /// The DAG of each task instance that has a valid token.
    pub(super) tasks: BTreeMap<String, &'static str>,
}

/// A proxy before an app.
pub(super) struct Proxy {
    pub(super) host: TestHost,
    pub(super) connection: Connection,
    ruleset: Ruleset,
    vouching: bool,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Came {
    /// The app's status, with its body.
    Answered(u16, String),
    /// The code of a refusal before the app.
    Refused(u16, String),
    /// The code of a refusal in the place of the answer's body.
    RefusedInAnswer(String),
}

/// The store, and the effects of the current request.
#[derive(Default)]
pub(super) struct TestHost {
    pub(super) store: Store,
    pub(super) log: Vec<String>,
    pub(super) removed: Vec<String>,
    /// The headers that were set on the request.
    pub(super) stamped: Vec<(String, String)>,
    pub(super) properties: BTreeMap<String, String>,
    /// The server behind the way out.
    pub(super) upstream: Option<Principal>,
    /// Whether the connection ends behind the first chunk of an answer.
    cut: bool,
    reply: Option<(u16, String)>,
    body: Vec<u8>,
    replaced: Option<Vec<u8>>,
    pub(super) cluster: &'static str,
    pub(super) uptime: Duration,
}

pub(super) fn task(number: u64) -> String {
    format!("019ab1c2-7d11-7b3f-a3c4-{number:012x}")
}

pub(super) fn worker(team: &str) -> Option<Principal> {
    Principal::parse(&format!("spiffe://td/ns/airflow/sa/worker-{team}")).ok()
}

/// A token that only its subject tells from others; its signature is not looked at by the filter.
pub(super) fn bearer(task: &str) -> String {
    let claims = URL_SAFE_NO_PAD.encode(json!({"sub": task}).to_string());
    format!("Bearer e30.{claims}.c2ln")
}

impl Airflow {
    /// The status and body for a request with the token of `task`, which is forged if Airflow does not
    /// know it.
    fn answer(&self, path: &str, task: Option<&str>) -> (u16, String) {
        let open = !path.starts_with("/execution/")
            || ["/execution/health", "/execution/docs"]
                .iter()
                .any(|open| path.starts_with(open));
        if open {
            return (200, "open".to_owned());
        }
        let Some((task, dag)) = task.and_then(|task| self.tasks.get_key_value(task)) else {
            return (403, "Invalid auth token".to_owned());
        };
        if path.starts_with("/execution/task-instances/") && !path.contains(task.as_str()) {
            return (403, "sub".to_owned());
        }
        match path.ends_with("/run") {
            true => (
                200,
                json!({"dag_run": {"dag_id": dag, "run_id": "r", "conf": {}}}).to_string(),
            ),
            false => (200, "done".to_owned()),
        }
    }
}

impl Proxy {
    /// The api-server's sidecar under this mode; with `vouching` the document names api-servers.
    pub(super) fn new(mode: &str, vouching: bool) -> Self {
        Self {
            host: TestHost::default(),
            connection: Connection {
                listener: Direction::Inbound,
                peer: Ok(None),
                own: Principal::parse("spiffe://td/ns/airflow/sa/api-server").ok(),
                tunnelled: false,
                port: "8080".to_owned(),
            },
            ruleset: ruleset(mode, if vouching { API_SERVER } else { "" }),
            vouching,
        }
    }

    /// Another document comes into force.
    pub(super) fn set_mode(&mut self, mode: &str) {
        self.ruleset = ruleset(mode, if self.vouching { API_SERVER } else { "" });
    }

    /// The same with this member of the document in the place of `apiServers`.
    pub(super) fn naming(mut self, member: &str) -> Self {
        self.ruleset = ruleset("enforce", member);
        self
    }

    /// A request of `peer` with the token of `task`.
    pub(super) fn ask(
        &mut self,
        airflow: &Airflow,
        peer: Option<&Principal>,
        request: &str,
        task: Option<&str>,
    ) -> Came {
        let (_, path) = request.split_once(' ').unwrap();
        let (status, body) = airflow.answer(path, task);
        let authorization = task.map(bearer);
        let headers: Vec<_> = authorization
            .iter()
            .map(|value| ("authorization", value.as_str()))
            .collect();
        self.exchange(peer, request, &headers, status, &[body.as_bytes()])
    }

    /// A request that the app answers with this status and these chunks of a body.
    pub(super) fn exchange(
        &mut self,
        peer: Option<&Principal>,
        request: &str,
        headers: &[(&str, &str)],
        status: u16,
        chunks: &[&[u8]],
    ) -> Came {
        let connection = Rc::new(Connection {
            peer: Ok(peer.cloned()),
            ..self.connection.clone()
        });
        let (method, path) = request.split_once(' ').unwrap();
        let line = [(":method", method), (":path", path), (":authority", "api")];
        let headers = pairs::write(&[&line, headers].concat());
        let Self { host, ruleset, .. } = self;
        let key = Key::of_proxy(host, [7; 16]);
        let setting = Setting {
            ruleset: Some(ruleset),
            pod: None,
            label: "",
            key,
            verifiers: None,
            random: || [1; 16],
        };
        host.log.clear();
        host.removed.clear();
        host.stamped.clear();
        host.properties.clear();
        (host.reply, host.replaced) = (None, None);
        host.body.clear();
        let mut exchange = Exchange::default();
        let flow = exchange.request_headers(&setting, connection, headers, true, host);
        if let Some((status, body)) = host.reply.take() {
            assert_eq!(flow, Flow::Hold);
            return Came::Refused(status, code(&body));
        }
        let status_text = status.to_string();
        let answer = [(&b":status"[..], status_text.as_bytes())];
        exchange.answer_headers(&setting, &answer, chunks.is_empty(), host);
        let mut passed = Vec::new();
        for (number, chunk) in chunks.iter().enumerate() {
            host.body.extend_from_slice(chunk);
            let size = host.body.len();
            if host.cut && number > 0 {
                break;
            }
            let end = number + 1 == chunks.len();
            if exchange.answer_body(&setting, size, end, host) == Flow::GoOn {
                passed.extend(host.replaced.take().unwrap_or_else(|| host.body.clone()));
                host.body.clear();
            } else {
                assert!(!end, "the end of an answer is held");
            }
        }
        assert!(exchange.traffic("", host).is_some());
        let body = String::from_utf8(passed).unwrap();
        match body.contains("dagward_") {
            true => Came::RefusedInAnswer(code(&body)),
            false => Came::Answered(status, body),
        }
    }

    /// A request to `run` whose connection ends behind the first bytes of the answer.
    pub(super) fn cut_short(
        &mut self,
        peer: Option<&Principal>,
        request: &str,
        headers: &[(&str, &str)],
        first: &[u8],
    ) -> Came {
        self.host.cut = true;
        let came = self.exchange(peer, request, headers, 200, &[first, b""]);
        self.host.cut = false;
        came
    }

    /// All that the proxy has learned, as the store has it.
    pub(super) fn learned(&self) -> BTreeMap<String, Vec<u8>> {
        let mut learned = self.host.store.values("dagward.tasks");
        // The shelves' key says nothing of any task.
        learned.remove("dagward.tasks.key");
        learned
    }
}

fn ruleset(mode: &str, servers: &str) -> Ruleset {
    let document = TEAMS.replace("MODE", mode).replace("SERVERS", servers);
    policy::load(document.as_bytes()).unwrap()
}

/// The code at the end of a refusal's message.
fn code(body: &str) -> String {
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
        assert_eq!(message, Message::Answer);
        self.body.get(range).map(<[u8]>::to_vec)
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

impl Shared for TestHost {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.store.read(key)
    }

    fn create(&mut self, key: &str, value: &[u8]) -> bool {
        self.store.create(key, value)
    }

    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
        self.store.replace(key, value, version)
    }
}
