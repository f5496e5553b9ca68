//! The names that a case can use.

use dagward::policy::{Coverage, Ruleset};

use super::case::Caller;

/// The names that a case can use.
pub(super) struct Known<'r> {
    pub(super) trust_domain: String,
    /// The callers of the file.
    pub(super) callers: Vec<Caller>,
    /// The policies, each with the number of its rules.
    pub(super) policies: Vec<(&'r str, u32)>,
    pub(super) issuers: Vec<&'r str>,
}

impl<'r> Known<'r> {
    pub(super) fn new(ruleset: &'r Ruleset, trust_domain: &str) -> Self {
        let mut policies: Vec<(&str, u32)> = Vec::new();
        for rule in Coverage::new(ruleset).rules() {
            match policies.last_mut() {
                Some((policy, rules)) if *policy == rule.policy => *rules += 1,
                _ => policies.push((rule.policy, 1)),
            }
        }
        let issuers = ruleset.issuers().iter().map(|issuer| issuer.name.as_str());
        Self {
            trust_domain: trust_domain.to_owned(),
            callers: Vec::new(),
            policies,
            issuers: issuers.collect(),
        }
    }
}
