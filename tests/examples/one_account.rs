//! `one-account.yaml`: all workers share one account, and a task reaches the objects of its own DAG alone.

use dagward::authorize::Code;

use crate::asking::{Asked, HEARTBEAT, RUN, WORKER};
use crate::sites::{Sites, everywhere};

/// The requests that a task may send whose run `r` is of the DAG `orders`.
const OWN: [&str; 16] = [
    HEARTBEAT,
    "GET /execution/xcoms/orders/r/extract/return_value",
    "GET /execution/xcoms/orders/earlier/extract/return_value",
    "POST /execution/xcoms/orders/r/load/return_value",
    "DELETE /execution/xcoms/orders/r/load/return_value",
    "GET /execution/task-instances/states?dag_id=orders",
    "GET /execution/dag-runs/count?dag_id=orders",
    "GET /execution/dags/orders",
    "POST /execution/dag-runs/orders/r2",
    "POST /execution/dag-runs/orders/r2/clear",
    "GET /execution/connections/orders:db",
    "GET /execution/connections/shared_smtp",
    "GET /execution/variables/orders:region",
    "PUT /execution/variables/orders:region",
    "GET /execution/variables/shared_region",
    "GET /execution/connections/remote_logs",
];

/// The requests that it may not send.
const OF_OTHERS: [&str; 15] = [
    "GET /execution/xcoms/orders_eu/r/extract/return_value",
    "POST /execution/xcoms/orders_eu/r/extract/return_value",
    "POST /execution/xcoms/orders/earlier/load/return_value",
    "DELETE /execution/xcoms/orders/earlier/load/return_value",
    "GET /execution/task-instances/states?dag_id=orders_eu",
    "GET /execution/task-instances/count",
    "POST /execution/dag-runs/orders_eu/r2",
    "POST /execution/dag-runs/orders_eu/r2/clear",
    "GET /execution/dag-runs/orders_eu/r/state",
    "GET /execution/connections/orders_eu:db",
    "GET /execution/connections/orders",
    "PUT /execution/variables/shared_region",
    "GET /execution/variables/keys?prefix=orders",
    "GET /execution/assets/by-name?name=orders",
    "POST /api/v2/dags/orders/dagRuns",
];

fn policy() -> Sites {
    everywhere("examples/policies/one-account.yaml")
}

fn task_of<'a>(dag: &'a str, request: &'a str) -> Asked<'a> {
    Asked {
        learned: Some(dag),
        ..Asked::of(WORKER, request)
    }
}

#[test]
fn a_task_reaches_its_own_dag_s_objects() {
    let policy = policy();
    for request in OWN {
        assert_eq!(task_of("orders", request).refused(&policy), None, "{request}");
    }
}

#[test]
fn it_reaches_nothing_else() {
    let policy = policy();
    for request in OF_OTHERS {
        assert_eq!(
            task_of("orders", request).refused(&policy),
            Some(Code::NoRuleAllows),
            "{request}"
        );
    }
}

#[test]
fn a_claim_and_an_unknown_task_reach_nothing() {
    let policy = policy();
    for request in &OWN[1..12] {
        for acting in [None, Some(["orders", "load", "claimed"])] {
            let asked = Asked {
                acting,
                ..Asked::of(WORKER, request)
            };
            assert_eq!(asked.refused(&policy), Some(Code::NoRuleAllows), "{request}");
        }
    }
}

#[test]
fn every_dag_starts() {
    let policy = policy();
    assert_eq!(Asked::of(WORKER, RUN).refused(&policy), None);
    for dag in ["orders", "anything.at-all", "日本"] {
        let answered = Asked {
            answered: true,
            ..task_of(dag, RUN)
        };
        assert_eq!(answered.refused(&policy), None, "{dag}");
    }
}
