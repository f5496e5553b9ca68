//! The indexed decision, compared with a naive one on random policies and requests.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod asked;
mod bodies;
mod bound;
mod coverage;
mod generate;
mod naive;
mod teams;
mod texts;
mod tokens;

use asked::{Asked, asked};
use dagward::policy::{self, Facts, Ruleset, Scope};
use generate::{document, large_document};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The number of documents. Each meets [`REQUESTS`] requests, so there are 120,000 cases.
const DOCUMENTS: u32 = 2_000;
const REQUESTS: usize = 60;

fn load(document: &Value) -> Option<Ruleset> {
    policy::load(document.to_string().as_bytes()).ok()
}

fn decide(ruleset: &Ruleset, scope: Scope, asked: &Asked) -> (bool, Option<(String, u32)>) {
    let operation = asked.operation();
    let tokens = asked.tokens();
    let facts: Vec<Facts<'_>> = operation
        .accesses
        .iter()
        .map(|ask| Facts::new(asked.principal.as_ref(), asked.acting(), &tokens, &operation, ask))
        .collect();
    let verdict = ruleset.decide(scope, &facts);
    (
        verdict.allowed,
        verdict.by.map(|by| (by.policy.to_owned(), by.rule)),
    )
}

fn allowed(ruleset: &Ruleset, asked: &Asked) -> bool {
    decide(ruleset, Scope::All, asked).0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: DOCUMENTS / 20, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    /// Here the index files rules a second time, and requests have so many accesses that they are decided together.
    #[test]
    fn the_index_of_many_rules_decides_as_a_naive_reading_does(
        (document, ruleset) in large_document().prop_filter_map("a valid document", |document| {
            let ruleset = load(&document)?;
            Some((document, ruleset))
        }),
        mut requests in prop::collection::vec(asked(), REQUESTS),
    ) {
        for start in 0..REQUESTS {
            // A request on an unknown route asks for one access.
            let known = requests.iter().skip(start).filter(|other| !other.unclassified);
            let others: Vec<_> = known.take(12).map(|other| other.accesses[0].clone()).collect();
            if start % 4 == 0 && !requests[start].unclassified {
                requests[start].accesses.extend(others);
            }
        }
        for request in requests {
            for scope in [Scope::Enforced, Scope::All] {
                let indexed = decide(&ruleset, scope, &request);
                let naive = naive::decide(&document, scope, &request);
                prop_assert_eq!(&indexed, &naive, "{:?}\n{}\n{:#?}", scope, document, request);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: DOCUMENTS, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn the_index_decides_as_a_naive_reading_does(
        (document, ruleset) in document().prop_filter_map("a valid document", |document| {
            let ruleset = load(&document)?;
            Some((document, ruleset))
        }),
        requests in prop::collection::vec(asked(), REQUESTS),
    ) {
        for request in requests {
            for scope in [Scope::Enforced, Scope::All] {
                let indexed = decide(&ruleset, scope, &request);
                let naive = naive::decide(&document, scope, &request);
                prop_assert_eq!(&indexed, &naive, "{:?}\n{}\n{:#?}", scope, document, request);
            }
        }
    }

    #[test]
    fn one_more_deny_never_allows_more(
        mut document in document().prop_filter("a valid document", |document| load(document).is_some()),
        rule in generate::rule(),
        requests in prop::collection::vec(asked(), 20),
    ) {
        let before = load(&document).unwrap();
        let deny = json!({"name": "one-more", "action": "DENY", "rules": [rule]});
        document["policies"].as_array_mut().unwrap().push(deny);
        let Some(after) = load(&document) else { return Ok(()) };
        for request in requests {
            prop_assert!(allowed(&before, &request) || !allowed(&after, &request), "{document}\n{request:#?}");
        }
    }

    #[test]
    fn to_know_less_never_allows_more(
        ruleset in document().prop_filter_map("a valid document", |document| load(&document)),
        requests in prop::collection::vec(asked(), 20),
    ) {
        for request in requests {
            for less in request.knowing_less() {
                prop_assert!(allowed(&ruleset, &request) || !allowed(&ruleset, &less), "{request:#?}\n{less:#?}");
            }
        }
    }

    #[test]
    fn what_is_refused_before_its_body_is_refused_with_any_body(
        ruleset in document().prop_filter_map("a valid document", |document| load(&document)),
        requests in prop::collection::vec(asked(), 20),
    ) {
        for request in requests {
            for open in request.left_open() {
                prop_assert!(allowed(&ruleset, &open) || !allowed(&ruleset, &request), "{request:#?}\n{open:#?}");
            }
        }
    }

    #[test]
    fn to_show_less_never_allows_more_where_no_deny_speaks_of_tokens(
        ruleset in document().prop_filter_map("a valid document", |mut document| {
            let policies = document["policies"].as_array_mut().unwrap();
            policies.retain(|policy| policy["action"] == "ALLOW" || !tokens::speaks_of_tokens(policy));
            load(&document)
        }),
        requests in prop::collection::vec(asked(), 20),
    ) {
        for request in requests {
            for less in request.showing_less() {
                prop_assert!(allowed(&ruleset, &request) || !allowed(&ruleset, &less), "{request:#?}\n{less:#?}");
            }
        }
    }

    #[test]
    fn no_document_panics(text in "\\PC{0,60}", mut document in document(), at in any::<prop::sample::Index>()) {
        let _ = policy::load(text.as_bytes());
        let mut bytes = document.to_string().into_bytes();
        let position = at.index(bytes.len());
        bytes[position] = b'"';
        let _ = policy::load(&bytes);
        document["policies"][0]["rules"] = Value::String(text);
        prop_assert!(policy::load(document.to_string().as_bytes()).is_err());
    }
}

/// The generators are only useful if their requests match their rules.
#[test]
fn the_generated_cases_are_telling() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let (mut valid, mut allowed_count, mut denied_by_rule, mut templated) = (0, 0, 0, 0);
    let (mut allowed_by_token, mut denied_by_token) = (0, 0);
    for _ in 0..2_000 {
        let document = document().new_tree(&mut runner).unwrap().current();
        let Some(ruleset) = load(&document) else { continue };
        valid += 1;
        templated += u32::from(document.to_string().contains("{t}"));
        for _ in 0..10 {
            let request = asked().new_tree(&mut runner).unwrap().current();
            let verdict = decide(&ruleset, Scope::All, &request);
            match &verdict {
                (true, _) => allowed_count += 1,
                (false, Some(_)) => denied_by_rule += 1,
                (false, None) => {}
            }
            let mut without = request.clone();
            without.shown.clear();
            match (&verdict, &decide(&ruleset, Scope::All, &without)) {
                ((true, _), (false, _)) => allowed_by_token += 1,
                ((false, by), (_, other)) if by != other => denied_by_token += 1,
                _ => {}
            }
        }
    }
    assert!(valid > 400, "{valid} valid documents");
    assert!(templated > 100, "{templated} with variables");
    assert!(allowed_count > 500, "{allowed_count} allowed");
    assert!(denied_by_rule > 500, "{denied_by_rule} denied by a rule");
    assert!(
        allowed_by_token > 40,
        "{allowed_by_token} allowed for their tokens"
    );
    assert!(denied_by_token > 100, "{denied_by_token} denied for their tokens");
}
