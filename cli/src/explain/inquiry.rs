//! A request as the user describes it, and the policy that decides it.

use std::io;
use std::path::Path;

use dagward::operation::{self, Body, Operation, Request, Surface, host_of};
use dagward::policy::{Facts, Ruleset};
use dagward::verdict::Direction;

use super::explanation::Explanation;
use super::host::Scene;
use super::play::{Parts, play};
use super::question::{Annotation, HeaderLine, Question};
use super::shown::{Shown, Verification};
use crate::check::{self, Policy};
use crate::report::{self, Look};
use crate::source::Source;

/// The policy of a file.
pub(crate) struct Subject {
    /// The file.
    pub(crate) source: Source,
    pub(crate) policy: Policy,
    pub(crate) ruleset: Ruleset,
}

/// One request, as the user describes it.
#[derive(Debug, Clone)]
pub(crate) struct Inquiry {
    pub(crate) listener: Direction,
    /// The caller's SPIFFE ID; `None` for a caller without a certificate.
    pub(crate) peer: Option<String>,
    pub(crate) plaintext: bool,
    /// The proxy's own SPIFFE ID, unless it is the default.
    pub(crate) proxy: Option<String>,
    /// The SPIFFE ID of the server that answers, unless it is the default.
    pub(crate) server: Option<String>,
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) path: String,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) headers: Vec<HeaderLine>,
    pub(crate) annotations: Vec<Annotation>,
    /// Whether Airflow has let the caller start a deadline's callback with the request's token.
    pub(crate) callback: bool,
    pub(crate) body: Option<Vec<u8>>,
    /// The body of Airflow's answer to the task's `run`.
    pub(crate) answer: Option<Vec<u8>>,
}

impl Subject {
    /// Reads the one policy of a file.
    ///
    /// # Errors
    /// The file cannot be read, its policy is not valid, or it does not hold exactly one.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let file = path.display();
        let source = Source::read(path).map_err(|error| format!("error: cannot read `{file}`: {error}"))?;
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
        let (policy, ruleset) = policy.zip(ruleset).ok_or_else(|| {
            format!("error: `{file}` holds {count} policy documents; the command takes a file with one")
        })?;
        Ok(Self {
            source,
            policy,
            ruleset,
        })
    }
}

impl Inquiry {
    /// The surface that the path is on, if the filter can read it.
    pub(crate) fn surface(&self, ruleset: &Ruleset) -> Option<Surface> {
        let host = host_of(&self.host);
        self.operation(ruleset, &host).map(|operation| operation.surface)
    }

    /// Whether the request is a task's `run`, which is decided again with Airflow's answer.
    pub(crate) fn is_run(&self, ruleset: &Ruleset) -> bool {
        let host = host_of(&self.host);
        let operation = self.operation(ruleset, &host);
        operation.is_some_and(|operation| operation.awaits_answer)
    }

    /// Runs the filter's own code on the request. Gives `cover` each access that the policy decided in the end.
    ///
    /// # Errors
    /// The request is not one that a proxy could have.
    pub(crate) fn explain(
        &self,
        subject: &Subject,
        verification: &Verification,
        shown: Option<&Shown>,
        cover: Option<&dyn Fn(&Facts<'_>)>,
    ) -> Result<(Question, Explanation), String> {
        let Subject { policy, ruleset, .. } = subject;
        let host = host_of(&self.host);
        let operation = self.operation(ruleset, &host);
        let parts = Parts {
            body: self.body.clone(),
            answer: self.answer.clone(),
            is_run: self.is_run(ruleset),
            callback: self.callback,
        };
        let question = Question::of(self, policy, ruleset, operation.as_ref(), shown)?;
        let scene = Scene {
            ruleset,
            question: &question,
            verification,
            shown,
            has_answer: parts.answer.is_some(),
            cover,
        };
        let explanation = Explanation::of(play(scene, parts)?).ok_or("error: the filter decided nothing")?;
        Ok((question, explanation))
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
    pub(super) fn port(&self) -> String {
        self.port.map_or(String::new(), |port| port.to_string())
    }
}
