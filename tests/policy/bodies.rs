//! A body that is not read does not change the decision: the request gets the decision that it would get with any body.

use dagward::authorize::{self, Awaits, Grounds, Incoming, Proxy, Token, Verdict};
use dagward::caller::{Acting, Principal, Proof};
use dagward::learn::{Learned, Run};
use dagward::operation::{Body, MAX_BODY_BYTES, Request};
use dagward::policy::Ruleset;
use dagward::verdict::Direction;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

const UUID: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";
const PEERS: [&str; 2] = [
    "spiffe://td/ns/airflow/sa/w-ml",
    "spiffe://td/ns/istio-ingress/sa/gateway",
];

/// Routes whose bodies name ids, ask for more, or belong to another route.
const REQUESTS: [(&str, &str); 14] = [
    ("POST", "/api/v2/variables"),
    ("PATCH", "/api/v2/variables"),
    ("PATCH", "/api/v2/variables/ml_key"),
    ("PATCH", "/api/v2/connections"),
    ("POST", "/api/v2/connections/enqueue-test"),
    ("PATCH", "/api/v2/pools/ml_pool"),
    ("POST", "/api/v2/dags/ml_a/dagRuns"),
    ("PATCH", "/api/v2/dags/ml_a/dagRuns"),
    ("POST", "/api/v2/dags/~/dagRuns/list"),
    ("POST", "/api/v2/dags/ml_a/clearTaskInstances"),
    ("POST", "/api/v2/backfills"),
    ("POST", "/api/v2/assets/events"),
    ("POST", "/execution/dag-runs/ml_a/r"),
    (
        "PATCH",
        "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/state",
    ),
];

const NAMES: [&str; 5] = ["ml_a", "ml_b", "finance_x", "~", ""];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn a_body_that_is_not_read_changes_nothing(
        document in document(),
        (peer, request) in (select(&PEERS[..]), select(&REQUESTS[..])),
        bodies in prop::collection::vec(body(), 8),
    ) {
        let ruleset = crate::load(&document).unwrap();
        let at_headers = decided(&ruleset, peer, request, Body::Pending);
        let bodies: Vec<_> = bodies.iter().map(Value::to_string).collect();
        for body in &bodies {
            let whole = decided(&ruleset, peer, request, Body::Whole(body.as_bytes()));
            if at_headers != Came::AwaitsBody {
                prop_assert_eq!(whole, at_headers, "{}\n{:?} {}", document, request, body);
            }
        }
        if at_headers == Came::Passed {
            for unreadable in [Body::Whole(b"no JSON"), Body::TooLong] {
                prop_assert_eq!(decided(&ruleset, peer, request, unreadable), Came::Passed, "{}\n{:?}", document, request);
            }
        }
        if at_headers == Came::AwaitsBody {
            let unreadable = decided(&ruleset, peer, request, Body::TooLong);
            prop_assert!(unreadable != Came::Passed, "{}\n{:?}", document, request);
        }
    }
}

/// The property is only meaningful if some requests are decided at their headers and some are not.
#[test]
fn the_generated_bodies_are_telling() {
    let mut runner = TestRunner::deterministic();
    let mut counts = [0; 4];
    for _ in 0..1_000 {
        let document = document().new_tree(&mut runner).unwrap().current();
        let ruleset = crate::load(&document).unwrap();
        let peer = select(&PEERS[..]).new_tree(&mut runner).unwrap().current();
        for request in REQUESTS {
            let came = decided(&ruleset, peer, request, Body::Pending);
            counts[came as usize] += 1;
        }
    }
    assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Passed,
    AwaitsBody,
    Refused,
    /// A policy in shadow mode would refuse it, as far as is known.
    WouldBeRefused,
}

fn decided(ruleset: &Ruleset, peer: &str, (method, target): (&str, &str), body: Body<'_>) -> Came {
    let peer = Principal::parse(peer).unwrap();
    let own = Principal::parse("spiffe://td/ns/airflow/sa/api").unwrap();
    let learned = Learned {
        run: Some(Run {
            dag_id: "ml_a".to_owned(),
            run_id: "r".to_owned(),
        }),
        ..Learned::default()
    };
    let pod = Acting {
        dag_id: "ml_a".to_owned(),
        run_id: None,
        task_id: None,
        map_index: None,
        try_number: None,
        ti_id: None,
        team: dagward::caller::Team::Unknown,
        proof: Proof::Pod,
    };
    let request = Request {
        method,
        target,
        host: "api",
        body,
    };
    let incoming = Incoming {
        peer: Ok(Some(&peer)),
        port: "8080",
        token: Token {
            credential: dagward::caller::Credential::Task(
                dagward::caller::TaskInstanceId::parse(UUID).unwrap(),
            ),
            learned: Some(&learned),
            ..Token::default()
        },
        ..Incoming::new(Direction::Inbound, request, &[])
    };
    let proxy = Proxy {
        identity: Some(&own),
        pod: Some(&pod),
    };
    match authorize::authorize(Some(ruleset), proxy, &incoming).verdict {
        Verdict::Passed(passed) => match (passed.awaits, passed.grounds) {
            (Awaits::Body, _) => Came::AwaitsBody,
            (_, Grounds::Shadow(_)) => Came::WouldBeRefused,
            _ => Came::Passed,
        },
        Verdict::Refused(_) => Came::Refused,
    }
}

