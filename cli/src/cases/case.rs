//! The cases of a file, as they are read.

use dagward::authorize::Code;
use dagward::caller::Proof;
use dagward::wire::percent;
use serde_json::{Value, json};

use crate::explain::{HeaderLine, Vouched};
use crate::source::node::Span;

/// One case: each of its callers sends each of its requests.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) name: String,
    /// The position of the name.
    pub(super) span: Span,
    pub(super) because: Option<String>,
    pub(super) callers: Vec<Caller>,
    pub(super) requests: Vec<Request>,
    pub(super) expected: Expected,
}

/// A caller.
#[derive(Debug, Clone, Default)]
pub(super) struct Caller {
    /// Its name in the output.
    pub(super) label: String,
    /// Its SPIFFE ID; `None` for an anonymous one.
    pub(super) peer: Option<String>,
    pub(super) acting: Option<Acting>,
    pub(super) token: Option<Vouched>,
    /// The answer that Airflow has given to its `run`.
    pub(super) answer: Option<Answer>,
    /// Whether Airflow has let it start a deadline's callback.
    pub(super) callback: bool,
}

/// The task that the caller's sidecar names, or with the proof `claimed` its application.
#[derive(Debug, Clone)]
pub(super) struct Acting {
    pub(super) dag: String,
    pub(super) run: Option<String>,
    pub(super) task: Option<String>,
    pub(super) proof: Proof,
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
    pub(super) headers: Vec<HeaderLine>,
    /// The proxy that decides it.
    pub(super) site: Site,
}

/// The destination of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Site {
    /// The proxy's SPIFFE ID.
    pub(super) proxy: Option<String>,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
}

/// The part of Airflow's answer to `run` that dagward reads.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) dag: String,
    pub(super) run: Option<String>,
    /// The team; `Some(None)` if the answer says that the run has none.
    pub(super) team: Option<Option<String>>,
}

/// The expected decision.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) allow: bool,
    pub(super) code: Option<Code>,
    pub(super) policy: Option<String>,
    pub(super) rule: Option<u32>,
}

impl Acting {
    /// The task headers that say so.
    pub(super) fn headers(&self) -> Vec<HeaderLine> {
        let proof = (self.proof != Proof::Claimed).then(|| self.proof.as_str());
        let headers = [
            ("x-airflow-dag-id", Some(self.dag.as_str())),
            ("x-airflow-run-id", self.run.as_deref()),
            ("x-airflow-task-id", self.task.as_deref()),
            ("x-airflow-proof", proof),
        ];
        let given = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        given
            .map(|(name, value)| HeaderLine::new(name, &percent::encode(value)))
            .collect()
    }
}

impl Answer {
    /// The answer's body.
    pub(super) fn body(&self) -> Vec<u8> {
        let run = self.run.as_deref().unwrap_or("run");
        let mut body = json!({"dag_run": {"dag_id": self.dag, "run_id": run}});
        if let (Some(team), Some(Value::Object(run))) = (&self.team, body.get_mut("dag_run")) {
            run.insert("team_name".to_owned(), json!(team));
        }
        body.to_string().into_bytes()
    }
}

impl Request {
    /// Its name in the output.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Expected {
    /// The word for the decision.
    pub(super) fn word(&self) -> &'static str {
        if self.allow { "allow" } else { "deny" }
    }
}
