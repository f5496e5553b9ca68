//! The coverage agrees with the decision: the rule that decides an access has an entry on each side that holds.

use dagward::policy::{ConditionCoverage, Coverage, Facts, Scope};
use proptest::prelude::*;

use crate::asked::asked;
use crate::generate::document;
use crate::load;

/// Whether all conditions of some entry have held. A side without entries holds.
fn holds(entries: &[Vec<ConditionCoverage<'_>>]) -> bool {
    let all_held =
        |conditions: &Vec<ConditionCoverage<'_>>| conditions.iter().all(|condition| condition.held);
    entries.is_empty() || entries.iter().any(all_held)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn a_rule_that_decides_has_held(
        ruleset in document().prop_filter_map("a valid document", |document| load(&document)),
        requests in prop::collection::vec(asked(), 20),
    ) {
        for request in requests {
            let (operation, tokens) = (request.operation(), request.tokens());
            for access in &operation.accesses {
                let facts = Facts::new(request.principal.as_ref(), request.acting(), &tokens, &operation, access);
                let mut coverage = Coverage::new(&ruleset);
                coverage.add(&facts);
                for scope in [Scope::Enforced, Scope::All] {
                    let by = ruleset.decide(scope, std::slice::from_ref(&facts)).by;
                    let decided = |policy: &str, rule: u32| by.is_some_and(|by| (by.policy, by.rule) == (policy, rule));
                    for rule in coverage.rules().iter().filter(|rule| decided(rule.policy, rule.rule)) {
                        prop_assert_eq!(rule.decided, 1);
                        prop_assert!(holds(&rule.from) && holds(&rule.to), "{:#?}\n{:#?}", rule, request);
                    }
                }
                let tried = coverage.rules().iter().flat_map(|rule| rule.conditions());
                for (_, _, condition) in tried {
                    let matched = condition.alternatives.iter().any(|alternative| alternative.matched);
                    prop_assert!(!matched || condition.held || condition.failed, "{:#?}", condition);
                }
            }
        }
    }
}
