//! Authorizes a request, step by step.
//!
//! On an inbound listener the filter checks the request: it reads the caller and the operation, decides, and
//! drops headers that an untrusted peer must not set. On an outbound listener it strips and stamps headers,
//! and decides nothing: the destination's own sidecar does.

mod acting;
mod code;
mod decide;
mod incoming;
mod outcome;
mod owner;
mod reasons;
mod token;

use std::borrow::Cow;

use crate::caller::{Principal, Proof, headers};
use crate::operation::{self, Body, Malformed, Operation, Request};
use crate::policy::{Mode, Ruleset};
use crate::stamp::task_headers::{self, Own};
use crate::token::{Checked, Presented, Refusal, check};
use crate::verdict::Direction;

use decide::{Asked, decide, refuse};
use owner::Terms;

pub use code::{Code, Status};
pub use decide::{acting, facts};
pub use incoming::{Incoming, Proxy};
pub use outcome::{Actor, Awaits, Grounds, Objection, Outcome, Ownership, Passed, Verdict};
pub use reasons::reasons;
pub use token::Token;

/// Authorizes a request. Without a rule set, because the first document was refused, no request passes.
pub fn authorize<'a>(ruleset: Option<&'a Ruleset>, proxy: Proxy<'a>, incoming: &Incoming<'a>) -> Outcome<'a> {
    let Some(ruleset) = ruleset else {
        return Outcome {
            verdict: Verdict::Refused(Objection::Unasked(Code::ConfigRefused)),
            actor: Actor::Task(None),
            team: None,
            operation: None,
            tokens: Vec::new(),
            token_results: Vec::new(),
            edits: Vec::new(),
        };
    };
    match incoming.listener {
        Direction::Inbound => inbound(ruleset, proxy, incoming),
        Direction::Outbound => outbound(ruleset, proxy, incoming),
    }
}

/// Handles a request that leaves the pod. Its token names the acting task only on a request to Airflow,
/// because Airflow verifies the token. No other service does, and a task could put another task's name into a
/// token that it made itself.
fn outbound<'a>(ruleset: &'a Ruleset, proxy: Proxy<'a>, incoming: &Incoming<'a>) -> Outcome<'a> {
    let mut operation = operation::classify(&incoming.request, ruleset.site()).ok();
    let inside = ruleset.mesh().contains(incoming.cluster);
    let asks_airflow = operation.as_ref().is_some_and(Operation::verifies_token);
    let token = match inside && asks_airflow && ruleset.names_api_servers() {
        true => incoming.token,
        false => Token::default(),
    };
    if let Some(operation) = &mut operation {
        acting::resolve_task_instance(operation, &token);
    }
    let own = acting::leaving(proxy.pod, &token);
    let callback = operation
        .as_ref()
        .is_some_and(|operation| token.is_callback(operation));
    let edits = match inside {
        true => task_headers::toward_mesh(incoming.headers, own.as_ref()),
        false => task_headers::leaving_mesh(incoming.headers),
    };
    // The destination refuses an application's malformed claim.
    let claimed = || headers::read(incoming.headers, false).ok().flatten();
    let acting = match own {
        Some(Own::Task(acting)) => Some(acting),
        Some(Own::Callback(_)) => None,
        None => claimed().map(Cow::Owned),
    };
    let awaits = operation.as_ref().map_or(Awaits::Nothing, Awaits::answer_to);
    Outcome {
        verdict: Verdict::passed(Grounds::Outbound, awaits),
        actor: Actor::new(callback, acting),
        team: token.team(),
        operation,
        tokens: Vec::new(),
        token_results: Vec::new(),
        edits,
    }
}

