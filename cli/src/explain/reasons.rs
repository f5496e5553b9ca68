//! The reasons for a decision: the filter's own log line, and more for the user who asks.

use std::slice;

use dagward::authorize::{self, Awaits, Code, Incoming, Objection, Outcome, Proxy, Verdict};
use dagward::caller::headers::PROOF;
use dagward::operation::{self, Body, Request};
use dagward::policy::{Ruleset, Scope};
use dagward::stamp::Edit;
use dagward::verdict::Direction;

use super::asked;
use super::decision::At;
use super::host::Scene;
use super::question::Question;

/// The reasons. The one that decided comes first.
pub(super) fn reasons(
    scene: Scene<'_>,
    at: At,
    incoming: &Incoming<'_>,
    outcome: &Outcome<'_>,
) -> Vec<String> {
    let Scene {
        ruleset, question, ..
    } = scene;
    let logged = || authorize::reasons(Some(ruleset), outcome, incoming, true);
    let mut reasons = match outcome.verdict.code() {
        Code::Observed => vec!["the filter decides nothing in mode observe".to_owned()],
        Code::Outbound => {
            vec!["an outbound listener decides nothing: the destination's own sidecar decides".to_owned()]
        }
        _ => [refused(ruleset, question, outcome), logged()].concat(),
    };
    if outcome.verdict.shadow().is_some() {
        reasons.insert(
            0,
            "it passes, but would be refused if all policies were enforced".to_owned(),
        );
    }
    match at {
        At::Headers => reasons.extend(outcome.edits.iter().map(|edit| said(edit, question))),
        // The headers are on their way.
        At::Body | At::Answer => {}
    }
    if question.has_annotations && question.pod.is_none() {
        reasons.push(
            "the annotations name no task: `dag_id` is missing, or not an id that Airflow accepts".to_owned(),
        );
    }
    reasons.extend(awaited(scene, incoming, outcome));
    reasons.extend(body(scene, incoming));
    reasons
}

/// The part of the exchange with which the request will be decided again.
fn awaited(scene: Scene<'_>, incoming: &Incoming<'_>, outcome: &Outcome<'_>) -> Option<String> {
    let how = if scene.has_answer { "" } else { " (`--answer`)" };
    let then = match (outcome.verdict.awaits(), scene.question.listener()) {
        (Awaits::Nothing, _) if lacks_answer(scene, incoming, outcome) => {
            return Some(
                "Airflow's answer to this `run` decides it, and none is given (`--answer`)".to_owned(),
            );
        }
        (Awaits::Nothing, _) => return None,
        (Awaits::Body, _) => return Some("it is decided again with its body".to_owned()),
        (Awaits::Answer, Direction::Inbound) => {
            "it is decided again when Airflow's answer names the task's DAG"
        }
        (Awaits::Answer, Direction::Outbound) => {
            "later requests with its token are for the DAG that an api-server's answer names"
        }
    };
    Some(format!("{then}{how}"))
}

/// Whether no rule allows a task's `run` for which the user gives neither Airflow's answer nor a token. A task's own
/// `run` carries its token, and is decided with the answer.
fn lacks_answer(scene: Scene<'_>, incoming: &Incoming<'_>, outcome: &Outcome<'_>) -> bool {
    // The outcome's own operation has forgotten the answer where the request has no token.
    let operation = operation::classify(&incoming.request, scene.ruleset.site());
    let is_run = operation.is_ok_and(|operation| operation.awaits_answer);
    is_run && !scene.has_answer && matches!(outcome.verdict.objection(), Some(Objection::NoRule(_)))
}

/// Whether the filter would read a body, if none is given.
fn body(scene: Scene<'_>, incoming: &Incoming<'_>) -> Option<String> {
    let Scene {
        ruleset, question, ..
    } = scene;
    let at_headers = Incoming {
        request: Request {
            body: Body::Pending,
            ..incoming.request
        },
        ..*incoming
    };
    let may_say_more =
        operation::classify(&at_headers.request, ruleset.site()).is_ok_and(|operation| operation.awaits_body);
    if !may_say_more || incoming.request.body != Body::Whole(&[]) {
        return None;
    }
    let proxy = Proxy {
        identity: question.connection.own.as_ref(),
        pod: question.pod.as_ref(),
    };
    let verdict = authorize::authorize(Some(ruleset), proxy, &at_headers).verdict;
    let reads = match verdict.awaits() {
        Awaits::Body => "on this route the body may name ids or ask for more, and none is given (`--body`)",
        Awaits::Nothing | Awaits::Answer => {
            "the filter does not read its body: no body can change the decision"
        }
    };
    Some(reads.to_owned())
}

/// The accesses that no rule allows.
fn refused(ruleset: &Ruleset, question: &Question, outcome: &Outcome<'_>) -> Vec<String> {
    let (Some(Objection::NoRule(_)), Some(operation)) = (outcome.verdict.objection(), &outcome.operation)
    else {
        return Vec::new();
    };
    let scope = match &outcome.verdict {
        Verdict::Passed(_) => Scope::All,
        Verdict::Refused(_) => Scope::Enforced,
    };
    let facts = authorize::facts(
        ruleset,
        question.principal(),
        outcome.actor.acting(),
        &outcome.tokens,
        operation,
    );
    let mut reasons = Vec::new();
    for (ask, facts) in operation.accesses.iter().zip(&facts) {
        if ruleset.decide(scope, slice::from_ref(facts)).allowed {
            continue;
        }
        reasons.push(format!("no ALLOW rule holds for {}", asked(ask)));
        let if_enforced = ruleset.decide(Scope::All, slice::from_ref(facts));
        if let Some(by) = if_enforced.by.filter(|_| if_enforced.allowed) {
            let (policy, rule) = (by.policy, by.rule);
            reasons.push(format!(
                "policy `{policy}` rule {rule} holds, but is in mode shadow"
            ));
        }
    }
    reasons
}

fn said(edit: &Edit<'_>, question: &Question) -> String {
    let from_peer = question.listener() == Direction::Inbound && question.principal().is_some();
    match edit {
        Edit::Set(name, value) => format!("sets `{name}` to `{value}`"),
        Edit::Remove(PROOF) if from_peer => {
            let assumed = if question.proxy_is_assumed {
                " (assumed; `--proxy` names another)"
            } else {
                ""
            };
            let proxy = &question.proxy.as_str();
            format!("removes `{PROOF}`: the peer is not a stamper for the proxy `{proxy}`{assumed}")
        }
        Edit::Remove(name) => format!("removes `{name}`"),
    }
}
