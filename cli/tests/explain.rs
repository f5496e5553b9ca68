//! `dagward explain` on real policies. `explain/NAME.txt` holds the output for each question. `BLESS=1` writes the
//! files again: read them before you commit them.

#![expect(clippy::unwrap_used, reason = "a failed test is what a panic means here")]

mod common;
#[path = "explain/second_decision.rs"]
mod second_decision;
#[path = "explain/sites.rs"]
mod sites;
#[path = "explain/teams.rs"]
mod teams;
#[path = "explain/tokens.rs"]
mod tokens;

use common::{Run, dagward};
use serde_json::{Value, json};

const SALES: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales";
const TASK: [&str; 8] = [
    "--header",
    "X-Airflow-Dag-Id: sales_daily",
    "--header",
    "x-airflow-run-id: manual__1",
    "--header",
    "x-airflow-task-id: load",
    "--header",
    "x-airflow-proof: pod",
];

fn explain(policy: &str, arguments: &[&str]) -> Run {
    dagward("explain", &[&["explain", policy], arguments].concat(), "")
}

fn explain_json(policy: &str, arguments: &[&str]) -> (i32, Value) {
    let run = explain(policy, &[arguments, &["--format", "json"]].concat());
    assert_eq!(run.stderr, "");
    (run.status, serde_json::from_str(&run.stdout).unwrap())
}

/// A request of the sales team's worker, for one of its own tasks.
fn from_sales<'a>(method: &'a str, path: &'a str) -> Vec<&'a str> {
    [&["--peer", SALES, "--method", method, "--path", path][..], &TASK].concat()
}

#[test]
fn own_dag_is_allowed() {
    explain(
        "policy.yaml",
        &from_sales("POST", "/api/v2/dags/sales_daily/dagRuns"),
    )
    .assert(0, "explain/own_dag.txt");
}

#[test]
fn the_json_is_a_contract() {
    let (status, answer) = explain_json(
        "policy.yaml",
        &from_sales("POST", "/api/v2/dags/sales_daily/dagRuns"),
    );
    let expected = json!({
        "at": "headers",
        "decision": "allow",
        "mode": "enforce",
        "code": "allowed",
        "policy": "teams",
        "rule": 0,
        "caller": {
            "principal": SALES,
            "acting": {"dag_id": "sales_daily", "run_id": "manual__1", "task_id": "load", "proof": "pod"},
        },
        "operation": {
            "surface": "rest",
            "actions": ["dag_run:trigger"],
            "dag_ids": ["sales_daily"],
            "any_dag": false,
            "parameters": {},
        },
        "tokens": [],
        "reasons": [
            "policy `teams` rule 0 allows it",
            "on this route the body may name ids or ask for more, and none is given (`--body`)",
        ],
        "earlier": [],
        "answer": null,
        "log": [],
        "record": {
            "wasm.dagward_caller": SALES,
            "wasm.dagward_dag_id": "sales_daily",
            "wasm.dagward_decision": "allowed",
            "wasm.dagward_policy": "teams",
            "wasm.dagward_proven_dag_id": "sales_daily",
            "wasm.dagward_proven_task_id": "load",
            "wasm.dagward_run_id": "manual__1",
            "wasm.dagward_task_id": "load",
        },
    });
    assert_eq!((status, answer), (0, expected));
}

#[test]
fn what_the_path_names_beside_ids_is_told() {
    let tries = "/api/v2/dags/sales_daily/dagRuns/manual__1/taskInstances/load/3/tries/2";
    explain("policy.yaml", &from_sales("GET", tries)).assert(0, "explain/parameters.txt");
    let (_, answer) = explain_json("policy.yaml", &from_sales("GET", tries));
    assert_eq!(
        answer["operation"]["parameters"],
        json!({"map_index": "3", "task_try_number": "2"})
    );
}

