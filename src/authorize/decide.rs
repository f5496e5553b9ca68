//! Decides a request by the policy, and tells whether the decision needs the body.
//!
//! The proxy holds and reads a body only if a rule that may match for this caller looks at the body's ids.
//! First the filter treats the request as one with any body: it accesses everything that some body can
//! access, on unknown ids. If the rules allow that, they allow the request with any body, however long, and
//! even if it is not JSON.

use std::rc::Rc;

use super::{Awaits, Code, Grounds, Objection, Ownership, Passed, Verdict};
use crate::caller::{Acting, Principal};
use crate::fact::Fact;
use crate::operation::{BadBody, Malformed, Operation};
use crate::policy::{Decider, Facts, Mode, Ruleset, Ruling, Scope};
use crate::token::Verified;

/// The caller, as the policy sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) principal: Option<&'a Principal>,
    pub(super) acting: Option<&'a Acting>,
    pub(super) tokens: &'a [Rc<Verified>],
}

/// Decides a request for `operation`. If its body has not arrived, and the request passes with any body as in
/// `unread`, the filter does not wait for the body. `bad_body` tells why a body cannot be read; it has an
/// effect only if the request is refused.
pub(super) fn decide<'a>(
    ruleset: &'a Ruleset,
    asked: Asked<'_>,
    operation: Operation<'a>,
    unread: impl FnOnce() -> Option<Operation<'a>>,
    bad_body: Option<BadBody>,
) -> (Verdict<'a>, Operation<'a>) {
    let enforced = match ruleset.mode() {
        Mode::Observe => {
            let awaits = Awaits::answer_to(&operation);
            return (Verdict::passed(Grounds::Observed, awaits), operation);
        }
        Mode::Shadow => false,
        Mode::Enforce => true,
    };
    let judge = |operation: &Operation<'_>| judge(ruleset, enforced, asked, operation);
    let mut passes_unread = false;
    if let Some(unread) = operation.awaits_body.then(unread).flatten() {
        let verdict = judge(&unread);
        if verdict.objection().is_none() {
            return (verdict, unread);
        }
        passes_unread = verdict.shadow().is_some();
    }
    let mut verdict = judge(&operation);
    match &mut verdict {
        // The request would be refused already; a body can only make it refused.
        Verdict::Passed(Passed {
            grounds: Grounds::Shadow(_),
            awaits,
            ..
        }) if passes_unread => *awaits = Awaits::answer_to(&operation),
        _ => {}
    }
    if let (Some(objection), Some(problem)) = (verdict.objection_mut(), bad_body) {
        *objection = Objection::Malformed(Code::MalformedBody, Malformed::Body(problem).to_string());
    }
    (verdict, operation)
}

/// The verdict on a request that is refused before the policy decides it. In `shadow` and `observe` it
/// passes.
pub(super) fn refuse<'a>(
    mode: Mode,
    objection: Objection<'a>,
    operation: Option<&Operation<'_>>,
) -> Verdict<'a> {
    let awaits = |of: fn(&Operation<'_>) -> Awaits| operation.map_or(Awaits::Nothing, of);
    match mode {
        Mode::Observe => Verdict::passed(Grounds::Observed, awaits(Awaits::answer_to)),
        Mode::Shadow => Verdict::passed(Grounds::Shadow(objection), awaits(Awaits::of)),
        Mode::Enforce => Verdict::Refused(objection),
    }
}

fn judge<'a>(
    ruleset: &'a Ruleset,
    enforced: bool,
    asked: Asked<'_>,
    operation: &Operation<'_>,
) -> Verdict<'a> {
    let facts = facts(ruleset, asked.principal, asked.acting, asked.tokens, operation);
    let decide = |scope| allowing(ruleset.decide(scope, &facts));
    let by = match enforced.then(|| decide(Scope::Enforced)) {
        Some(Err(objection)) => return Verdict::Refused(objection),
        Some(Ok(by)) if ruleset.has_shadow_policies() => decide(Scope::All).map(|_| by),
        Some(Ok(by)) => Ok(by),
        None => decide(Scope::All),
    };
    // A request that passes only because the policy is not enforced does not bind its token.
    let owns = enforced || by.is_ok();
    Verdict::Passed(Passed {
        grounds: by.map_or_else(Grounds::Shadow, Grounds::Rule),
        awaits: Awaits::of(operation),
        ownership: (owns && operation.starts()).then_some(Ownership { enforced }),
    })
}

/// The rule that allows a request.
fn allowing(ruling: Ruling<'_>) -> Result<Decider<'_>, Objection<'_>> {
    match (ruling.allowed, ruling.by) {
        (true, Some(by)) => Ok(by),
        (false, Some(by)) => Err(Objection::Rule(by)),
        (_, None) => Err(Objection::NoRule(ruling.access)),
    }
}

/// The facts that the policy evaluates: one set for each access of the request.
pub fn facts<'f>(
    ruleset: &'f Ruleset,
    principal: Option<&'f Principal>,
    acting: Option<&'f Acting>,
    tokens: &'f [Rc<Verified>],
    operation: &'f Operation<'f>,
) -> Vec<Facts<'f>> {
    let acting = self::acting(acting, operation);
    let teams = ruleset.teams();
    let of_caller = teams.map(|teams| teams.of_caller(principal, acting).fact());
    operation
        .accesses
        .iter()
        .map(|access| {
            let facts = Facts::new(principal, acting, tokens, operation, access);
            match (teams, of_caller) {
                (Some(teams), Some(of_caller)) => facts.with_teams(of_caller, teams.of_object(access).fact()),
                _ => facts,
            }
        })
        .collect()
}

/// The fact about the acting task.
pub fn acting<'f>(acting: Option<&'f Acting>, operation: &Operation<'_>) -> Fact<&'f Acting> {
    match acting {
        Some(acting) => Fact::Known(acting),
        None if operation.awaits_answer => Fact::Pending,
        None => Fact::Unknown,
    }
}
