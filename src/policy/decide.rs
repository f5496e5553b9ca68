//! Decides requests: a DENY that matches denies, else an ALLOW that matches allows, else the default denies.

use super::compiled::Scope;
use super::effect::Effect;
use super::facts::Facts;
use super::index::Index;
use super::ruleset::Ruleset;
use super::sieve::Sieve;

/// The answer of a rule set to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling<'r> {
    /// Whether the request may pass.
    pub allowed: bool,
    /// The rule that decided; `None` if no rule allowed the request.
    pub by: Option<Decider<'r>>,
    /// The number of the access that the ruling is about.
    pub access: usize,
}

/// The rule that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decider<'r> {
    /// Its policy's name.
    pub policy: &'r str,
    /// Its number in its policy, from 0.
    pub rule: u32,
}

impl Ruleset {
    /// Decides several accesses at once. Each must be allowed. The ruling is about the first access that is
    /// denied, or about the first access if all are allowed.
    pub fn decide<'r>(&'r self, scope: Scope, accesses: &[Facts<'_>]) -> Ruling<'r> {
        let sieve = |effect| {
            (accesses.len() > Sieve::FEW).then(|| Sieve::new(&self.compiled, effect, scope, accesses))
        };
        let (deny, allow) = (sieve(Effect::Deny), sieve(Effect::Allow));
        let mut first = None;
        for (access, facts) in accesses.iter().enumerate() {
            let denies = self.first_holding(Effect::Deny, scope, facts, deny.as_ref());
            let ruling = Ruling {
                allowed: false,
                by: denies,
                access,
            };
            if denies.is_some() {
                return ruling;
            }
            let allows = self.first_holding(Effect::Allow, scope, facts, allow.as_ref());
            if allows.is_none() {
                return ruling;
            }
            first.get_or_insert(Ruling {
                allowed: true,
                by: allows,
                access,
            });
        }
        first.unwrap_or(Ruling {
            allowed: false,
            by: None,
            access: 0,
        })
    }

    /// The first rule of `effect`, in document order, that matches.
    fn first_holding<'r>(
        &'r self,
        effect: Effect,
        scope: Scope,
        facts: &Facts<'_>,
        sieve: Option<&Sieve<'r, '_>>,
    ) -> Option<Decider<'r>> {
        let mut first: Option<u32> = None;
        self.index_of(effect)
            .each_list(&self.compiled.arena, effect, facts, &mut |list| {
                let mut look = |list: &[u32]| {
                    let mut earlier = list
                        .iter()
                        .take_while(|number| first.is_none_or(|first| **number < first));
                    let holding =
                        earlier.find(|number| self.compiled.holds_in(**number, effect, scope, facts));
                    first = holding.copied().or(first);
                };
                match sieve {
                    Some(sieve) if list.len() > Sieve::FEW => look(&sieve.through(list)),
                    _ => look(list),
                }
            });
        let rule = self.compiled.rules.get(first? as usize)?;
        Some(Decider {
            policy: self.compiled.arena.text(self.compiled.policy_of(rule)?.name),
            rule: rule.number,
        })
    }

    fn index_of(&self, effect: Effect) -> &Index {
        match effect {
            Effect::Allow => &self.allow,
            Effect::Deny => &self.deny,
        }
    }
}
