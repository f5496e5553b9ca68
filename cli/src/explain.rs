//! `dagward explain`: explains the decision for one request.

mod asked;
mod decision;
mod explanation;
mod host;
mod play;
mod question;
mod reasons;
mod shown;
mod teams;
mod text;
mod tokens;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args, ValueEnum};
use dagward::operation::{self, Body, Operation, Request, host_of};
use dagward::policy::Ruleset;
use dagward::verdict::Decision;

use crate::check::{self, Policy};
use crate::report::{self, Look};
use crate::source::Source;
use crate::{Format, exit};
use asked::asked;
use explanation::Explanation;
use host::Scene;
use play::{Parts, play};
use question::{Annotation, HeaderLine, Question};

/// Explain the decision for one request
///
/// Runs the filter's own code on one request. FILE holds the policy, or a WasmPlugin or TrafficExtension that carries
/// it.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("caller").args(["peer", "plaintext"]),
    after_help = "\
Examples:
  May the sales team's worker trigger a DAG of finance?
    dagward explain policy.yaml --peer spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales \\
      --header 'x-airflow-dag-id: sales_daily' --header 'x-airflow-proof: pod' \\
      --method POST --path /api/v2/dags/finance_daily/dagRuns
  May a caller without a certificate list the DAGs?
    dagward explain wasm-plugin.yaml --plaintext --method GET --path /api/v2/dags
  Which headers does a task's own sidecar set on its requests?
    dagward explain wasm-plugin.yaml --listener outbound --annotation dag_id=sales_daily \\
      --host airflow-api-server --method GET --path /execution/variables/rate
  What happens if a worker starts a task of finance?
    dagward explain policy.yaml --peer spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales \\
      --method PATCH --path /execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run \\
      --answer answer.json
  Which check does this token fail?
    dagward explain policy.yaml --plaintext --method GET --path /api/v2/dags \\
      --token token.jwt --jwks company=keys.json

Exit status: 0 allowed, 1 denied or malformed, 2 wrong usage, or the policy is not valid."
)]
pub(crate) struct Explain {
    /// The policy file; `-` reads the standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The side of the sidecar on which the request arrives
    #[arg(long, value_enum, default_value_t = Listener::Inbound)]
    listener: Listener,

    /// The caller's SPIFFE ID, from its certificate
    #[arg(long, value_name = "SPIFFE_ID")]
    peer: Option<String>,

    /// The caller has no certificate
    #[arg(long)]
    plaintext: bool,

    /// The proxy's own SPIFFE ID. A policy without `stampers` trusts the task headers of peers in its namespace and
    /// trust domain [default: an api-server in the plugin's namespace, or in `airflow`, of `cluster.local`]
    #[arg(long, value_name = "SPIFFE_ID")]
    proxy: Option<String>,

    /// The request's method
    #[arg(long)]
    method: String,

    /// The request's path with its query, as the caller sends it
    #[arg(long)]
    path: String,

    /// The request's host. On an outbound listener it is also the destination: a service by any of its names (`api`,
    /// `api.airflow`, `api.airflow.svc`, the full name), or another host
    #[arg(long, default_value = "airflow-api-server")]
    host: String,

    /// The port at which the request arrives, for a policy that names Airflow's ports
    #[arg(long)]
    port: Option<u16>,

    /// A request header; can be given several times
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<HeaderLine>,

    /// A file with the JSON body of Airflow's answer to the task's `run`. If the request is that `run`, it is decided
    /// again with this answer. Otherwise Airflow has given this answer before, to this caller and for the request's
    /// token
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,

    /// The request's token belongs to a deadline callback that Airflow has let this caller start
    #[arg(long, conflicts_with = "answer")]
    callback: bool,

    /// The SPIFFE ID of the server that answers, for outbound listeners [default: as for `--proxy`]
    #[arg(long, value_name = "SPIFFE_ID")]
    server: Option<String>,