#[test]
fn another_teams_dag_is_denied() {
    explain(
        "policy.yaml",
        &from_sales("POST", "/api/v2/dags/finance_daily/dagRuns"),
    )
    .assert(1, "explain/other_dag.txt");
}

#[test]
fn a_deny_rule_is_named() {
    let (status, answer) = explain_json(
        "policy.yaml",
        &from_sales("GET", "/api/v2/dags/payroll_daily/dagRuns"),
    );
    assert_eq!(
        (status, &answer["decision"], &answer["code"]),
        (1, &json!("deny"), &json!("denied_by_rule"))
    );
    assert_eq!(
        (&answer["policy"], &answer["rule"]),
        (&json!("payroll-is-closed"), &json!(0))
    );
}

#[test]
fn a_caller_without_certificate_is_anonymous() {
    explain(
        "policy.yaml",
        &[
            "--plaintext",
            "--method",
            "GET",
            "--path",
            "/api/v2/dags/~/dagRuns",
        ],
    )
    .assert(1, "explain/plaintext.txt");
    let (_, answer) = explain_json(
        "policy.yaml",
        &["--plaintext", "--method", "GET", "--path", "/api/v2/dags"],
    );
    assert_eq!(answer["caller"], json!({"principal": null, "acting": null}));
    assert_eq!(answer["operation"]["any_dag"], true);
}

#[test]
fn a_strangers_proof_is_dropped() {
    let peer = "spiffe://cluster.local/ns/other/sa/airflow-worker-sales";
    let question = [
        "--peer",
        peer,
        "--method",
        "GET",
        "--path",
        "/api/v2/dags/sales_daily/dagRuns",
    ];
    explain("policy.yaml", &[&question[..], &TASK].concat()).assert(1, "explain/stranger.txt");
}

#[test]
fn the_proxys_namespace_says_whom_to_believe() {
    let peer = "spiffe://cluster.local/ns/data/sa/worker";
    let question = [&["--peer", peer, "--method", "GET", "--path", "/"][..], &TASK].concat();
    let (_, in_the_plugins_namespace) = explain_json("shadow.yaml", &question);
    assert_eq!(in_the_plugins_namespace["caller"]["acting"]["proof"], "pod");
    let elsewhere = ["--proxy", "spiffe://cluster.local/ns/elsewhere/sa/x"];
    let (_, elsewhere) = explain_json("shadow.yaml", &[&question[..], &elsewhere].concat());
    assert_eq!(elsewhere["caller"]["acting"]["proof"], "claimed");
}

#[test]
fn shadow_passes_and_says_what_it_would_do() {
    explain(
        "shadow.yaml",
        &[
            "--plaintext",
            "--method",
            "GET",
            "--path",
            "/api/v2/variables/rate",
        ],
    )
    .assert(0, "explain/shadow.txt");
}

#[test]
fn a_policy_in_shadow_mode_is_pointed_out() {
    let monitoring = "spiffe://cluster.local/ns/monitoring/sa/x";
    explain(
        "policy.yaml",
        &[
            "--peer",
            monitoring,
            "--method",
            "GET",
            "--path",
            "/api/v2/dags/sales_daily",
        ],
    )
    .assert(1, "explain/shadow_policy.txt");
}

#[test]
fn observe_decides_nothing() {
    let (status, answer) = explain_json("observe.yaml", &["--plaintext", "--method", "GET", "--path", "/"]);
    assert_eq!(
        (status, &answer["code"], &answer["mode"]),
        (0, &json!("observed"), &json!("observe"))
    );
}

