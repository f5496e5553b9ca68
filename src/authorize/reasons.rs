//! Why, in words, for logs and for `dagward explain`.

use crate::policy::{Ruleset, Scope};

use super::{Code, Incoming, Outcome, facts};

/// How many rules that nearly allowed a request are named.
const NEAREST: usize = 3;

/// Why a request passed or did not: the rule that decided, or the conditions that the nearest
/// ALLOW rules wanted. With `all` every rule is looked at, otherwise those that the index finds.
pub fn reasons(
    ruleset: Option<&Ruleset>,
    outcome: &Outcome<'_>,
    incoming: &Incoming<'_>,
    all: bool,
) -> Vec<String> {
    let deciding = outcome.shadow.map_or(outcome.code, |(_, code)| code);
    if let Some(problem) = &outcome.problem {
        return vec![problem.clone()];
    }
    match (deciding, outcome.by, ruleset, &outcome.operation) {
        (Code::Allowed, Some((policy, rule)), ..) => vec![format!("policy `{policy}` rule {rule} allows it")],
        (Code::DeniedByRule, Some((policy, rule)), ..) => {
            vec![format!("policy `{policy}` rule {rule} denies it")]
        }
        (Code::NoRuleAllows, _, Some(ruleset), Some(operation)) => {
            let principal = incoming.peer.ok().flatten();
            let facts = facts(principal, outcome.acting.as_deref(), &outcome.tokens, operation);
            // In the log the ask that decided is enough.
            let scope = outcome.shadow.map_or(Scope::Enforced, |_| Scope::All);
            let accesses = facts.iter().enumerate();
            let refused = accesses.filter(|(access, facts)| match all {
                true => !ruleset.decide(scope, std::slice::from_ref(*facts)).allowed,
                false => *access == outcome.access,
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
                reasons.push("no rule speaks of this caller or this request".to_owned());
            }
            reasons
        }
        _ => vec![deciding.message().to_owned()],
    }
}
