//! One request of one caller of a case, played by the filter's own code.

use dagward::authorize::Code;
use dagward::policy::Facts;
use dagward::verdict::Direction;

use super::case::{Caller, Case, Expected, Request};
use super::command;
use crate::explain::{Decision, Inquiry, Subject, Verification};
use crate::time::Time;

/// The destination of requests that name no host, as `dagward explain` has it.
pub(super) const HOST: &str = "airflow-api-server";

/// One request of one caller of a case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial<'c> {
    pub(super) case: &'c Case,
    pub(super) caller: &'c Caller,
    pub(super) request: &'c Request,
}

/// The result of a trial.
#[derive(Debug)]
pub(super) struct Outcome<'c> {
    pub(super) trial: Trial<'c>,
    /// The decision; an error if the case describes no possible request.
    pub(super) decision: Result<Found, String>,
    /// The differences between the expected and the found decision. None if the trial passes.
    pub(super) differences: Vec<String>,
    /// The command that explains the decision.
    pub(super) command: String,
}

/// The decision of the filter.
#[derive(Debug)]
pub(super) struct Found {
    /// Whether it passes, or would pass if all policies were enforced.
    pub(super) allow: bool,
    /// The reason as one word.
    pub(super) code: Code,
    pub(super) policy: Option<String>,
    pub(super) rule: Option<u32>,
    pub(super) reasons: Vec<String>,
}

impl Outcome<'_> {
    /// Whether all is as expected.
    pub(super) fn passes(&self) -> bool {
        self.differences.is_empty()
    }
}

impl<'c> Trial<'c> {
    /// Every trial of a case.
    pub(super) fn of(case: &'c Case) -> impl Iterator<Item = Self> {
        case.callers.iter().flat_map(move |caller| {
            case.requests.iter().map(move |request| Self {
                case,
                caller,
                request,
            })
        })
    }

    /// Its name beside that of its case.
    pub(super) fn label(&self) -> String {
        format!("{}: {}", self.caller.label, self.request.label())
    }

    /// Plays the request. Gives `cover` each access that the policy decides.
    pub(super) fn play(self, subject: &Subject, cover: &dyn Fn(&Facts<'_>)) -> Outcome<'c> {
        let inquiry = self.inquiry();
        let now = Time::now();
        let ruleset = &subject.ruleset;
        let token = self.caller.token.as_ref();
        let shown = token.map(|token| token.shown(ruleset, now)).transpose();
        let decision = shown.and_then(|shown| {
            let verification = Verification::vouching(ruleset, shown.as_ref(), now);
            let explained = inquiry.explain(subject, &verification, shown.as_ref(), Some(cover));
            explained.map(|(_, explanation)| Found::new(explanation.decision))
        });
        let is_open = inquiry.answer.is_none() && inquiry.is_run(ruleset);
        let differences = match &decision {
            Ok(_) if is_open => vec!["Airflow's answer decides it: give the case an `answer`".to_owned()],
            Ok(found) => differences(&self.case.expected, found),
            Err(error) => vec![error.trim_start_matches("error: ").to_owned()],
        };
        Outcome {
            trial: self,
            decision,
            differences,
            command: command::explain(&subject.source.name, &inquiry, token),
        }
    }

    fn inquiry(&self) -> Inquiry {
        let Self { caller, request, .. } = self;
        let acting = caller.acting.iter().flat_map(|acting| acting.headers());
        Inquiry {
            listener: Direction::Inbound,
            peer: caller.peer.clone(),
            plaintext: caller.peer.is_none(),
            proxy: request.site.proxy.clone(),
            server: None,
            method: request.method.clone(),
            path: request.path.clone(),
            host: request.site.host.clone().unwrap_or_else(|| HOST.to_owned()),
            port: request.site.port,
            headers: acting.chain(request.headers.iter().cloned()).collect(),
            annotations: Vec::new(),
            callback: caller.callback,
            body: request.body.clone(),
            answer: caller.answer.as_ref().map(|answer| answer.body()),
        }
    }
}

impl Found {
    fn new(decision: Decision) -> Self {
        Self {
            allow: decision.objection.is_none(),
            code: decision.objection.unwrap_or(Code::Allowed),
            policy: decision.policy,
            rule: decision.rule,
            reasons: decision.reasons,
        }
    }

    /// The decision in words: `deny (denied_by_rule, policy `p` rule 0)`.
    pub(super) fn in_words(&self) -> String {
        let word = if self.allow { "allow" } else { "deny" };
        let by = match (&self.policy, self.rule) {
            (Some(policy), Some(rule)) => format!(", policy `{policy}` rule {rule}"),
            _ => String::new(),
        };
        format!("{word} ({}{by})", self.code)
    }
}

fn differences(expected: &Expected, found: &Found) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |is_wrong: bool, what: String| {
        if is_wrong {
            differences.push(format!("expected {what}, found {}", found.in_words()));
        }
    };
    differ(found.allow != expected.allow, expected.word().to_owned());
    if let Some(code) = expected.code {
        differ(code != found.code, format!("the code `{code}`"));
    }
    if let Some(policy) = &expected.policy {
        let is_same = found.policy.as_ref() == Some(policy)
            && expected.rule.is_none_or(|rule| found.rule == Some(rule));
        let rule = expected.rule.map(|rule| format!(" rule {rule}"));
        differ(!is_same, format!("policy `{policy}`{}", rule.unwrap_or_default()));
    }
    differences.truncate(1);
    differences
}