#[test]
fn what_is_malformed_is_said() {
    let cases = [
        ("malformed_identity", "SPIFFE://cluster.local/x", "/", "x-a: b"),
        ("malformed_path", SALES, "/api/v2//dags", "x-a: b"),
        ("malformed_task_headers", SALES, "/", "x_airflow_dag_id: a"),
    ];
    for (code, peer, path, header) in cases {
        let question = [
            "--peer", peer, "--method", "GET", "--path", path, "--header", header,
        ];
        let (status, answer) = explain_json("policy.yaml", &question);
        assert_eq!(
            (status, &answer["decision"], &answer["code"]),
            (1, &json!("malformed"), &json!(code))
        );
        assert_eq!(answer["reasons"].as_array().unwrap().len(), 1, "{answer}");
        assert_eq!(answer["answer"]["status"], 403);
        assert_eq!(answer["answer"]["body"]["detail"]["reason"], "dagward_malformed");
    }
    explain(
        "policy.yaml",
        &["--plaintext", "--method", "GET", "--path", "/api/v2/dags/a%2Fb"],
    )
    .assert(1, "explain/malformed.txt");
}

#[test]
fn outbound_shows_what_is_stamped() {
    let question = [
        "--listener",
        "outbound",
        "--annotation",
        "dag_id=sales_daily",
        "--annotation",
        "task_id=lädt",
        "--header",
        "x-airflow-proof: airflow",
        "--method",
        "GET",
        "--path",
        "/execution/variables/rate",
    ];
    explain("policy.yaml", &question).assert(0, "explain/outbound.txt");
}

#[test]
fn nothing_of_the_task_leaves_the_mesh() {
    let question = [
        "--listener",
        "outbound",
        "--header",
        "x-airflow-dag-id: a",
        "--host",
        "API.example.com:443",
        "--method",
        "GET",
        "--path",
        "/orders",
    ];
    explain("policy.yaml", &question).assert(0, "explain/leaving.txt");
}

#[test]
fn annotations_that_name_no_task_are_pointed_out() {
    let question = [
        "--listener",
        "outbound",
        "--annotation",
        "dag-id=a",
        "--method",
        "GET",
        "--path",
        "/",
    ];
    let (_, answer) = explain_json("policy.yaml", &question);
    assert!(
        answer["reasons"][1]
            .as_str()
            .unwrap()
            .starts_with("the annotations name no task"),
        "{answer}"
    );
}

#[test]
fn misuse_is_status_2_and_prints_no_answer() {
    let request = ["--method", "GET", "--path", "/"];
    let cases: [(&str, &[&str], &str); 9] = [
        (
            "policy.yaml",
            &[],
            "error: name the caller: `--peer SPIFFE_ID`, or `--plaintext`",
        ),
        (
            "policy.yaml",
            &["--peer", SALES, "--plaintext"],
            "error: the argument '--peer <SPIFFE_ID>' cannot be used",
        ),
        (
            "policy.yaml",
            &["--plaintext", "--annotation", "dag_id=a"],
            "error: `--annotation` is for",
        ),
        (
            "policy.yaml",
            &["--plaintext", "--header", "no colon"],
            "error: invalid value 'no colon'",
        ),
        (
            "policy.yaml",
            &["--plaintext", "--header", "Host: a"],
            "error: invalid value 'Host: a'",
        ),
        (
            "policy.yaml",
            &["--plaintext", "--proxy", "me"],
            "error: `--proxy`: `me` is not a SPIFFE ID",
        ),
        (
            "policy.yaml",
            &["--plaintext", "--body", "no-such-file"],
            "error: cannot read `no-such-file`",
        ),
        (
            "no-such-file",
            &["--plaintext"],
            "error: cannot read `no-such-file`",
        ),
        (
            "../validate/good/resources.yaml",
            &["--plaintext"],
            "error: `../validate/good/resources.yaml` holds 2 policy",
        ),
    ];
    for (policy, arguments, message) in cases {
        let run = explain(policy, &[arguments, &request].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.starts_with(message), "{}", run.stderr);
    }
}

#[test]
fn an_invalid_policy_is_shown_as_by_validate() {
    let run = explain(
        "invalid.yaml",
        &[
            "--plaintext",
            "--method",
            "GET",
            "--path",
            "/",
            "--format",
            "json",
        ],
    );
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr.contains("error: policies[2].action: found `REFUSE`"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("^^^^^^"), "{}", run.stderr);
}
