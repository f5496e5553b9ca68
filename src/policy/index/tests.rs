//! The number of rules that a request examines does not grow with the policy, whichever facts are open.

use super::*;
use crate::caller::Principal;
use crate::operation::{self, Body, Operation, Request, Site};
use crate::policy::{Ruleset, Scope, load};

const RULES: usize = 2_000;

fn ruleset(action: &str, rule: impl Fn(usize) -> String) -> Ruleset {
    let rules: Vec<String> = (0..RULES).map(rule).collect();
    let document = format!(
        r#"{{"apiVersion":"dagward/v1","policies":[{{"name":"p","action":"{action}","rules":[{}]}}]}}"#,
        rules.join(",")
    );
    load(document.as_bytes()).unwrap()
}

fn operation<'a>(method: &'a str, target: &'a str, body: Body<'a>) -> Operation<'a> {
    let request = Request {
        method,
        target,
        host: "api",
        body,
    };
    operation::classify(&request, &Site::default()).unwrap()
}

/// The number of rules that are examined for the last access of `operation`.
fn looked_at(ruleset: &Ruleset, effect: Effect, operation: &Operation<'_>) -> usize {
    let principal = Principal::parse("spiffe://td/ns/airflow/sa/worker").unwrap();
    let access = operation.accesses.last().unwrap();
    let facts = Facts::new(Some(&principal), effect_of_acting(effect), &[], operation, access);
    let index = match effect {
        Effect::Allow => &ruleset.allow,
        Effect::Deny => &ruleset.deny,
    };
    let mut looked_at = 0;
    index.each_list(&ruleset.compiled.arena, effect, &facts, &mut |list| {
        looked_at += list.len()
    });
    looked_at
}

fn effect_of_acting(effect: Effect) -> Fact<&'static crate::caller::Acting> {
    match effect {
        Effect::Allow => Fact::Pending,
        Effect::Deny => Fact::Unknown,
    }
}

const STATE: &str = "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/state";

