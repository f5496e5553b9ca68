use std::rc::Rc;
use std::slice;

use super::super::Scope;
use super::super::testing::{facts, ruleset, token};
use crate::token::Verified;

const WORKER: &str = "spiffe://td/ns/airflow/sa/w-ml";

/// Whether an ALLOW with this entry of `from` holds, and whether a DENY does.
fn holds(entry: &str, principal: Option<&str>, tokens: &[Rc<Verified>]) -> (bool, bool) {
    let rule = format!(r#"{{"from":[{{{entry}}}]}}"#);
    let decided = |action: &str| {
        let ruleset = ruleset(action, &rule);
        facts(principal, tokens, |facts| {
            ruleset.decide(Scope::All, slice::from_ref(facts)).allowed
        })
    };
    (decided("ALLOW"), !decided("DENY"))
}

const BOTH: (bool, bool) = (true, true);
const NEITHER: (bool, bool) = (false, false);

#[test]
fn conditions_on_a_token_hold_of_what_it_says() {
    let ann = [token(
        "https://o/ann",
        r#"{"groups":["dev","admins"],"kubernetes.io":{"namespace":"airflow"},"n":7,"e":""}"#,
    )];
    for (entry, expected) in [
        (r#""requestPrincipals":["https://o/ann"]"#, BOTH),
        (r#""requestPrincipals":["https://o/*"]"#, BOTH),
        (r#""requestPrincipals":["https://o/an"]"#, NEITHER),
        (r#""notRequestPrincipals":["https://o/bob","users/*"]"#, BOTH),
        (r#""notRequestPrincipals":["https://o/*"]"#, NEITHER),
        (r#""claims":{"groups":["admins"]}"#, BOTH),
        (r#""claims":{"groups":["adm*","x"]}"#, BOTH),
        (r#""claims":{"groups":["admin"]}"#, NEITHER),
        (r#""claims":{"groups.admins":["*"]}"#, NEITHER),
        (r#""claims":{"kubernetes.io.namespace":["airflow"]}"#, BOTH),
        (r#""claims":{"n":["7"]}"#, BOTH),
        (r#""claims":{"groups":["dev"],"n":["7"]}"#, BOTH),
        (r#""claims":{"groups":["dev"],"n":["8"]}"#, NEITHER),
        (r#""claims":{"e":["*"]}"#, NEITHER),
        (r#""claims":{"absent":["*"]}"#, NEITHER),
        (r#""notClaims":{"absent":["*"]}"#, BOTH),
        (r#""notClaims":{"groups":["ops"]}"#, BOTH),
        (r#""notClaims":{"groups":["ops","dev"]}"#, NEITHER),
        (
            r#""claims":{"groups":["dev"]},"notClaims":{"groups":["admins"]}"#,
            NEITHER,
        ),
        (r#""claims":{"groups":["dev"]},"notClaims":{"n":["8"]}"#, BOTH),
    ] {
        assert_eq!(holds(entry, None, &ann), expected, "{entry}");
    }
}

#[test]
fn a_variable_stands_in_conditions_on_tokens() {
    let principals = r#""principals":["spiffe://td/ns/airflow/sa/w-{team}"]"#;
    let of_team = [token("https://o/ml", r#"{"groups":["ml-dev"]}"#)];
    let of_another = [token("https://o/sales", r#"{"groups":["sales-dev"]}"#)];
    for condition in [
        r#""requestPrincipals":["https://o/{team}"]"#,
        r#""claims":{"groups":["{team}-*"]}"#,
    ] {
        let entry = format!("{principals},{condition}");
        assert_eq!(holds(&entry, Some(WORKER), &of_team), BOTH, "{condition}");
        assert_eq!(holds(&entry, Some(WORKER), &of_another), NEITHER, "{condition}");
        assert_eq!(holds(&entry, None, &of_team), NEITHER, "{condition}");
    }
    let not = format!(r#"{principals},"notClaims":{{"groups":["{{team}}-*"]}}"#);
    assert_eq!(holds(&not, Some(WORKER), &of_team), NEITHER);
    assert_eq!(holds(&not, Some(WORKER), &of_another), BOTH);
}

#[test]
fn who_shows_no_token_satisfies_no_allow_and_the_twins_of_a_deny() {
    for (entry, expected) in [
        (r#""requestPrincipals":["*"]"#, NEITHER),
        (r#""claims":{"a":["*"]}"#, NEITHER),
        (r#""notRequestPrincipals":["*"]"#, (false, true)),
        (r#""notClaims":{"a":["*"]}"#, (false, true)),
        (
            r#""notClaims":{"a":["*"]},"notRequestPrincipals":["https://o/*"]"#,
            (false, true),
        ),
        (
            r#""notClaims":{"a":["*"]},"requestPrincipals":["https://o/*"]"#,
            NEITHER,
        ),
        (
            r#""notClaims":{"a":["*"]},"principals":["spiffe://td/*"]"#,
            (false, true),
        ),
        (
            r#""notClaims":{"a":["*"]},"principals":["spiffe://other/*"]"#,
            NEITHER,
        ),
    ] {
        assert_eq!(holds(entry, Some(WORKER), &[]), expected, "{entry}");
    }
}

#[test]
fn one_token_satisfies_all_conditions_of_an_entry() {
    let both = [
        token("https://o/ann", r#"{"groups":["dev"]}"#),
        token("users/bob", r#"{"groups":["admins"]}"#),
    ];
    for (entry, expected) in [
        (
            r#""requestPrincipals":["https://o/ann"],"claims":{"groups":["dev"]}"#,
            BOTH,
        ),
        (
            r#""requestPrincipals":["users/bob"],"claims":{"groups":["admins"]}"#,
            BOTH,
        ),
        (
            r#""requestPrincipals":["https://o/ann"],"claims":{"groups":["admins"]}"#,
            NEITHER,
        ),
        (
            r#""requestPrincipals":["https://o/ann"],"notClaims":{"groups":["admins"]}"#,
            BOTH,
        ),
        (r#""notRequestPrincipals":["https://o/*"]"#, BOTH),
        (r#""notRequestPrincipals":["*"]"#, NEITHER),
        (
            r#""claims":{"groups":["dev"]},"notRequestPrincipals":["https://o/*"]"#,
            NEITHER,
        ),
    ] {
        assert_eq!(holds(entry, None, &both), expected, "{entry}");
    }
}