fn document() -> impl Strategy<Value = Value> {
    let policy = (
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
        prop::collection::vec(rule(), 1..3),
    );
    (prop::bool::weighted(0.2), prop::collection::vec(policy, 1..4)).prop_map(|(shadow, policies)| {
        let policies = policies
            .into_iter()
            .enumerate()
            .map(|(number, (deny, shadow, rules))| {
                json!({
                    "name": format!("p{number}"),
                    "action": if deny { "DENY" } else { "ALLOW" },
                    "mode": if shadow { "shadow" } else { "enforce" },
                    "rules": rules,
                })
            });
        json!({
            "apiVersion": "dagward/v1",
            "mode": if shadow { "shadow" } else { "enforce" },
            "policies": policies.collect::<Vec<_>>(),
        })
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let from = prop::option::weighted(0.4, select(&PEERS[..]));
    (from, prop::option::weighted(0.9, entry())).prop_map(|(from, to)| {
        let mut rule = Map::new();
        if let Some(from) = from {
            rule.insert("from".to_owned(), json!([{"principals": [from]}]));
        }
        if let Some(to) = to {
            rule.insert("to".to_owned(), json!([to]));
        }
        Value::Object(rule)
    })
}

fn entry() -> impl Strategy<Value = Value> {
    let conditions = [
        ("surfaces", &["rest"][..]),
        ("surfaces", &["rest", "execution"]),
        ("actions", &["*"]),
        ("actions", &["variable:*", "connection:*", "pool:*"]),
        (
            "actions",
            &["dag_run:*", "backfill:create", "task_instance:*", "asset:create"],
        ),
        ("notActions", &["trigger:create", "dag:update", "dag_version:run"]),
        ("dags", &["ml_*"]),
        ("notDags", &["finance_*"]),
        ("tasks", &["ml_*"]),
        ("variables", &["ml_*"]),
        ("notVariables", &["finance_*"]),
        ("connections", &["ml_*"]),
        ("notConnections", &["finance_*"]),
        ("pools", &["ml_*"]),
        ("assets", &["ml_*"]),
        ("triggers", &["ml.*"]),
        ("notQueues", &["*"]),
        ("methods", &["POST"]),
    ];
    subsequence(conditions.to_vec(), 1..4).prop_map(|conditions| {
        let fields = conditions
            .into_iter()
            .map(|(word, patterns)| (word.to_owned(), json!(patterns)));
        Value::Object(fields.collect())
    })
}

/// A body with fields of some of the routes, or of none.
fn body() -> impl Strategy<Value = Value> {
    let name = || select(&NAMES[..]).prop_map(Value::from);
    let of = |field: &'static str| name().prop_map(move |name| json!({ field: name }));
    let bulk = |field: &'static str| {
        prop::collection::vec(name(), 0..3).prop_map(move |names| {
            let entities: Vec<_> = names.iter().map(|name| json!({ field: name })).collect();
            json!({"actions": [{"action": "create", "entities": entities}]})
        })
    };
    let list = |field: &'static str| {
        prop::collection::vec(name(), 0..3).prop_map(move |names| json!({ field: names }))
    };
    let flag = |field: &'static str| any::<bool>().prop_map(move |flag| json!({ field: flag }));
    let deferral = (select(&["ml.Wait", "airflow.Wait"][..]), name(), name()).prop_map(|(class, dag, queue)| {
        json!({"state": "deferred", "classpath": class, "trigger_kwargs": {"dag_id": dag}, "queue": queue})
    });
    let outlets =
        name().prop_map(|name| json!({"state": "success", "task_outlets": [{"name": name, "uri": name}]}));
    let part = prop_oneof![
        of("key"),
        of("connection_id"),
        of("name"),
        of("dag_id"),
        of("new_field"),
        bulk("key"),
        bulk("connection_id"),
        bulk("dag_id"),
        list("dag_ids"),
        list("task_ids"),
        flag("drain_dag"),
        flag("commit_on_success"),
        flag("include_downstream"),
        any::<u8>().prop_map(|id| json!({"asset_id": id})),
        deferral,
        outlets,
    ];
    prop::collection::vec(part, 0..3).prop_map(|parts| {
        let fields = parts
            .into_iter()
            .flat_map(|part| part.as_object().cloned().unwrap_or_default());
        Value::Object(fields.collect())
    })
}

/// An import of variables that is larger than the limit for bodies passes for people. It does not pass for a team that
/// may only write its own variables.
#[test]
fn people_import_as_many_variables_as_they_like() {
    let document = json!({"apiVersion": "dagward/v1", "policies": [
        {"name": "people", "action": "ALLOW", "rules": [{"from": [{"namespaces": ["istio-ingress"]}], "to": [{"surfaces": ["rest"]}]}]},
        {"name": "team", "action": "ALLOW", "rules": [{"from": [{"principals": [PEERS[0]]}], "to": [{"variables": ["ml_*"]}]}]},
        {"name": "agents", "action": "DENY", "rules": [{"from": [{"namespaces": ["agents"]}], "to": [{"variables": ["finance_*"]}]}]},
    ]});
    let ruleset = crate::load(&document).unwrap();
    let import = ("PATCH", "/api/v2/variables");
    let long = vec![b'x'; MAX_BODY_BYTES + 1];
    for (peer, at_headers, with_body) in [
        (PEERS[1], Came::Passed, Came::Passed),
        (PEERS[0], Came::AwaitsBody, Came::Refused),
    ] {
        assert_eq!(
            decided(&ruleset, peer, import, Body::Pending),
            at_headers,
            "{peer}"
        );
        assert_eq!(
            decided(&ruleset, peer, import, Body::Whole(&long)),
            with_body,
            "{peer}"
        );
        assert_eq!(
            decided(&ruleset, peer, import, Body::TooLong),
            with_body,
            "{peer}"
        );
    }
}
