//! May they? A DENY that holds denies; else an ALLOW that holds allows; else deny.

use super::facts::Facts;
use super::ruleset::{Effect, Ruleset};

/// The answer of a rule set to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict<'r> {
    /// Whether the request may pass.
    pub allowed: bool,
    /// The rule that decided; `None` where no rule allowed it.
    pub by: Option<Decider<'r>>,
}

/// The rule that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decider<'r> {
    /// Its policy's name.
    pub policy: &'r str,
    /// Its number in its policy, from 0.
    pub rule: u32,
}

/// Which policies take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those that are enforced.
    Enforced,
    /// Those in shadow mode as well, as if they were enforced.
    All,
}

impl Ruleset {
    /// Decides about several asks at once: each must be allowed. The verdict is that of the first
    /// ask that is not, else that of the first ask.
    pub fn decide<'r>(&'r self, scope: Scope, asks: &[Facts<'_>]) -> Verdict<'r> {
        let mut first = None;
        for facts in asks {
            let verdict = self.decide_one(scope, facts);
            if !verdict.allowed {
                return verdict;
            }
            first.get_or_insert(verdict);
        }
        first.unwrap_or(Verdict {
            allowed: false,
            by: None,
        })
    }

    fn decide_one<'r>(&'r self, scope: Scope, facts: &Facts<'_>) -> Verdict<'r> {
        if let Some(by) = self.first_holding(Effect::Deny, scope, facts) {
            return Verdict {
                allowed: false,
                by: Some(by),
            };
        }
        let by = self.first_holding(Effect::Allow, scope, facts);
        Verdict {
            allowed: by.is_some(),
            by,
        }
    }

    /// The first rule of `effect`, in document order, that holds.
    fn first_holding(&self, effect: Effect, scope: Scope, facts: &Facts<'_>) -> Option<Decider<'_>> {
        let index = match effect {
            Effect::Allow => &self.allow,
            Effect::Deny => &self.deny,
        };
        index
            .candidates(&self.arena, effect, facts)
            .into_iter()
            .find_map(|number| {
                let rule = self.rules.get(number as usize)?;
                let policy = self.policy_of(rule)?;
                let takes_part = scope == Scope::All || !policy.shadow;
                (takes_part && self.holds(rule, effect, facts)).then(|| Decider {
                    policy: self.arena.text(policy.name),
                    rule: rule.number,
                })
            })
    }
}