    /// A file with the request's body
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,

    /// An annotation of the proxy's own pod; can be given several times, for outbound listeners
    #[arg(long = "annotation", value_name = "KEY=VALUE")]
    annotations: Vec<Annotation>,

    #[command(flatten)]
    tokens: shown::Options,

    /// The form of the output: `json` is one object with at, decision, mode, code, policy, rule, caller, operation,
    /// tokens and reasons of the last decision, the earlier decisions, and the answer, log and record that the proxy
    /// makes of them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A side of the sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Listener {
    /// To the pod
    Inbound,
    /// From the pod
    Outbound,
}

impl Explain {
    /// Answers the question. Errors go to the standard error.
    pub(crate) fn run(&self) -> ExitCode {
        match self.answer() {
            Ok(Decision::Allow) => ExitCode::SUCCESS,
            Ok(_) => exit::negative(),
            Err(message) => {
                eprintln!("{}", message.trim_end());
                exit::misuse()
            }
        }
    }

    fn answer(&self) -> Result<Decision, String> {
        self.tokens.check(&self.file, self.listener)?;
        let (policy, ruleset) = self.policy()?;
        let read_file = |file: &Option<PathBuf>| file.as_ref().map(read).transpose();
        let host = host_of(&self.host);
        let operation = self.operation(&ruleset, &host);
        let surface = operation.as_ref().map(|operation| operation.surface);
        let parts = Parts {
            body: read_file(&self.body)?,
            answer: read_file(&self.answer)?,
            is_run: operation
                .as_ref()
                .is_some_and(|operation| operation.awaits_answer),
            callback: self.callback,
        };
        let shown = self.tokens.shown(&ruleset, surface)?;
        let verification = self.tokens.verification(&ruleset, shown.as_ref())?;
        let question = Question::of(self, &policy, &ruleset, operation.as_ref(), shown.as_ref())?;
        let scene = Scene {
            ruleset: &ruleset,
            question: &question,
            verification: &verification,
            shown: shown.as_ref(),
            has_answer: parts.answer.is_some(),
        };
        let explanation = Explanation::of(play(scene, parts)?).ok_or("error: the filter decided nothing")?;
        match self.format {
            Format::Json => println!("{}", explanation.to_json()),
            Format::Text => print!("{}", text::render(&question, &explanation)),
        }
        Ok(explanation.decision.decision)
    }

    /// The operation that the path asks for, if the filter can read it.
    fn operation<'a>(&'a self, ruleset: &Ruleset, host: &'a str) -> Option<Operation<'a>> {
        let request = Request {
            method: &self.method,
            target: &self.path,
            host,
            body: Body::Pending,
        };
        let operation = match ruleset.site().is_at(&self.port()) {
            true => operation::classify(&request, ruleset.site()),
            false => operation::classify_elsewhere(&request),
        };
        operation.ok()
    }

    /// The port as the proxy reports it.
    fn port(&self) -> String {
        self.port.map_or(String::new(), |port| port.to_string())
    }

    /// The one policy of the file.
    fn policy(&self) -> Result<(Policy, Ruleset), String> {
        let file = self.file.display();
        let source =
            Source::read(&self.file).map_err(|error| format!("error: cannot read `{file}`: {error}"))?;
        let mut checked = check::check(&source);
        checked.require_policy();
        if !checked.is_valid() {
            return Err(report::text(
                &source.without(&checked.secrets),
                &checked.problems,
                Look::for_stream(&io::stderr()),
            ));
        }
        let count = checked.policies.len();
        let mut policy = checked.policies.pop().filter(|_| count == 1);
        let ruleset = policy.as_mut().and_then(|policy| policy.ruleset.take());
        policy.zip(ruleset).ok_or_else(|| {
            format!("error: `{file}` holds {count} policy documents; the command takes a file with one")
        })
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("error: cannot read `{}`: {error}", path.display()))
}
