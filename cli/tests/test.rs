//! `dagward test` on real policies. `test/NAME` holds the outputs. `BLESS=1` writes the files again: read them before
//! you commit them.

#![expect(clippy::unwrap_used, reason = "a failed test is what a panic means here")]

mod common;

use std::env;
use std::fs;
use std::process::Command;

use common::{Run, dagward, tests};
use serde_json::{Value, json};

const POLICY: &str = "policy.yaml";

fn test(arguments: &[&str]) -> Run {
    dagward("test", &[&["test", POLICY], arguments].concat(), "")
}

/// The cases of a text, against the policy.
fn cases(text: &str) -> Run {
    let text = format!("apiVersion: dagward/cases/v1\ncases:\n{text}");
    dagward("test", &["test", POLICY, "-"], &text)
}

#[test]
fn good_cases_pass() {
    test(&["cases.yaml"]).assert(0, "test/cases.txt");
}

#[test]
fn a_failure_says_what_came_and_why() {
    test(&["failing.yaml", "cases.yaml"]).assert(1, "test/failing.txt");
}

#[test]
fn build_servers_get_junit() {
    test(&["failing.yaml", "--format", "junit"]).assert(1, "test/failing.xml");
}

#[test]
fn coverage_names_what_no_case_tries() {
    test(&["cases.yaml", "--coverage"]).assert(0, "test/coverage.txt");
}

#[test]
fn coverage_has_a_floor() {
    for (floor, status) in [
        ("20", 0),
        ("50", 0),
        ("51", 1),
        ("patterns=10%", 0),
        ("conditions=90", 1),
    ] {
        let run = test(&["cases.yaml", "--min-coverage", floor]);
        assert_eq!(run.status, status, "{floor}: {}", run.stderr);
        assert_eq!(run.stderr.is_empty(), status == 0, "{}", run.stderr);
    }
    for floor in ["101", "most", "lines=3"] {
        assert_eq!(
            test(&["cases.yaml", "--min-coverage", floor]).status,
            2,
            "{floor}"
        );
    }
}

#[test]
fn every_mistake_in_a_file_is_named_at_once() {
    let run = test(&["invalid.yaml"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    let path = tests().join("test/invalid.txt");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &run.stderr).unwrap();
    }
    assert_eq!(run.stderr, fs::read_to_string(path).unwrap());
}

#[test]
fn what_is_no_file_of_cases_is_refused() {
    for text in [
        "",
        "[]",
        "a: [",
        "cases: []\napiVersion: dagward/cases/v1",
        "apiVersion: dagward/cases/v1\ncases:\n- {name: a, name: b}",
        "apiVersion: dagward/cases/v1\ncases: []\n---\napiVersion: dagward/cases/v1\ncases: []",
    ] {
        let run = dagward("test", &["test", POLICY, "-"], text);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{text}");
        assert!(run.stderr.contains("error"), "{text}: {}", run.stderr);
    }
    assert_eq!(test(&["none.yaml"]).status, 2);
    assert_eq!(
        dagward("test", &["test", "cases.yaml", "cases.yaml"], "").status,
        2
    );
    assert_eq!(dagward("test", &["test", "-", "-"], "").status, 2);
    assert_eq!(dagward("test", &["test", POLICY], "").status, 2);
}

#[test]
fn a_policy_that_decides_nothing_is_not_tested() {
    let observe = "../../../examples/policies/observe-first-day.yaml";
    let run = dagward("test", &["test", observe, "cases.yaml"], "");
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("observe"), "{}", run.stderr);
}

/// The shadow mode lets a request pass that the policy refuses.
#[test]
fn in_shadow_the_policy_s_word_counts() {
    let text = "apiVersion: dagward/cases/v1\ncases:\n- name: a stranger\n  as: anonymous\n  request: GET /api/v2/dags\n  expect: deny\n";
    for policy in ["shadow.yaml", "policy.yaml"] {
        let run = dagward("explain", &["test", policy, "-"], text);
        assert_eq!(run.status, 0, "{policy}: {}{}", run.stdout, run.stderr);
    }
}

