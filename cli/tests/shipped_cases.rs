//! The files of cases in `examples/`, each with its policies.

#![expect(clippy::unwrap_used, reason = "a failed test is what a panic means here")]

#[expect(dead_code, reason = "these tests compare no output with a file")]
mod common;

use std::fs;

use common::{dagward, tests};

/// Where the policies and their cases stand, from the folder of the tests.
const EXAMPLES: &str = "../../examples";

/// Policies, each with its cases.
const PAIRS: [(&str, &str); 7] = [
    ("company/policy.yaml", "company/cases.yaml"),
    ("company/payments.yaml", "company/payments.cases.yaml"),
    ("policies/two-teams.yaml", "policies/cases/two-teams.yaml"),
    ("policies/teams-list.yaml", "policies/cases/two-teams.yaml"),
    ("policies/one-account.yaml", "policies/cases/one-account.yaml"),
    ("policies/airflow-teams.yaml", "policies/cases/airflow-teams.yaml"),
    ("policies/components.yaml", "policies/cases/components.yaml"),
];

#[test]
fn every_case_is_as_expected_and_every_rule_decides_one() {
    for (policy, cases) in PAIRS {
        let [policy, cases] = [policy, cases].map(|file| format!("{EXAMPLES}/{file}"));
        let run = dagward("", &["test", &policy, &cases, "--min-coverage", "100"], "");
        assert_eq!(run.status, 0, "{policy}: {}{}", run.stdout, run.stderr);
    }
}

/// A policy that lets more or less through fails its cases.
#[test]
fn the_company_s_cases_notice_each_policy_that_is_gone() {
    let [policy, cases] =
        ["policy", "cases"].map(|file| tests().join(format!("{EXAMPLES}/company/{file}.yaml")));
    let text = fs::read_to_string(policy).unwrap();
    // The expected decisions, without the names of the policies.
    let cases: String = fs::read_to_string(cases)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with("  why:"))
        .map(|line| format!("{line}\n"))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.yaml");
    fs::write(&file, cases).unwrap();
    let (head, policies) = text.split_once("\npolicies:\n").unwrap();
    let policies: Vec<&str> = policies.split("\n- name: ").skip(1).collect();
    assert!(policies.len() > 10, "{}", policies.len());
    // The DENY policies guard what later ALLOW policies say, so only their names show in the cases.
    let allowing = |policy: &&str| policy.contains("action: ALLOW");
    for (gone, _) in policies.iter().enumerate().filter(|(_, policy)| allowing(policy)) {
        let others = policies.iter().enumerate().filter(|(number, _)| *number != gone);
        let others: String = others.map(|(_, policy)| format!("\n- name: {policy}")).collect();
        let changed = format!("{head}\npolicies:\n{others}\n");
        let run = dagward("", &["test", "-", file.to_str().unwrap()], &changed);
        assert_eq!(run.status, 1, "{}: {}{}", policies[gone], run.stdout, run.stderr);
    }
}
