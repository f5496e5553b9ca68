//! Leads a request through the rooms.
//!
//! An inbound listener checks: it reads who asks and for what, decides, and drops what a stranger
//! may not say. An outbound listener strips and stamps, and decides nothing: the destination's own
//! sidecar does.

mod acting;
mod code;
mod decide;
mod owner;
mod reasons;

use std::borrow::Cow;
use std::rc::Rc;

use crate::caller::{Acting, BadPrincipal, Principal, Proof, headers};
use crate::operation::{self, Body, Malformed, Operation, Request};
use crate::policy::{Mode, Ruleset};
use crate::stamp::Edit;
use crate::stamp::task_headers::{self, Own};
use crate::token::{Checked, Presented, Refusal, TokenResult, TokenVerifiers, Verified, check};
use crate::verdict::{Decision, Direction};
use crate::wire::Header;

use decide::decide;
use owner::Terms;

pub use acting::Token;
pub use code::{Code, Status};
pub use decide::facts;
pub use reasons::reasons;

/// What the proxy knows of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proxy<'a> {
    /// Its own identity.
    pub identity: Option<&'a Principal>,
    /// The task that its pod runs, where its metadata names one.
    pub pod: Option<&'a Acting>,
}

/// A request as the proxy has it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Which listener it came to.
    pub listener: Direction,
    /// The peer's identity from mTLS; `Ok(None)` where it has none.
    pub peer: Result<Option<&'a Principal>, &'a BadPrincipal>,
    /// The request line; the host in lower case, without its port.
    pub request: Request<'a>,
    /// The port that it came to, as text; empty where it is not known.
    pub port: &'a str,
    /// All headers.
    pub headers: &'a [Header<'a>],
    /// Envoy's name for the destination, on an outbound listener.
    pub cluster: &'a [u8],
    /// The credential that it carries for the Execution API.
    pub token: Token<'a>,
    /// Who judges the tokens that the policy names; without them none can be believed.
    pub verifiers: Option<TokenVerifiers<'a>>,
}

/// What comes of a request.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// Whether it passes. Outside enforce mode it always does.
    pub decision: Decision,
    /// Why.
    pub code: Code,
    /// The policy and the rule that decided.
    pub by: Option<(&'a str, u32)>,
    /// What would refuse it if all were enforced, where that is not so: the policy (empty where no
    /// rule allowed it) and why.
    pub shadow: Option<(&'a str, Code)>,
    /// What is malformed, for the caller to read.
    pub problem: Option<String>,
    /// The task that the caller acts for.
    pub acting: Option<Cow<'a, Acting>>,
    /// Whether a deadline's callback acts, and no task.
    pub callback: bool,
    /// Airflow's team of the run that the caller acts for, where Airflow's answer has named it.
    pub team: Option<&'a str>,
    /// What it asks for; `None` where that cannot be read.
    pub operation: Option<Operation<'a>>,
    /// The number of the ask that decided.
    pub access: usize,
    /// The tokens that it shows and that are to be believed.
    pub tokens: Vec<Rc<Verified>>,
    /// What came of each token that was looked at.
    pub token_results: Vec<TokenResult>,
    /// The changes to its task headers.
    pub edits: Vec<Edit<'a>>,
    /// Whether, if it passes, it is to be decided again once its body is there.
    pub awaits_body: bool,
    /// Whether, if it passes, Airflow's answer teaches, and it is then decided again.
    pub awaits_answer: bool,
    /// Whether the caller becomes the owner of its token once Airflow has accepted it, and if so,
    /// whether as an owner by an enforced policy.
    pub claims: Option<Claim>,
}

/// A caller's claim to the token with which it starts a task, good if Airflow accepts the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Whether the policy was enforced when the request passed it.
    pub enforced: bool,
}

/// What refuses a request before any policy is asked, and the problem with it.
struct Refused(Decision, Code, Option<String>);

/// Leads a request through the rooms. Without a rule set, because the first document was refused,
/// nothing passes.
pub fn authorize<'a>(ruleset: Option<&'a Ruleset>, proxy: Proxy<'a>, incoming: &Incoming<'a>) -> Outcome<'a> {
    let Some(ruleset) = ruleset else {
        return Outcome {
            decision: Decision::Deny,
            ..Outcome::passing(Code::ConfigRefused, Vec::new())
        };
    };
    match incoming.listener {
        Direction::Inbound => inbound(ruleset, proxy, incoming),
        Direction::Outbound => outbound(ruleset, proxy, incoming),
    }
}

