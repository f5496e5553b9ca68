//! `dagward explain`: explains the decision for one request.

mod asked;
mod decision;
mod explanation;
mod host;
mod inquiry;
mod play;
mod question;
mod reasons;
mod shown;
mod teams;
mod text;
mod tokens;
mod vouched;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args, ValueEnum};
use dagward::verdict::{Decision as Word, Direction};

use crate::{Format, exit, output};
use asked::asked;
use question::Annotation;

pub(crate) use decision::Decision;
pub(crate) use inquiry::{Inquiry, Subject};
pub(crate) use question::HeaderLine;
pub(crate) use shown::Verification;
pub(crate) use vouched::Vouched;

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
            Ok((Word::Allow, shown)) => output::print(&shown, ExitCode::SUCCESS),
            Ok((_, shown)) => output::print(&shown, exit::negative()),
            Err(message) => {
                eprintln!("{}", message.trim_end());
                exit::misuse()
            }
        }
    }

    /// The decision, and the output that shows it.
    fn answer(&self) -> Result<(Word, String), String> {
        self.tokens.check(&self.file, self.listener)?;
        let subject = Subject::read(&self.file)?;
        let inquiry = self.inquiry()?;
        let ruleset = &subject.ruleset;
        let shown = self.tokens.shown(ruleset, inquiry.surface(ruleset))?;
        let verification = self.tokens.verification(ruleset, shown.as_ref())?;
        let (question, explanation) = inquiry.explain(&subject, &verification, shown.as_ref(), None)?;
        let shown = match self.format {
            Format::Json => format!("{}\n", explanation.to_json()),
            Format::Text => text::render(&question, &explanation),
        };
        Ok((explanation.decision.decision, shown))
    }

    /// The request, with the contents of the files.
    fn inquiry(&self) -> Result<Inquiry, String> {
        let listener = match self.listener {
            Listener::Inbound => Direction::Inbound,
            Listener::Outbound => Direction::Outbound,
        };
        if listener == Direction::Inbound {
            self.check_inbound()?;
        }
        let read_file = |file: &Option<PathBuf>| file.as_ref().map(read).transpose();
        Ok(Inquiry {
            listener,
            peer: self.peer.clone(),
            plaintext: self.plaintext,
            proxy: self.proxy.clone(),
            server: self.server.clone(),
            method: self.method.clone(),
            path: self.path.clone(),
            host: self.host.clone(),
            port: self.port,
            headers: self.headers.clone(),
            annotations: self.annotations.clone(),
            callback: self.callback,
            body: read_file(&self.body)?,
            answer: read_file(&self.answer)?,
        })
    }

    fn check_inbound(&self) -> Result<(), String> {
        let message = if self.peer.is_none() && !self.plaintext {
            "error: name the caller: `--peer SPIFFE_ID`, or `--plaintext` for a caller without a certificate"
        } else if !self.annotations.is_empty() {
            "error: `--annotation` is for `--listener outbound`: the caller's own sidecar reads annotations \
             and sends headers; use `--header` for these"
        } else {
            return Ok(());
        };
        Err(message.to_owned())
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("error: cannot read `{}`: {error}", path.display()))
}
