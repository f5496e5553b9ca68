//! Deadline callbacks under the ready policies, and under the one in docs/policy.md.

use std::fs;

use dagward::authorize::Code;
use dagward_shipped::manifest;
use dagward_workbench::paths;

use crate::asking::{Asked, GATEWAY, ML, RUN, SALES, SCHEDULER, WORKER};
use crate::files::policy_in;
use crate::sites::{Sites, everywhere};

const CALLBACKS: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-callbacks";
const START: &str = "PATCH /execution/callbacks/0192f0c1-0000-7000-8000-000000000001/run";
const NOTE: &str = "PATCH /execution/task-instances/0192f0c1-0000-7000-8000-000000000001/dag-run-note";

/// The requests for which Airflow accepts a callback's token.
const USES: [&str; 6] = [
    "GET /execution/connections/sales_db",
    "GET /execution/connections/sales_a%2Fb",
    "GET /execution/variables/sales_key",
    "PUT /execution/variables/sales_key",
    "GET /execution/xcoms/sales_daily/r/load/return_value",
    "POST /execution/dag-runs/sales_daily/r",
];

/// A request with the token of a callback that the peer has started.
fn of_callback<'a>(peer: &'a str, request: &'a str) -> Asked<'a> {
    Asked {
        callback: true,
        ..Asked::of(peer, request)
    }
}

#[test]
fn no_callback_runs_on_a_team_s_worker() {
    for file in ["wasm-plugin.yaml", "examples/policies/two-teams.yaml"] {
        let policy = everywhere(file);
        for peer in [SALES, ML] {
            let acting = Some(["sales_daily", "load", "pod"]);
            for asked in [
                Asked::of(peer, START),
                Asked {
                    acting,
                    ..Asked::of(peer, START)
                },
            ] {
                assert_eq!(asked.refused(&policy), Some(Code::NoRuleAllows), "{file} {peer}");
            }
        }
        for request in USES {
            let refused = of_callback(SALES, request).refused(&policy);
            assert_eq!(refused, Some(Code::NoRuleAllows), "{file} {request}");
        }
        assert_eq!(
            Asked::of(GATEWAY, START).refused(&policy),
            Some(Code::NoRuleAllows),
            "{file}"
        );
    }
    assert_eq!(
        Asked::of(WORKER, START).refused(&everywhere("examples/policies/two-teams.yaml")),
        Some(Code::NoRuleAllows)
    );
}

/// All tasks share the account there, and an author writes callbacks as well as tasks.
#[test]
fn callbacks_do_what_tasks_do_under_one_account() {
    for (file, peers) in [
        ("wasm-plugin.yaml", &[WORKER, SCHEDULER][..]),
        ("examples/policies/components.yaml", &[WORKER]),
    ] {
        let policy = everywhere(file);
        for peer in peers {
            assert_eq!(Asked::of(peer, START).refused(&policy), None, "{file} {peer}");
            for request in USES {
                assert_eq!(
                    of_callback(peer, request).refused(&policy),
                    None,
                    "{file} {request}"
                );
            }
        }
    }
}

/// The team policy with the one from the documentation.
fn with_callbacks() -> Sites {
    let page = fs::read_to_string(paths::workspace().join("docs/policy.md")).unwrap();
    let (_, rest) = page.split_once("```yaml\n- name: callbacks-have").unwrap();
    let (policy, _) = rest.split_once("```").unwrap();
    let policy = manifest::parse(&format!("- name: callbacks-have{policy}")).unwrap();
    let mut document = policy_in("examples/policies/two-teams.yaml").unwrap();
    let policies = document["policies"].as_array_mut().unwrap();
    policies.extend(policy.as_array().unwrap().iter().cloned());
    Sites::of(&document)
}

#[test]
fn a_worker_of_their_own_gives_callbacks_what_is_listed() {
    let policy = with_callbacks();
    assert_eq!(Asked::of(CALLBACKS, START).refused(&policy), None);
    for request in [
        "GET /execution/connections/callbacks_smtp",
        "GET /execution/variables/callbacks_url",
    ] {
        assert_eq!(
            of_callback(CALLBACKS, request).refused(&policy),
            None,
            "{request}"
        );
    }
    let more = [
        "PUT /execution/variables/callbacks_url",
        "GET /execution/variables/keys",
        "GET /execution/new",
    ];
    for request in USES.iter().chain(&more) {
        let refused = of_callback(CALLBACKS, request).refused(&policy);
        assert_eq!(refused, Some(Code::NoRuleAllows), "{request}");
    }
    let task = Asked {
        learned: Some("sales_daily"),
        answered: true,
        ..Asked::of(CALLBACKS, RUN)
    };
    assert_eq!(task.refused(&policy), Some(Code::NoRuleAllows));
    assert_eq!(Asked::of(SALES, START).refused(&policy), Some(Code::NoRuleAllows));
}

#[test]
fn a_task_writes_the_note_of_its_own_run() {
    for file in ["wasm-plugin.yaml", "examples/policies/two-teams.yaml"] {
        let policy = everywhere(file);
        let note = |peer, dag| Asked {
            learned: dag,
            ..Asked::of(peer, NOTE)
        };
        assert_eq!(note(SALES, Some("sales_daily")).refused(&policy), None, "{file}");
        for other in [
            note(SALES, Some("ml_train")),
            note(ML, Some("sales_daily")),
            note(SALES, None),
        ] {
            assert_eq!(other.refused(&policy), Some(Code::NoRuleAllows), "{file}");
        }
        // A task cannot write a callback by the REST API.
        let rest = Asked {
            learned: Some("sales_daily"),
            ..Asked::of(SALES, "PATCH /api/v2/dags/sales_daily/dagRuns/r")
        };
        assert_eq!(rest.refused(&policy), Some(Code::NoRuleAllows), "{file}");
    }
}
