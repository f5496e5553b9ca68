//! A proxy without a host, and the Airflow behind it.

use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::life::{Life, TestHost, code};
use crate::caller::Principal;
use crate::exchange::{Connection, Flow, Setting};
use crate::learn::Key;
use crate::policy::{self, Ruleset};
use crate::verdict::Direction;
use crate::wire::pairs;

/// Each team's worker may access the objects of its tasks. Pages and health are open to all.
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

/// An Airflow that verifies tokens only on the routes of its Execution API.
#[derive(Debug, Default)]
pub(super) struct Airflow {
    /// The DAG of each task instance that has a valid token.
    pub(super) tasks: BTreeMap<String, &'static str>,
}

/// A proxy in front of an application.
pub(super) struct Proxy {
    pub(super) host: TestHost,
    pub(super) connection: Connection,
    ruleset: Ruleset,
    vouching: bool,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Came {
    /// The application's status, with its body.
    Answered(u16, String),
    /// The code of a refusal before the application.
    Refused(u16, String),
    /// The code of a refusal that replaces the answer's body.
    RefusedInAnswer(String),
}

pub(super) fn task(number: u64) -> String {
    format!("019ab1c2-7d11-7b3f-a3c4-{number:012x}")
}

pub(super) fn worker(team: &str) -> Option<Principal> {
    Principal::parse(&format!("spiffe://td/ns/airflow/sa/worker-{team}")).ok()
}

/// A token that differs from others only in its subject. The filter does not check its signature.
pub(super) fn bearer(task: &str) -> String {
    let claims = URL_SAFE_NO_PAD.encode(json!({"sub": task}).to_string());
    format!("Bearer e30.{claims}.c2ln")
}

impl Airflow {
    /// The status and body for a request with the token of `task`. The token is forged if Airflow does not
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
    /// The api-server's sidecar in this mode. With `vouching`, the document names api-servers.
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

    /// Puts another document into force.
    pub(super) fn set_mode(&mut self, mode: &str) {
        self.ruleset = ruleset(mode, if self.vouching { API_SERVER } else { "" });
    }

    /// The same proxy under this document.
    pub(super) fn under(mut self, document: &str) -> Self {
        self.ruleset = policy::load(document.as_bytes()).unwrap();
        self
    }

    /// The same proxy with this member of the document in place of `apiServers`.
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

    /// A request that the application answers with this status and these chunks of a body.
    pub(super) fn exchange(
        &mut self,
        peer: Option<&Principal>,
        request: &str,
        headers: &[(&str, &str)],
        status: u16,
        chunks: &[&[u8]],
    ) -> Came {
        let (mut life, flow) = self.begin(peer, request, headers, true);
        if let Some((status, code)) = life.refused() {
            assert_eq!(flow, Flow::Hold);
            return Came::Refused(status, code);
        }
        life.answer_headers(status, chunks.is_empty());
        let mut passed = Vec::new();
        for (number, chunk) in chunks.iter().enumerate() {
            if life.host.cut && number > 0 {
                break;
            }
            let end = number + 1 == chunks.len();
            match life.answer_body(chunk, end) {
                Some(more) => passed.extend(more),
                None => assert!(!end, "the end of an answer is held"),
            }
        }
        assert!(life.exchange.traffic("", life.host).is_some());
        let body = String::from_utf8(passed).unwrap();
        match body.contains("dagward_") {
            true => Came::RefusedInAnswer(code(&body)),
            false => Came::Answered(status, body),
        }
    }

    /// The headers of a request; `end` means that there is no body.
    pub(super) fn begin(
        &mut self,
        peer: Option<&Principal>,
        request: &str,
        headers: &[(&str, &str)],
        end: bool,
    ) -> (Life<'_>, Flow) {
        let connection = Rc::new(Connection {
            peer: Ok(peer.cloned()),
            ..self.connection.clone()
        });
        let (method, path) = request.split_once(' ').unwrap();
        let line = [(":method", method), (":path", path), (":authority", "api")];
        let headers = pairs::write(&[&line, headers].concat());
        let Self { host, ruleset, .. } = self;
        host.forget();
        let key = Key::of_proxy(host, [7; 16]);
        let setting = Setting {
            ruleset: Some(ruleset),
            pod: None,
            label: "",
            key,
            verifiers: None,
            random: || [1; 16],
        };
        let mut life = Life::new(setting, host);
        let flow = life.request_headers(connection, headers, end);
        (life, flow)
    }

    /// A request to `run` whose connection ends after the first bytes of the answer.
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

    /// All facts that the proxy has learned, as the store holds them.
    pub(super) fn learned(&self) -> BTreeMap<String, Vec<u8>> {
        let mut learned = self.host.store.values("dagward.tasks");
        // The shelves' key is not a fact about a task.
        learned.remove("dagward.tasks.key");
        learned
    }
}

fn ruleset(mode: &str, servers: &str) -> Ruleset {
    let document = TEAMS.replace("MODE", mode).replace("SERVERS", servers);
    policy::load(document.as_bytes()).unwrap()
}
