//! `airflow-teams.yaml`: a task reaches the DAGs of its own team, as Airflow's answers have named it.

use dagward::authorize::Code;

use crate::asking::{Asked, HEARTBEAT, RUN, SALES, WORKER};
use crate::sites::{Sites, everywhere};

/// Airflow's teams. No task of `crm_new` has started yet.
const TEAMS: [(&str, Option<&str>); 5] = [
    ("orders", Some("sales")),
    ("crm", Some("sales")),
    ("churn", Some("science")),
    ("cleanup", None),
    ("report", None),
];

fn policy() -> Sites {
    everywhere("examples/policies/airflow-teams.yaml")
}

fn task_of<'a>(dag: &'a str, request: &'a str) -> Asked<'a> {
    Asked {
        learned: Some(dag),
        teams: &TEAMS,
        ..Asked::of(WORKER, request)
    }
}

/// The requests about a DAG, to read it and to change it.
fn about(dag: &str) -> [Vec<String>; 2] {
    let reads = vec![
        format!("GET /execution/xcoms/{dag}/r/extract/return_value"),
        format!("GET /execution/task-instances/states?dag_id={dag}"),
        format!("GET /execution/dag-runs/count?dag_id={dag}"),
        format!("GET /execution/dag-runs/{dag}/r/state"),
        format!("GET /execution/dags/{dag}"),
    ];
    let changes = vec![
        format!("POST /execution/xcoms/{dag}/r/extract/return_value"),
        format!("DELETE /execution/xcoms/{dag}/r/extract/return_value"),
        format!("POST /execution/dag-runs/{dag}/r2"),
        format!("POST /execution/dag-runs/{dag}/r2/clear"),
    ];
    [reads, changes]
}

#[test]
fn a_task_reaches_the_dags_of_its_team() {
    let policy = policy();
    for (dag, other, reads, changes) in [
        ("orders", "orders", true, true),
        ("orders", "crm", true, true),
        ("orders", "churn", false, false),
        ("orders", "crm_new", false, false),
        // The results of DAGs of no team are open to all, as Airflow has it.
        ("orders", "cleanup", true, false),
        ("churn", "orders", false, false),
        ("cleanup", "cleanup", true, true),
        ("cleanup", "report", false, false),
        ("cleanup", "orders", false, false),
        // Its own team is unknown, so it is of no team and of each.
        ("crm_new", "crm_new", false, false),
        ("crm_new", "orders", false, false),
        ("crm_new", "cleanup", false, false),
    ] {
        for (requests, passes) in about(other).into_iter().zip([reads, changes]) {
            for request in requests {
                let refused = (!passes).then_some(Code::NoRuleAllows);
                assert_eq!(
                    task_of(dag, &request).refused(&policy),
                    refused,
                    "{dag}: {request}"
                );
            }
        }
    }
}

#[test]
fn airflow_guards_connections_and_variables() {
    let policy = policy();
    for request in [
        HEARTBEAT,
        "GET /execution/connections/crm",
        "GET /execution/variables/region",
        "PUT /execution/variables/region",
    ] {
        for dag in ["orders", "cleanup", "crm_new"] {
            assert_eq!(task_of(dag, request).refused(&policy), None, "{dag}: {request}");
        }
    }
    for request in [
        // It names the variables of all teams to a task of none.
        "GET /execution/variables/keys?prefix=r",
        "GET /execution/assets/by-name?name=orders",
        "POST /api/v2/dags/orders/dagRuns",
    ] {
        for dag in ["orders", "cleanup"] {
            assert_eq!(
                task_of(dag, request).refused(&policy),
                Some(Code::NoRuleAllows),
                "{dag}: {request}"
            );
        }
    }
}

/// A pod's annotations name no team, and headers of the task itself name nothing.
#[test]
fn only_airflow_s_answer_is_enough() {
    let policy = policy();
    for proof in ["claimed", "pod"] {
        for request in about("orders").concat() {
            let asked = Asked {
                acting: Some(["orders", "load", proof]),
                teams: &TEAMS,
                ..Asked::of(WORKER, &request)
            };
            assert_eq!(
                asked.refused(&policy),
                Some(Code::NoRuleAllows),
                "{proof}: {request}"
            );
        }
    }
}

#[test]
fn run_is_decided_on_the_answer() {
    let policy = policy();
    for account in [WORKER, SALES] {
        assert_eq!(Asked::of(account, RUN).refused(&policy), None);
        for (dag, refused) in [
            ("orders", None),
            ("churn", None),
            ("cleanup", None),
            ("crm_new", Some(Code::NoRuleAllows)),
        ] {
            let answered = Asked {
                peer: account,
                answered: true,
                ..task_of(dag, RUN)
            };
            assert_eq!(answered.refused(&policy), refused, "{dag}");
        }
    }
}
