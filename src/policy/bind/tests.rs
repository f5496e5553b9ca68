use std::slice;

use super::super::testing::token;
use super::super::{Scope, load};
use super::*;
use crate::caller::{Acting, Principal, Proof, Team};
use crate::operation::{self, Body, Request, Site};

fn acting(dag: &str, run: Option<&str>) -> Acting {
    Acting {
        dag_id: dag.to_owned(),
        run_id: run.map(str::to_owned),
        task_id: None,
        map_index: None,
        try_number: None,
        ti_id: None,
        team: Team::Unknown,
        proof: Proof::Pod,
    }
}

/// Whether an ALLOW with this rule matches, and whether a DENY does.
fn holds(rule: &str, acting: Fact<&Acting>, tokens: &[Rc<Verified>], target: &str) -> (bool, bool) {
    let principal = Principal::parse("spiffe://td/ns/airflow/sa/worker").unwrap();
    let request = Request {
        method: "GET",
        target,
        host: "api",
        body: Body::Whole(&[]),
    };
    let operation = operation::classify(&request, &Site::default()).unwrap();
    let facts = Facts::new(
        Some(&principal),
        acting,
        tokens,
        &operation,
        &operation.accesses[0],
    );
    let allowed = |action: &str| {
        let others = match action {
            "DENY" => r#",{"name":"others","action":"ALLOW","rules":[{}]}"#,
            _ => "",
        };
        let document = format!(
            r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"{action}","rules":[{rule}]}}{others}],
                "tokens":[{{"name":"o","kind":"oidc","issuer":"https://o","audiences":["a"],"fromIstio":true}}]}}"#
        );
        let ruleset = load(document.as_bytes()).unwrap();
        ruleset.decide(Scope::All, slice::from_ref(&facts)).allowed
    };
    (allowed("ALLOW"), !allowed("DENY"))
}

const BOTH: (bool, bool) = (true, true);
const NEITHER: (bool, bool) = (false, false);