fn inbound<'a>(ruleset: &'a Ruleset, proxy: Proxy<'a>, incoming: &Incoming<'a>) -> Outcome<'a> {
    let principal = incoming.peer.ok().flatten();
    let believed = principal.is_some_and(|principal| acting::is_stamper(ruleset, proxy, principal));
    let edits = match believed {
        true => Vec::new(),
        false => task_headers::from_stranger(incoming.headers),
    };
    let (stamped, bad_headers) = match headers::read(incoming.headers, believed) {
        Ok(stamped) => (stamped, None),
        Err(error) => (None, Some(error)),
    };
    let token = Token {
        callback: acting::callback_said(incoming, believed),
        ..incoming.token
    };
    let read = |body| operation(ruleset, incoming, &token, body);
    let (operation, bad_body) = match read(incoming.request.body) {
        // An unreadable body matters only if a rule looks at its ids.
        Err(Malformed::Body(problem)) => (read(Body::Unread), Some(problem)),
        operation => (operation, None),
    };
    let terms = Terms {
        vouching: ruleset.names_api_servers(),
        enforced: ruleset.mode() == Mode::Enforce,
    };
    let not_the_owner = operation
        .as_ref()
        .ok()
        .and_then(|operation| token.not_the_owner(principal, operation, stamped.as_ref(), terms));
    let tells_task = operation
        .as_ref()
        .is_ok_and(|operation| token.tells_task(operation, stamped.as_ref(), terms));
    let callback = operation
        .as_ref()
        .is_ok_and(|operation| token.is_callback(operation));
    let reads_connection = operation.as_ref().is_ok_and(Operation::reads_connection);
    let acting = match (callback, tells_task) {
        (true, _) => Ok(stamped.and_then(acting::of_callback)),
        (false, true) => acting::learned(stamped, &token),
        // The token's owner is not known, and a thief of the token would claim its task, too.
        (false, false) if reads_connection => Ok(stamped.filter(|stamped| stamped.proof > Proof::Claimed)),
        (false, false) => Ok(stamped),
    };
    let needs_token = operation
        .as_ref()
        .is_ok_and(|operation| operation.below_execution && !operation.takes_no_token());
    let unreadable = incoming.token.credential.unreadable().filter(|_| needs_token);
    let tokens = operation.as_ref().map_or_else(
        |_| Checked::default(),
        |operation| shown(ruleset, principal, operation, incoming),
    );
    let edits = match &operation {
        // Airflow would renew the token, which may belong to another principal.
        Ok(operation) if operation.takes_no_token() && terms.enforced => {
            owner::without_token(edits, incoming)
        }
        _ => edits,
    };
    let objection = None
        .or_else(|| Objection::malformed(Code::MalformedIdentity, incoming.peer.as_ref().err()))
        .or_else(|| Objection::malformed(Code::MalformedTaskHeaders, bad_headers.as_ref()))
        .or_else(|| Objection::malformed(Code::MalformedAuthorization, unreadable.as_ref()))
        .or_else(|| not_the_owner.map(Objection::Unasked))
        .or_else(|| acting.is_err().then_some(Objection::Unasked(Code::TaskConflict)))
        .or_else(|| Some(Objection::Unasked(Code::Token(tokens.refused?))));
    let actor = Actor::new(callback, acting.ok().flatten().map(Cow::Owned));
    let (verdict, operation) = match (operation, objection) {
        (Ok(operation), None) => {
            let asked = Asked {
                principal,
                acting: actor.acting(),
                tokens: &tokens.verified,
            };
            let unread = || read(Body::Unread).ok();
            let (verdict, operation) = decide(ruleset, asked, operation, unread, bad_body);
            (verdict, Some(operation))
        }
        (Ok(operation), Some(objection)) => {
            let verdict = refuse(ruleset.mode(), objection, Some(&operation));
            (verdict, Some(operation))
        }
        (Err(malformed), objection) => {
            let path = || Objection::Malformed(Code::MalformedPath, malformed.to_string());
            (refuse(ruleset.mode(), objection.unwrap_or_else(path), None), None)
        }
    };
    Outcome {
        verdict,
        actor,
        team: token.team().filter(|_| tells_task),
        operation,
        tokens: tokens.verified,
        token_results: tokens.results,
        edits,
    }
}

/// The operation of the request with this body.
fn operation<'a>(
    ruleset: &Ruleset,
    incoming: &Incoming<'a>,
    token: &Token<'_>,
    body: Body<'a>,
) -> Result<Operation<'a>, Malformed> {
    let request = Request {
        body,
        ..incoming.request
    };
    operation::check_headers(incoming.headers)?;
    if !ruleset.site().is_at(incoming.port) {
        return operation::classify_elsewhere(&request);
    }
    let mut operation = operation::classify(&request, ruleset.site())?;
    acting::resolve_task_instance(&mut operation, token);
    Ok(operation)
}

/// The result for the tokens that a request presents.
fn shown(
    ruleset: &Ruleset,
    peer: Option<&Principal>,
    operation: &Operation<'_>,
    incoming: &Incoming<'_>,
) -> Checked {
    let presented = Presented {
        surface: operation.surface,
        query: incoming
            .request
            .target
            .split_once('?')
            .map_or("", |(_, query)| query),
        headers: incoming.headers,
        peer,
    };
    match incoming.verifiers {
        Some(verifiers) => check(ruleset.issuers(), verifiers, presented),
        None if ruleset
            .issuers()
            .iter()
            .any(|issuer| issuer.is_on(presented.surface)) =>
        {
            Checked {
                refused: Some(Refusal::KeysUnavailable),
                ..Checked::default()
            }
        }
        None => Checked::default(),
    }
}

#[cfg(test)]
mod tests;
