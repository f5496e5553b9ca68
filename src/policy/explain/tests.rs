use std::rc::Rc;

use super::super::testing::{facts, ruleset, token};
use super::*;
use crate::caller::{Acting, Principal};
use crate::operation::{self, Body, Request, Site};

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

/// The text of a variable that a token has bound is a value of that token.
#[test]
fn a_text_that_a_token_bound_is_not_shown() {
    let rule = r#"{"from":[{"principals":["spiffe://td/ns/airflow/sa/w-{team}"],"claims":{"groups":["{group}"]},
        "notTasks":["{group}","{team}"]}],"to":[{"dags":["{group}"]}]}"#;
    let ruleset = ruleset("ALLOW", rule);
    let member = token("https://o/ann", r#"{"groups":["hidden"]}"#);
    let failed = facts(Some("spiffe://td/ns/airflow/sa/w-ml"), &[member], |facts| {
        ruleset.misses(facts, 1, true).first().unwrap().failed.clone()
    });
    assert!(
        failed.starts_with("from.notTasks: wants `{group}` or `{team=ml}`, found"),
        "{failed}"
    );
}

/// The condition that failed of a rule about the caller's own XComs.
fn failed_for(acting: Option<&Acting>, target: &str) -> String {
    let rule = r#"{"from":[{"dags":["{dag}"],"runs":["{run}"],"tasks":["{task}"],"proof":["pod","airflow"]}],
        "to":[{"actions":["xcom:*"],"dags":["{dag}"],"runs":["{run}"],"tasks":["{task}"]}]}"#;
    let ruleset = ruleset("ALLOW", rule);
    let request = Request {
        method: "POST",
        target,
        host: "api",
        body: Body::Whole(&[]),
    };
    let operation = operation::classify(&request, &Site::default()).unwrap();
    let principal = Principal::parse("spiffe://td/ns/airflow/sa/worker").unwrap();
    let acting = acting.map_or(Fact::Unknown, Fact::Known);
    let access = operation.accesses.first().unwrap();
    let facts = Facts::new(Some(&principal), acting, &[], &operation, access);
    let misses = ruleset.misses(&facts, 1, true);
    misses.first().unwrap().failed.clone()
}

#[test]
fn says_what_the_caller_acts_for_and_why_that_is_not_known() {
    let acting = |proof, run: Option<&str>, task: Option<&str>| Acting {
        dag_id: "sales_daily".to_owned(),
        run_id: run.map(str::to_owned),
        task_id: task.map(str::to_owned),
        map_index: None,
        try_number: None,
        ti_id: None,
        proof,
    };
    let known = acting(Proof::Pod, Some("r1"), Some("load"));
    let of_answer = acting(Proof::Airflow, Some("r1"), None);
    let of_pod = acting(Proof::Pod, None, None);
    for (acting, target, expected) in [
        (
            Some(&known),
            "/execution/xcoms/finance/r1/load/k",
            "to.dags: wants `{dag=sales_daily}`, found `finance`",
        ),
        (
            Some(&known),
            "/execution/xcoms/sales_daily/r1/extract/k",
            "to.tasks: wants `{task=load}`, found `extract`",
        ),
        (
            Some(&of_answer),
            "/execution/xcoms/sales_daily/r1/load/k",
            "from.tasks: wants `{task}`, found not known: Airflow's answer to `run` names no task, and the annotations of \
             the caller's pod do not either",
        ),
        (
            Some(&of_pod),
            "/execution/xcoms/sales_daily/r1/load/k",
            "from.runs: wants `{run}`, found not known: the caller's pod has no annotation for it",
        ),
        (
            None,
            "/execution/xcoms/sales_daily/r1/load/k",
            "from.dags: wants `{dag}`, found not known: neither the caller's sidecar nor Airflow's answer to `run` says \
             what the caller acts for",
        ),
    ] {
        assert_eq!(failed_for(acting, target), expected, "{target}");
    }
}