/// A token counts as verified, and everything else about it is checked.
#[test]
fn a_token_has_the_claims_of_the_case() {
    let case = |claims: &str| {
        format!(
            "apiVersion: dagward/cases/v1\ncases:\n- name: a person on call\n  as: istio-ingress/gateway\n  token: {{issuer: company, claims: {{sub: jo, {claims}}}}}\n  request: POST /api/v2/dags/sales_daily/dagRuns\n  expect: allow\n"
        )
    };
    let run = |claims: &str| {
        dagward(
            "explain",
            &["test", "tokens.yaml", "-", "--format", "json"],
            &case(claims),
        )
    };
    let code = |claims: &str| {
        let trial = serde_json::from_str::<Value>(&run(claims).stdout).unwrap()["trials"][0].clone();
        trial["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        code("groups: [on-call], email: jo@login.example, email_verified: true"),
        "allowed"
    );
    assert_eq!(
        code("groups: [guests], email: jo@login.example, email_verified: true"),
        "no_rule_allows"
    );
    assert_eq!(code("groups: [on-call], aud: another"), "token_audience");
    assert_eq!(code("groups: [on-call], aud: null"), "token_audience");
    assert_eq!(code("groups: [on-call], exp: 7"), "token_times");
    let unknown = case("groups: []").replace("company", "compny");
    let run = dagward("explain", &["test", "tokens.yaml", "-"], &unknown);
    assert!(run.stderr.contains("did you mean `company`?"), "{}", run.stderr);
}

/// The command of a failure is a shell's and gives the same decision.
#[test]
fn the_command_explains_the_same() {
    let run = test(&["failing.yaml", "--format", "json"]);
    let output: Value = serde_json::from_str(&run.stdout).unwrap();
    let trials = output["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 4);
    for trial in trials {
        let command =
            trial["explain"]
                .as_str()
                .unwrap()
                .replacen("dagward", env!("CARGO_BIN_EXE_dagward"), 1);
        let run = Command::new("bash")
            .current_dir(tests().join("test"))
            .args(["-c", &format!("{command} --format json")])
            .output()
            .unwrap();
        let explained: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(
            explained["decision"] == "allow",
            trial["decision"] == "allow",
            "{command}"
        );
        for field in ["code", "policy", "rule", "reasons"] {
            assert_eq!(explained[field], trial[field], "{field}: {command}");
        }
    }
}

#[test]
fn a_case_is_every_caller_with_every_request() {
    let run = cases(
        "- name: matrix\n  as: [anonymous, ai-agents/a]\n  request: [GET /x, GET /y, {request: GET /z}]\n  expect: deny\n",
    );
    assert_eq!(run.stdout, "<stdin>: ok: 1 case, 6 requests\n");
}

#[test]
fn the_json_is_a_contract() {
    let text = "- {name: a, as: anonymous, request: GET /health, expect: allow, because: probes}\n";
    let text = format!("apiVersion: dagward/cases/v1\ncases:\n{text}");
    let run = dagward("test", &["test", POLICY, "-", "--format", "json"], &text);
    let mut output: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        output["coverage"]["rules"],
        json!({"covered": 1, "all": 4, "percent": 25})
    );
    output.as_object_mut().unwrap().remove("coverage");
    assert_eq!(
        output,
        json!({"passed": 1, "failed": 0, "trials": [{
            "file": "<stdin>", "line": 3, "case": "a", "because": "probes", "caller": "anonymous", "request": "GET /health",
            "expected": "allow", "passed": true, "differences": [], "decision": "allow", "code": "allowed",
            "policy": "anyone-may-ask-for-health", "rule": 0,
            "reasons": ["policy `anyone-may-ask-for-health` rule 0 allows it"],
            "explain": format!("dagward explain {POLICY} --plaintext --method GET --path /health"),
        }]})
    );
}

/// Ids are percent-encoded on their way, as a worker's sidecar does it.
#[test]
fn an_id_can_have_any_letter() {
    let run = cases(
        "- name: a task\n  as: airflow/airflow-worker-sales\n  acting: {dag: sales_日本, run: 50% off, task: é}\n  request: GET /execution/connections/sales_db\n  expect: allow\n",
    );
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
}

/// An answer can name a team, say that the run has none, or say nothing.
#[test]
fn an_answer_can_say_that_a_run_has_no_team() {
    let policy = "../../../examples/policies/airflow-teams.yaml";
    for (team, expected) in [
        ("", "deny"),
        (", team: null", "allow"),
        (", team: sales", "allow"),
    ] {
        let text = format!(
            "apiVersion: dagward/cases/v1\ncases:\n- name: a task\n  as: airflow/airflow-worker\n  answer: {{dag: orders{team}}}\n  request: GET /execution/xcoms/orders/r/load/k\n  expect: {expected}\n"
        );
        let run = dagward("test", &["test", policy, "-"], &text);
        assert_eq!(run.status, 0, "{team}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn files_in_the_wrong_order_are_named() {
    let run = test(&[POLICY]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("found a policy"), "{}", run.stderr);
    assert!(
        run.stderr.contains("`dagward test POLICY CASES`"),
        "{}",
        run.stderr
    );
    let run = dagward("test", &["test", "cases.yaml", POLICY], "");
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("`dagward test POLICY CASES`"),
        "{}",
        run.stderr
    );
}
