//! Conditions on teams, for each pair of facts.

use std::slice;

use super::super::super::facts::Facts;
use super::super::super::{Scope, load};
use crate::caller::Principal;
use crate::fact::Fact;
use crate::fact::Fact::{Absent, Known, Pending, Unknown};
use crate::operation::{self, Body, Request, Site};

/// Whether an ALLOW with this rule matches, and whether a DENY does.
fn holds(rule: &str, peer: Option<&str>, of_caller: Fact<&str>, of_object: Fact<&str>) -> (bool, bool) {
    let request = Request {
        method: "GET",
        target: "/execution/connections/sales_db",
        host: "h",
        body: Body::Whole(&[]),
    };
    let operation = operation::classify(&request, &Site::default()).unwrap();
    let principal = peer.map(|peer| Principal::parse(peer).unwrap());
    let decided = |action: &str| {
        let document = format!(
            r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"{action}","rules":[{rule}]}},
                {{"name":"others","action":"ALLOW","rules":[{{"from":[{{"namespaces":["none"]}}]}}{}]}}]}}"#,
            if action == "DENY" { ",{}" } else { "" }
        );
        let ruleset = load(document.as_bytes()).unwrap();
        let facts = Facts::new(
            principal.as_ref(),
            Unknown,
            &[],
            &operation,
            &operation.accesses[0],
        );
        let facts = facts.with_teams(of_caller, of_object);
        ruleset.decide(Scope::All, slice::from_ref(&facts)).allowed
    };
    (decided("ALLOW"), !decided("DENY"))
}

#[test]
fn a_team_uses_its_own() {
    let own = r#"{"from":[{"teams":["{t}"]}],"to":[{"teams":["{t}"]}]}"#;
    let others = r#"{"from":[{"teams":["{t}"]}],"to":[{"notTeams":["{t}"]}]}"#;
    let worker = Some("spiffe://td/ns/airflow/sa/w");
    for (of_caller, of_object, of_own, of_others) in [
        (Known("ml"), Known("ml"), (true, true), (false, false)),
        (Known("ml"), Known("sales"), (false, false), (true, true)),
        (Known("ml"), Absent, (false, false), (true, true)),
        (Known("ml"), Unknown, (false, true), (false, true)),
        (Known("ml"), Pending, (true, false), (true, false)),
        (Absent, Known("ml"), (false, false), (false, false)),
        (Absent, Absent, (false, false), (false, false)),
        // In a DENY the caller can be of any team.
        (Unknown, Known("ml"), (false, true), (false, true)),
        (Unknown, Absent, (false, false), (false, true)),
        (Unknown, Unknown, (false, true), (false, true)),
        // In an ALLOW the answer can name any team.
        (Pending, Known("ml"), (true, false), (true, false)),
        (Pending, Pending, (true, false), (true, false)),
        (Pending, Absent, (false, false), (true, false)),
    ] {
        assert_eq!(
            holds(own, worker, of_caller, of_object),
            of_own,
            "{of_caller:?} {of_object:?}"
        );
        assert_eq!(
            holds(others, worker, of_caller, of_object),
            of_others,
            "{of_caller:?} {of_object:?}"
        );
    }
}

#[test]
fn an_open_variable_matches_what_it_could() {
    let worker = Some("spiffe://td/ns/airflow/sa/w-ml");
    for (rule, expected) in [
        (
            r#"{"from":[{"teams":["{t}"]}],"to":[{"connections":["{t}_*"]}]}"#,
            true,
        ),
        (
            r#"{"from":[{"teams":["x-{t}"]}],"to":[{"connections":["sales_{t}"]}]}"#,
            true,
        ),
        (
            r#"{"from":[{"teams":["{t}"]}],"to":[{"connections":["ml_{t}"]}]}"#,
            false,
        ),
        (
            r#"{"from":[{"teams":["{t}"]}],"to":[{"connections":["{t}_x","*_db"]}]}"#,
            true,
        ),
        (
            r#"{"from":[{"teams":["{t}"]}],"to":[{"notConnections":["{t}_*"]}]}"#,
            true,
        ),
        (
            r#"{"from":[{"teams":["{t}"]}],"to":[{"notConnections":["{t}_*","sales_*"]}]}"#,
            false,
        ),
        // The certificate binds it.
        (
            r#"{"from":[{"principals":["spiffe://td/ns/airflow/sa/w-{t}"],"teams":["{t}"]}],"to":[{"connections":["{t}_*"]}]}"#,
            false,
        ),
    ] {
        assert_eq!(holds(rule, worker, Pending, Absent).0, expected, "ALLOW {rule}");
        assert_eq!(holds(rule, worker, Unknown, Absent).1, expected, "DENY {rule}");
    }
}

#[test]
fn an_anonymous_caller_is_allowed_by_no_condition_on_its_team() {
    let not = r#"{"from":[{"notTeams":["sales"]}]}"#;
    let known = Some("spiffe://td/ns/airflow/sa/w");
    assert_eq!(holds(not, known, Absent, Absent), (true, true));
    assert_eq!(holds(not, None, Absent, Absent), (false, true));
    assert_eq!(holds(not, None, Unknown, Absent), (false, true));
    let any = r#"{"from":[{"teams":["*"]}]}"#;
    assert_eq!(holds(any, None, Absent, Absent), (false, false));
    assert_eq!(holds(any, None, Unknown, Absent), (false, true));
}
