//! The reasons for a decision in words, for logs and for `dagward explain`.

use crate::policy::{Decider, Ruleset, Scope};

use super::{Incoming, Objection, Outcome, Verdict, facts};

/// The number of nearest rules in the reasons.
const NEAREST: usize = 3;

/// The reasons why a request passed or was refused: the rule that decided, or the failed conditions of the
/// nearest ALLOW rules. With `all`, every rule is examined, otherwise only those that the index finds.
pub fn reasons(
    ruleset: Option<&Ruleset>,
    outcome: &Outcome<'_>,
    incoming: &Incoming<'_>,
    all: bool,
) -> Vec<String> {
    let Some(objection) = outcome.verdict.objection() else {
        return vec![match outcome.verdict.by() {
            Some(Decider { policy, rule }) => format!("policy `{policy}` rule {rule} allows it"),
            None => outcome.verdict.code().message().to_owned(),
        }];
    };
    match (objection, ruleset, &outcome.operation) {
        (Objection::Malformed(_, problem), ..) => vec![problem.clone()],
        (Objection::Rule(Decider { policy, rule }), ..) => {
            vec![format!("policy `{policy}` rule {rule} denies it")]
        }
        (Objection::NoRule(deciding), Some(ruleset), Some(operation)) => {
            let principal = incoming.peer.ok().flatten();
            let facts = facts(
                ruleset,
                principal,
                outcome.actor.acting(),
                &outcome.tokens,
                operation,
            );
            let scope = match &outcome.verdict {
                Verdict::Passed(_) => Scope::All,
                Verdict::Refused(_) => Scope::Enforced,
            };
            let accesses = facts.iter().enumerate();
            // For the log, the access that decided is enough.
            let refused = accesses.filter(|(access, facts)| match all {
                true => !ruleset.decide(scope, std::slice::from_ref(*facts)).allowed,
                false => access == deciding,
            });
            let misses = refused.flat_map(|(_, facts)| ruleset.misses(facts, NEAREST, all));
            let mut reasons = Vec::new();
            for miss in misses {
                let reason = format!("policy `{}` rule {}: {}", miss.policy, miss.rule, miss.failed);
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
            if reasons.is_empty() {
                reasons.push("no rule is about this caller or this request".to_owned());
            }
            reasons
        }
        _ => vec![objection.code().message().to_owned()],
    }
}
