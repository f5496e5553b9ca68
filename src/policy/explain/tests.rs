use std::rc::Rc;

use super::super::testing::{facts, ruleset, token};
use crate::token::Verified;

const ENTRY: &str = r#"{"from":[{"principals":["spiffe://td/ns/airflow/sa/w-{team}"],
    "requestPrincipals":["https://o/*"],"claims":{"groups":["{team}-*","admins"]},"notClaims":{"email":["*@x"]}}]}"#;

/// The number of conditions that held, and the one that failed.
fn miss(tokens: &[Rc<Verified>]) -> (usize, String) {
    let ruleset = ruleset("ALLOW", ENTRY);
    facts(Some("spiffe://td/ns/airflow/sa/w-ml"), tokens, |facts| {
        let misses = ruleset.misses(facts, 1, true);
        let nearest = misses.first().unwrap();
        (nearest.held, nearest.failed.clone())
    })
}

#[test]
fn says_which_condition_no_token_satisfies_and_nothing_that_a_token_says() {
    let stranger = token("users/hidden", r#"{"groups":["hidden"],"email":"hidden@x"}"#);
    let member = token("https://o/hidden", r#"{"groups":["hidden"],"email":"hidden@x"}"#);
    let admin = token("https://o/hidden", r#"{"groups":["admins"],"email":"hidden@x"}"#);
    for (tokens, expected) in [
        (
            vec![],
            (1, "from.requestPrincipals: wants `https://o/*`, found no token"),
        ),
        (
            vec![stranger.clone()],
            (
                1,
                "from.requestPrincipals: wants `https://o/*`, found no token that satisfies it",
            ),
        ),
        (
            vec![member, stranger.clone()],
            (
                2,
                "from.claims.groups: wants `{team=ml}-*` or `admins`, found no token that satisfies it as well",
            ),
        ),
        (
            vec![stranger, admin],
            (
                3,
                "from.notClaims.email: wants `*@x`, found no token that satisfies it as well",
            ),
        ),
    ] {
        let (held, failed) = expected;
        assert_eq!(miss(&tokens), (held, failed.to_owned()));
    }
}