#[test]
fn an_unknown_dag_does_not_make_every_deny_be_looked_at() {
    let body = Body::Whole(br#"{"task_outlets":[{"name":"a"}]}"#);
    let state = operation("PATCH", STATE, body);
    let unclassified = operation("GET", "/api/v2/nothing", Body::Whole(&[]));
    for (what, rule) in [
        (
            "another caller each",
            &(|n| format!(r#"{{"from":[{{"namespaces":["n{n}"]}}],"to":[{{"dags":["d{n}"]}}]}}"#))
                as &dyn Fn(usize) -> String,
        ),
        ("the same caller", &|n| {
            format!(
                r#"{{"from":[{{"namespaces":["airflow"]}}],"to":[{{"dags":["d{n}"],"actions":["dag:delete"]}}]}}"#
            )
        }),
        ("any caller", &|n| format!(r#"{{"to":[{{"dags":["d{n}"]}}]}}"#)),
        ("an action and a DAG", &|n| {
            format!(
                r#"{{"from":[{{"serviceAccounts":["a/s{n}"]}}],"to":[{{"dags":["d{n}"],"actions":["*:delete"]}}]}}"#
            )
        }),
        ("an acting DAG", &|n| {
            format!(
                r#"{{"from":[{{"dags":["d{n}"],"namespaces":["n{n}"]}}],"to":[{{"actions":["dag:read"]}}]}}"#
            )
        }),
        ("several objects", &|n| {
            format!(
                r#"{{"from":[{{"namespaces":["n{n}"]}}],"to":[{{"dags":["d{n}"],"assets":["a{n}"],"tasks":["t{n}"]}}]}}"#
            )
        }),
        ("alternatives of different kinds", &|n| {
            format!(
                r#"{{"from":[{{"namespaces":["n{n}"]}}],"to":[{{"dags":["d{n}"]}},{{"tasks":["t{n}"]}},{{"assets":["x{n}"]}}]}}"#
            )
        }),
    ] {
        let ruleset = ruleset("DENY", rule);
        for operation in [&state, &unclassified] {
            let looked_at = looked_at(&ruleset, Effect::Deny, operation);
            // By chance a few rules are filed under other fields of theirs, up to this number for each.
            assert!(looked_at <= 2 * FEW, "{what}: {looked_at} rules");
        }
    }
}

#[test]
fn a_pending_dag_does_not_make_every_allow_be_looked_at() {
    let bulk = operation("PATCH", "/api/v2/dags/~/dagRuns/~/taskInstances", Body::Pending);
    let run = operation(
        "PATCH",
        "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run",
        Body::Whole(&[]),
    );
    for (what, rule) in [
        (
            "another caller each",
            &(|n| format!(r#"{{"from":[{{"namespaces":["n{n}"]}}],"to":[{{"dags":["d{n}"]}}]}}"#))
                as &dyn Fn(usize) -> String,
        ),
        ("the same caller", &|n| {
            format!(
                r#"{{"from":[{{"namespaces":["airflow"]}}],"to":[{{"dags":["d{n}"],"actions":["dag:read"]}}]}}"#
            )
        }),
        ("the caller's own DAG", &|n| {
            format!(r#"{{"from":[{{"namespaces":["n{n}"],"dags":["d{n}"]}}],"to":[{{"dags":["d{n}"]}}]}}"#)
        }),
    ] {
        let ruleset = ruleset("ALLOW", rule);
        for operation in [&bulk, &run] {
            let looked_at = looked_at(&ruleset, Effect::Allow, operation);
            assert!(looked_at <= FEW, "{what}: {looked_at} rules");
        }
    }
}

#[test]
fn a_rule_is_filed_a_few_times_at_most() {
    fn filings(index: &Index) -> usize {
        let tables = index.tables.iter().map(|table| table.rules().count());
        let again = index.without.iter().map(|(_, index)| filings(index));
        index.always.len() + tables.sum::<usize>() + again.sum::<usize>()
    }
    let plain = ruleset("DENY", |n| {
        format!(r#"{{"from":[{{"namespaces":["n{n}"]}}],"to":[{{"dags":["d{n}"]}}]}}"#)
    });
    assert!(filings(&plain.deny) <= 3 * RULES, "{}", filings(&plain.deny));
    let fields = [
        "dags",
        "tasks",
        "connections",
        "variables",
        "pools",
        "xcomKeys",
        "assets",
    ];
    let many = ruleset("DENY", |n| {
        let entries = fields.map(|field| format!(r#"{{"{field}":["x{n}"]}}"#));
        format!(r#"{{"to":[{}]}}"#, entries.join(","))
    });
    assert!(
        filings(&many.deny) <= 2 * MAX_FILINGS * RULES,
        "{}",
        filings(&many.deny)
    );
}

#[test]
fn a_rule_in_shadow_mode_does_not_stand_for_an_enforced_one() {
    let rules: Vec<String> = (0..2 * FEW)
        .map(|n| format!(r#"{{"to":[{{"dags":["d{n}"]}}]}}"#))
        .collect();
    let policy = |name: &str, mode: &str| {
        format!(
            r#"{{"name":"{name}","action":"DENY","mode":"{mode}","rules":[{}]}}"#,
            rules.join(",")
        )
    };
    let document = format!(
        r#"{{"apiVersion":"dagward/v1","policies":[{},{},{{"name":"all","action":"ALLOW","rules":[{{}}]}}]}}"#,
        policy("tried", "shadow"),
        policy("enforced", "enforce")
    );
    let ruleset = load(document.as_bytes()).unwrap();
    let operation = operation("GET", "/api/v2/dags", Body::Whole(&[]));
    let access = operation.accesses.first().unwrap();
    let facts = Facts::new(None, Fact::Unknown, &[], &operation, access);
    for (scope, policy) in [(Scope::Enforced, "enforced"), (Scope::All, "tried")] {
        let by = ruleset.decide(scope, std::slice::from_ref(&facts)).by.unwrap();
        assert_eq!((by.policy, by.rule), (policy, 0));
    }
}
