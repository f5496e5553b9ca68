//! Conditions on teams in random rules, for random facts.

use dagward::caller::Principal;
use dagward::fact::Fact;
use dagward::operation::{Access, Action, Operation, Surface};
use dagward::policy::{Facts, Scope};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::load;

const TEAMS: [&str; 3] = ["ml", "sales", "sales-eu"];

/// The teams of the caller and of the object, and the connection that the request names.
#[derive(Debug, Clone, Copy)]
struct Request {
    anonymous: bool,
    of_caller: Fact<&'static str>,
    of_object: Fact<&'static str>,
    connection: &'static str,
}

fn request() -> impl Strategy<Value = Request> {
    let fact = || prop_oneof![3 => select(&TEAMS[..]).prop_map(Fact::Known), 1 => Just(Fact::Absent)];
    let connection = select(&["ml_db", "sales_db", "db"][..]);
    (prop::bool::weighted(0.1), fact(), fact(), connection).prop_map(
        |(anonymous, of_caller, of_object, connection)| Request {
            anonymous,
            of_caller,
            of_object,
            connection,
        },
    )
}

/// A condition: its word, and some of these patterns.
fn condition(words: [&'static str; 2], patterns: &[&'static str]) -> BoxedStrategy<(String, Value)> {
    let patterns = subsequence(patterns.to_vec(), 1..=2);
    (select(words.to_vec()), patterns)
        .prop_map(|(word, patterns)| (word.to_owned(), json!(patterns)))
        .boxed()
}

fn document() -> impl Strategy<Value = Value> {
    let entry = |conditions: Vec<BoxedStrategy<(String, Value)>>| {
        let most = conditions.len();
        (conditions, subsequence((0..most).collect::<Vec<_>>(), 1..=most)).prop_map(|(conditions, picked)| {
            let picked = picked.into_iter().map(|index: usize| conditions[index].clone());
            Value::Object(picked.collect())
        })
    };
    let rule = move |bound: bool| {
        let (from, to, connections): (&[_], &[_], &[_]) = match bound {
            true => (
                &["{t}", "sales-{t}"],
                &["{t}", "sales", "*-{t}"],
                &["{t}_*", "{t}_db", "x"],
            ),
            false => (&["ml", "s*", "*"], &["ml", "*eu", "*"], &["ml_*", "*_db", "db"]),
        };
        let words = |word, not_word| if bound { [word; 2] } else { [word, not_word] };
        let from = entry(vec![condition(words("teams", "notTeams"), from)]);
        let to = entry(vec![
            condition(["teams", "notTeams"], to),
            condition(["connections", "notConnections"], connections),
        ]);
        let entries = prop::collection::vec(to, 1..3);
        (from, entries).prop_map(|(from, to)| json!({"from": [from], "to": to}))
    };
    let rule = any::<bool>().prop_flat_map(rule);
    let policy = (any::<bool>(), prop::collection::vec(rule, 1..4));
    prop::collection::vec(policy, 1..4).prop_map(|policies| {
        let policies: Vec<Value> = (0..)
            .zip(policies)
            .map(|(number, (deny, rules))| {
                let action = if deny { "DENY" } else { "ALLOW" };
                json!({"name": format!("p{number}"), "action": action, "rules": rules})
            })
            .collect();
        json!({"apiVersion": "dagward/v1", "policies": policies})
    })
}

fn allowed(document: &Value, request: Request) -> Option<bool> {
    let ruleset = load(document)?;
    let principal = Principal::parse("spiffe://a/ns/x/sa/w").unwrap();
    let operation = Operation {
        surface: Surface::Execution,
        below_execution: true,
        method: "GET",
        host: "api",
        path: Fact::Unknown,
        template: Some("/"),
        any_dag: false,
        awaits_body: false,
        task_instance: None,
        callback: None,
        awaits_answer: false,
        accesses: vec![Access {
            action: Fact::Known(Action::ConnectionRead),
            connection: Fact::Known(request.connection.into()),
            ..Access::default()
        }],
    };
    let principal = Some(&principal).filter(|_| !request.anonymous);
    let mut facts = Facts::new(principal, Fact::Unknown, &[], &operation, &operation.accesses[0]);
    facts.set_teams(request.of_caller, request.of_object);
    Some(ruleset.decide(Scope::All, &[facts]).allowed)
}

/// The decision by trying each text for `{t}`.
fn naive(document: &Value, request: Request) -> bool {
    let holding = |action: &str| {
        let policies = document["policies"].as_array().unwrap().iter();
        let mut rules = policies
            .filter(|policy| policy["action"] == action)
            .flat_map(|policy| policy["rules"].as_array().unwrap());
        let texts = ["ml", "sales", "sales-eu", "eu", "\0"];
        rules.any(|rule| {
            texts
                .iter()
                .any(|text| holds(rule, text, action == "DENY", request))
        })
    };
    !holding("DENY") && holding("ALLOW")
}

fn holds(rule: &Value, text: &str, deny: bool, request: Request) -> bool {
    let side = |side: &str| {
        let mut entries = rule[side].as_array().unwrap().iter();
        entries.any(|entry| {
            let mut conditions = entry.as_object().unwrap().iter();
            conditions.all(|(word, patterns)| {
                let negated = word.starts_with("not");
                let value = match (side, word.to_lowercase().ends_with("teams")) {
                    ("from", _) if request.anonymous && !deny && request.of_caller == Fact::Absent => {
                        return false;
                    }
                    ("from", _) => request.of_caller.known().copied(),
                    (_, true) => request.of_object.known().copied(),
                    (_, false) => Some(request.connection),
                };
                let matched = value.is_some_and(|value| {
                    let mut patterns = patterns.as_array().unwrap().iter();
                    patterns.any(|pattern| {
                        crate::naive::glob(&pattern.as_str().unwrap().replace("{t}", text), value)
                    })
                });
                matched != negated
            })
        })
    };
    side("from") && side("to")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn teams_are_compared_as_a_naive_reading_does(document in document(), request in request()) {
        if let Some(allowed) = allowed(&document, request) {
            prop_assert_eq!(allowed, naive(&document, request), "{}", document);
        }
    }

    #[test]
    fn to_know_less_of_teams_never_allows_more(document in document(), request in request()) {
        let Some(known) = allowed(&document, request) else { return Ok(()) };
        let (unknown, pending) = (Fact::Unknown, Fact::Pending);
        for (less, open) in [
            (Request { of_caller: unknown, ..request }, Request { of_caller: pending, ..request }),
            (Request { of_object: unknown, ..request }, Request { of_object: pending, ..request }),
            (
                Request { of_caller: unknown, of_object: unknown, ..request },
                Request { of_caller: pending, of_object: pending, ..request },
            ),
        ] {
            prop_assert!(known || allowed(&document, less) == Some(false), "{document}\n{less:?}");
            // An anonymous caller's team is never pending.
            prop_assert!(!known || request.anonymous || allowed(&document, open) == Some(true), "{document}\n{open:?}");
        }
    }
}
