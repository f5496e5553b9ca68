//! The policy's word on a request, and whether it needs the body for that.
//!
//! A body is held and read only where a rule that may hold for this caller looks at what the body says. A request whose
//! body may say anything asks for all that some body can ask for, on unknown ids. If the rules allow that, they allow
//! the request with any body: one of any size, and one that is no JSON.

use std::rc::Rc;

use super::{Claim, Code, Outcome};
use crate::caller::{Acting, Principal};
use crate::fact::Fact;
use crate::operation::{BadBody, Malformed, Operation};
use crate::policy::{Facts, Mode, Ruleset, Scope, Verdict};
use crate::token::Verified;
use crate::verdict::Decision;

/// Decides about a request. Where its body is still to come, and the request passes as `unread`, it is not waited for.
/// `bad_body` says why a body cannot be read; the request is then as if it was not.
pub(super) fn decide<'a>(
    ruleset: &'a Ruleset,
    mode: Mode,
    principal: Option<&Principal>,
    outcome: Outcome<'a>,
    unread: Option<Operation<'a>>,
    bad_body: Option<BadBody>,
) -> Outcome<'a> {
    let judge = |operation: &Operation<'_>| judge(ruleset, mode, principal, &outcome, operation);
    let unread = unread.map(|unread| (judge(&unread), unread));
    let unread = match unread {
        Some((verdict, unread)) if verdict.passes => {
            return Outcome {
                awaits_body: false,
                operation: Some(unread),
                ..verdict.applied(outcome)
            };
        }
        unread => unread,
    };
    let Some(operation) = &outcome.operation else {
        return outcome;
    };
    let mut verdict = judge(operation);
    // A body can only make it refused, which it would be already.
    let is_sure =
        |(unread, _): (Judgement<'_>, _)| unread.decision == Decision::Allow && verdict.shadow.is_some();
    let awaits_body = outcome.awaits_body && !unread.is_some_and(is_sure);
    let problem = bad_body.filter(|_| !verdict.passes).map(|problem| {
        let code = Code::MalformedBody;
        match verdict.shadow {
            Some(_) => verdict.shadow = Some(("", code)),
            None => (verdict.decision, verdict.code) = (Decision::Malformed, code),
        }
        verdict.by = None;
        Malformed::Body(problem).to_string()
    });
    Outcome {
        awaits_body,
        problem,
        ..verdict.applied(outcome)
    }
}

/// What the policy says of a request.
struct Judgement<'a> {
    decision: Decision,
    code: Code,
    by: Option<(&'a str, u32)>,
    shadow: Option<(&'a str, Code)>,
    access: usize,
    claims: Option<Claim>,
    /// Whether it would pass as well if all policies were enforced.
    passes: bool,
}

impl<'a> Judgement<'a> {
    fn applied(self, outcome: Outcome<'a>) -> Outcome<'a> {
        Outcome {
            decision: self.decision,
            code: self.code,
            by: self.by,
            shadow: self.shadow,
            access: self.access,
            claims: self.claims,
            ..outcome
        }
    }
}

fn judge<'a>(
    ruleset: &'a Ruleset,
    mode: Mode,
    principal: Option<&Principal>,
    outcome: &Outcome<'_>,
    operation: &Operation<'_>,
) -> Judgement<'a> {
    let facts = facts(principal, outcome.acting.as_deref(), &outcome.tokens, operation);
    let enforced = (mode == Mode::Enforce).then(|| ruleset.decide(Scope::Enforced, &facts));
    let all =
        (mode == Mode::Shadow || ruleset.has_shadow_policies()).then(|| ruleset.decide(Scope::All, &facts));
    let code_of = |verdict: &Verdict<'_>| match (verdict.allowed, verdict.by) {
        (true, _) => Code::Allowed,
        (false, Some(_)) => Code::DeniedByRule,
        (false, None) => Code::NoRuleAllows,
    };
    let refused = enforced.filter(|verdict| !verdict.allowed);
    let would_refuse = all.filter(|verdict| refused.is_none() && !verdict.allowed);
    let deciding = refused.or(would_refuse).or(enforced).or(all);
    let claims = operation.starts().then_some(Claim {
        enforced: mode == Mode::Enforce,
    });
    // A request that passes only because the policy is not enforced makes no owner.
    let owns = match mode {
        Mode::Enforce => refused.is_none(),
        Mode::Shadow => would_refuse.is_none(),
        Mode::Observe => false,
    };
    let shadow = would_refuse.map(|verdict| (verdict.by.map_or("", |by| by.policy), code_of(&verdict)));
    Judgement {
        decision: if refused.is_some() {
            Decision::Deny
        } else {
            Decision::Allow
        },
        code: match (&shadow, &deciding) {
            (Some(_), _) => Code::ShadowDenied,
            (None, Some(verdict)) => code_of(verdict),
            (None, None) => Code::Observed,
        },
        by: deciding
            .and_then(|verdict| verdict.by)
            .map(|by| (by.policy, by.rule)),
        access: deciding.map_or(0, |verdict| verdict.access),
        passes: refused.is_none() && shadow.is_none(),
        shadow,
        claims: claims.filter(|_| owns),
    }
}

/// What the policy sees of a request: one set of facts for each thing that it asks.
pub fn facts<'f>(
    principal: Option<&'f Principal>,
    acting: Option<&'f Acting>,
    tokens: &'f [Rc<Verified>],
    operation: &'f Operation<'f>,
) -> Vec<Facts<'f>> {
    let acting = match acting {
        Some(acting) => Fact::Known(acting),
        None if operation.awaits_answer => Fact::Pending,
        None => Fact::Unknown,
    };
    operation
        .accesses
        .iter()
        .map(|access| Facts::new(principal, acting, tokens, operation, access))
        .collect()
}