/// A token says which task acts only where Airflow is asked, because Airflow verifies it. No other
/// service does, and a task could write another's name into a token of its own making.
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
    // A wrong claim of an application is for the destination to refuse.
    let claimed = || headers::read(incoming.headers, false).ok().flatten();
    Outcome {
        acting: match own {
            Some(Own::Task(acting)) => Some(acting),
            Some(Own::Callback(_)) => None,
            None => claimed().map(Cow::Owned),
        },
        callback,
        team: token.team(),
        awaits_answer: operation
            .as_ref()
            .is_some_and(|operation| operation.awaits_answer),
        operation,
        ..Outcome::passing(Code::Outbound, edits)
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
        // It matters only where a rule looks at what it says.
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
    // Whose token it shows does not count then, nor does what it says of itself.
    let reads_connection = operation.as_ref().is_ok_and(Operation::reads_connection);
    let acting = match (callback, tells_task) {
        (true, _) => Ok(stamped.and_then(acting::of_callback)),
        (false, true) => acting::learned(stamped, &token),
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
        // Airflow would renew the token, whose owner may be another.
        Ok(operation) if operation.takes_no_token() && terms.enforced => {
            owner::without_token(edits, incoming)
        }
        _ => edits,
    };
    let refused = None
        .or_else(|| Refused::malformed(Code::MalformedIdentity, incoming.peer.as_ref().err()))
        .or_else(|| Refused::malformed(Code::MalformedTaskHeaders, bad_headers.as_ref()))
        .or_else(|| Refused::malformed(Code::MalformedPath, operation.as_ref().err()))
        .or_else(|| Refused::malformed(Code::MalformedAuthorization, unreadable.as_ref()))
        .or_else(|| not_the_owner.map(|code| Refused(Decision::Deny, code, None)))
        .or_else(|| {
            acting
                .is_err()
                .then_some(Refused(Decision::Deny, Code::TaskConflict, None))
        })
        .or_else(|| Some(Refused(Decision::Deny, Code::Token(tokens.refused?), None)));
    let outcome = Outcome {
        acting: acting.ok().flatten().map(Cow::Owned),
        callback,
        team: token.team().filter(|_| tells_task),
        awaits_body: operation.as_ref().is_ok_and(|operation| operation.awaits_body),
        awaits_answer: operation.as_ref().is_ok_and(|operation| operation.awaits_answer),
        operation: operation.ok(),
        tokens: tokens.verified,
        token_results: tokens.results,
        ..Outcome::passing(Code::Observed, edits)
    };
    match (ruleset.mode(), refused) {
        (Mode::Observe, _) => Outcome {
            awaits_body: false,
            ..outcome
        },
        (Mode::Shadow, Some(Refused(_, code, _))) => Outcome {
            code: Code::ShadowDenied,
            shadow: Some(("", code)),
            ..outcome
        },
        (Mode::Enforce, Some(Refused(decision, code, problem))) => Outcome {
            decision,
            code,
            problem,
            ..outcome
        },
        (mode, None) => {
            let unread = outcome.awaits_body.then(|| read(Body::Unread).ok()).flatten();
            decide(ruleset, mode, principal, outcome, unread, bad_body)
        }
    }
}

/// What the request asks for, with this body.
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

/// What comes of the tokens that a request shows.
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

impl<'a> Outcome<'a> {
    fn passing(code: Code, edits: Vec<Edit<'a>>) -> Self {
        Self {
            decision: Decision::Allow,
            code,
            by: None,
            shadow: None,
            problem: None,
            acting: None,
            callback: false,
            team: None,
            operation: None,
            access: 0,
            tokens: Vec::new(),
            token_results: Vec::new(),
            edits,
            awaits_body: false,
            awaits_answer: false,
            claims: None,
        }
    }
}

impl Refused {
    fn malformed(code: Code, error: Option<&impl ToString>) -> Option<Self> {
        error.map(|error| Self(Decision::Malformed, code, Some(error.to_string())))
    }
}

#[cfg(test)]
mod tests;