#[test]
fn each_value_of_a_claim_binds() {
    let tokens = [
        token(
            "https://o/ann",
            r#"{"groups":["sales-dev","/ml/dev","ops"],"team":"sales"}"#,
        ),
        token("https://o/bob", r#"{"groups":["hr-dev"],"team":"ml"}"#),
    ];
    let rule = |from: &str| format!(r#"{{"from":[{{{from}}}],"to":[{{"dags":["{{team}}_x"]}}]}}"#);
    for (from, reached) in [
        (r#""claims":{"groups":["{team}-dev"]}"#, &["sales", "hr"][..]),
        (
            r#""claims":{"groups":["{team}-dev","/{team}/dev"]}"#,
            &["sales", "ml", "hr"],
        ),
        // Of one token.
        (
            r#""claims":{"groups":["{team}-dev"],"team":["{team}"]}"#,
            &["sales"],
        ),
        (
            r#""claims":{"groups":["{team}-dev"]},"notClaims":{"team":["{team}"]}"#,
            &["hr"],
        ),
        (
            r#""requestPrincipals":["https://o/{user}"],"claims":{"groups":["{team}-dev"]},"notClaims":{"x":["{user}"]}"#,
            &["sales", "hr"],
        ),
    ] {
        for team in ["sales", "ml", "hr", "ops"] {
            let target = format!("/api/v2/dags/{team}_x");
            let expected = if reached.contains(&team) { BOTH } else { NEITHER };
            assert_eq!(
                holds(&rule(from), Fact::Unknown, &tokens, &target),
                expected,
                "{from} {team}"
            );
        }
    }
    let none = holds(
        &rule(r#""claims":{"groups":["{team}-dev"]}"#),
        Fact::Unknown,
        &[],
        "/api/v2/dags/sales_x",
    );
    assert_eq!(none, NEITHER);
}

#[test]
fn a_slash_in_a_run_is_a_character_like_any_other() {
    let rule = r#"{"from":[{"runs":["{run}"],"proof":["pod"]}],"to":[{"runs":["{run}"]}]}"#;
    let of = |run| {
        holds(
            rule,
            Fact::Known(&acting("d", Some(run))),
            &[],
            "/execution/dag-runs/count?dag_id=d&run_ids=a/b",
        )
    };
    assert_eq!(of("a/b"), BOTH);
    assert_eq!(of("a"), NEITHER);
}

/// MySQL ignores spaces at the end, and letters outside ASCII may be equal to others there.
#[test]
fn a_bound_text_that_a_database_takes_for_another_hides_from_no_deny() {
    let run = r#"{"from":[{"runs":["{run}"],"proof":["pod"]}],"to":[{"runs":["{run}"]}]}"#;
    let spaced = acting("d", Some("a "));
    for (target, expected) in [("a", (false, true)), ("a%20", (true, true))] {
        let target = format!("/execution/dag-runs/count?dag_id=d&run_ids={target}");
        assert_eq!(
            holds(run, Fact::Known(&spaced), &[], &target),
            expected,
            "{target}"
        );
    }
    let accented = acting("caf\u{e9}", None);
    let connection = r#"{"from":[{"dags":["{dag}"],"proof":["pod"]}],"to":[{"connections":["{dag}_db"]}]}"#;
    let of = |target| holds(connection, Fact::Known(&accented), &[], target);
    assert_eq!(of("/execution/connections/cafe_db"), (false, true));
    assert_eq!(of("/execution/connections/cafe_x"), NEITHER);
}

#[test]
fn an_open_variable_holds_where_some_text_does() {
    let rule = |to: &str| format!(r#"{{"from":[{{"dags":["{{dag}}"],"proof":["pod"]}}],"to":[{{{to}}}]}}"#);
    for (to, some_text) in [
        (r#""dags":["{dag}"]"#, true),
        (r#""dags":["sa{dag}"]"#, true),
        (r#""dags":["finance_{dag}"]"#, false),
        (r#""notDags":["{dag}"]"#, true),
        (r#""notDags":["{dag}","sales"]"#, false),
        (r#""dags":["{dag}"],"actions":["xcom:*"]"#, false),
    ] {
        let of = |acting| holds(&rule(to), acting, &[], "/api/v2/dags/sales");
        assert_eq!(of(Fact::Unknown), (false, some_text), "{to}");
        assert_eq!(of(Fact::Pending), (some_text, false), "{to}");
    }
}

/// The pairs of the values of two claims are too many to try all of them.
#[test]
fn a_token_with_too_many_values_fails_closed() {
    let values = |count: usize| {
        let values: Vec<String> = (0..count).map(|number| format!("\"g{number}\"")).collect();
        values.join(",")
    };
    let of = |count: usize| {
        let values = values(count);
        let claims = format!(r#"{{"a":[{values}],"b":[{values}],"c":[{values}]}}"#);
        let tokens = [token("https://o/ann", &claims)];
        let rule = r#"{"from":[{"claims":{"a":["{x}"],"b":["{y}"],"c":["{z}"]}}],
            "to":[{"dags":["{x}-{y}-{z}"]}]}"#;
        holds(rule, Fact::Unknown, &tokens, "/api/v2/dags/none")
    };
    assert_eq!(of(10), NEITHER);
    assert_eq!(of(800), (false, true));
    // One claim is read to its end: no token has room for more values.
    let tokens = [token("https://o/ann", &format!(r#"{{"a":[{}]}}"#, values(6_200)))];
    let rule = r#"{"from":[{"claims":{"a":["{x}"]}}],"to":[{"dags":["{x}"]}]}"#;
    assert_eq!(holds(rule, Fact::Unknown, &tokens, "/api/v2/dags/g6199"), BOTH);
    assert_eq!(holds(rule, Fact::Unknown, &tokens, "/api/v2/dags/none"), NEITHER);
}
