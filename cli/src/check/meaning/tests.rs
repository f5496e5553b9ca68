//! Mistakes that give a warning, and documents that give none. `docs/warnings.md` has one example of each code.

use super::super::code::Code::{self, *};
use super::super::code::tests::page::{checked, codes};

mod rules;

/// Asserts the codes of parts of a document.
fn assert_codes(parts: &[(&str, &[Code])]) {
    for (part, expected) in parts {
        let problems = checked(part).problems;
        let shown: Vec<_> = problems
            .iter()
            .map(|problem| format!("{} {}: {}", problem.code, problem.path, problem.message))
            .collect();
        assert_eq!(codes(part), *expected, "{part}\n{shown:#?}");
    }
}

#[test]
fn callers() {
    assert_codes(&[
        ("- {}", &[AnyCaller]),
        (
            "- to: [{surfaces: [execution], actions: [\"xcom:*\"]}]",
            &[AnyCaller],
        ),
        ("- to: [{surfaces: [health]}, {surfaces: [rest]}]", &[AnyCaller]),
        ("- to: [{surfaces: [health]}, {actions: [\"metrics:read\"]}]", &[]),
        (
            "- {from: [{notDags: [a]}], to: [{surfaces: [logs]}]}",
            &[WithoutCertificate],
        ),
        (
            "- {from: [{notNamespaces: [a], namespaces: [b]}], to: [{surfaces: [logs]}]}",
            &[],
        ),
        (
            "- {from: [{notPrincipals: [\"spiffe://a/ns/b/sa/c\"]}], to: [{surfaces: [logs]}]}",
            &[AnyWorkload],
        ),
        (
            "- {from: [{dags: [a]}], to: [{surfaces: [logs]}]}",
            &[WithoutCertificate, ClaimedTask],
        ),
        (
            "- {from: [{proof: [claimed]}], to: [{surfaces: [logs]}]}",
            &[WithoutCertificate],
        ),
        (
            "- {from: [{proof: [\"*\"]}], to: [{surfaces: [logs]}]}",
            &[WithoutCertificate],
        ),
        (
            "- {from: [{dags: [a], proof: [pod, airflow]}], to: [{surfaces: [logs]}]}",
            &[],
        ),
        (
            "- {from: [{dags: [a], notProof: [claimed]}], to: [{surfaces: [logs]}]}",
            &[],
        ),
        (
            "- {from: [{principals: [\"*\"]}], to: [{surfaces: [logs]}]}",
            &[AnyWorkload],
        ),
        (
            "- {from: [{principals: [\"spiffe://*\"]}], to: [{surfaces: [logs]}]}",
            &[AnyWorkload],
        ),
        (
            "- {from: [{principals: [\"spiffe://cluster.local/ns/airflow*\"]}], to: [{surfaces: [logs]}]}",
            &[AnyWorkload],
        ),
        (
            "- {from: [{principals: [\"*/sa/airflow-api-server\"]}], to: [{surfaces: [logs]}]}",
            &[AnyWorkload],
        ),
        (
            "- {from: [{serviceAccounts: [\"*/airflow-api-server\"]}], to: [{surfaces: [logs]}]}",
            &[AnyWorkload],
        ),
        (
            "- {from: [{namespaces: [\"airflow*\"]}], to: [{surfaces: [logs]}]}",
            &[AnyWorkload],
        ),
        (
            "- {from: [{namespaces: [\"airflow-*\"]}], to: [{surfaces: [logs]}]}",
            &[],
        ),
        (
            "- {from: [{principals: [\"*/ns/airflow/sa/airflow-api-server\"]}], to: [{surfaces: [logs]}]}",
            &[],
        ),
        (
            "- {from: [{principals: [\"*\"], namespaces: [airflow]}], to: [{surfaces: [logs]}]}",
            &[],
        ),
        (
            "- {from: [{principals: [\"*\"]}], to: [{surfaces: [health]}]}",
            &[],
        ),
        (
            "- {from: [{principals: [\"spiffe://a/ns/airflow/sa/default\"]}], to: [{surfaces: [logs]}]}",
            &[DefaultAccount],
        ),
    ]);
}

#[test]
fn tasks() {
    let with = |from: &str| {
        format!(
            "- {{from: [{{namespaces: [airflow], {from}}}], to: [{{surfaces: [execution], actions: [\"xcom:create\"]}}]}}"
        )
    };
    for (from, expected) in [
        ("dags: [a]", &[ClaimedTask][..]),
        ("dags: [a], proof: [claimed, pod]", &[ClaimedTask]),
        ("dags: [a], proof: [pod]", &[]),
        ("tasks: [a], proof: [pod]", &[TaskWithoutDag]),
        ("tasks: [a]", &[ClaimedTask, TaskWithoutDag]),
        ("dags: [a], tasks: [b], proof: [pod]", &[]),
    ] {
        assert_codes(&[(&with(from), expected)]);
    }
    let own = "- {from: [{serviceAccounts: [airflow/airflow-worker-a], dags: [\"a_*\"], proof: [claimed]}], to: [{paths: [/v1/a]}]}";
    assert_codes(&[(own, &[])]);
    // A variable of the identity is no more than the identity gives.
    let team = "- {from: [{serviceAccounts: [\"airflow/worker-{team}\"], dags: [\"{team}_*\"]}], to: [{dags: [\"{team}_*\"]}]}";
    assert_codes(&[(team, &[])]);
}

/// A rule of an ALLOW for a caller that gives no warning.
fn allow(to: &str) -> String {
    format!("- {{from: [{{namespaces: [shop]}}], to: {to}}}")
}

#[test]
fn requests() {
    for (to, expected) in [
        ("[{paths: [\"*\"]}]", &[AnyRequest][..]),
        ("[{methods: [\"*\"], hosts: [\"*\"]}]", &[AnyRequest]),
        ("[{actions: [\"*\"]}]", &[AnyAction]),
        ("[{actions: [\"*:read\"], surfaces: [rest, ui]}]", &[]),
        ("[{actions: [\"*:delete\"]}]", &[AnyAction]),
        ("[{actions: [\"*:unclassified\"], surfaces: [rest]}]", &[]),
        ("[{notConnections: [a]}]", &[AllBut]),
        ("[{notSurfaces: [execution], notDags: [a]}]", &[AllBut]),
        ("[{surfaces: [rest], notDags: [a]}]", &[]),
        (
            "[{surfaces: [execution], actions: [\"trigger:*\"]}]",
            &[AnyTrigger],
        ),
        (
            "[{surfaces: [execution], actions: [\"trigger:create\"], triggers: [\"*\"]}]",
            &[AnyTrigger],
        ),
        (
            "[{surfaces: [execution], actions: [\"trigger:create\"], triggers: [a.B]}]",
            &[],
        ),
        ("[{hosts: [a], notPaths: [/b]}]", &[HostAlone]),
        ("[{hosts: [a], paths: [/b]}]", &[]),
        ("[{surfaces: [rest], tasks: [a]}]", &[TaskWithoutDag]),
        ("[{surfaces: [execution], xcomKeys: [a]}]", &[TaskWithoutDag]),
        ("[{surfaces: [execution], dags: [\"b_*\"], xcomKeys: [a]}]", &[]),
    ] {
        assert_codes(&[(&allow(to), expected)]);
    }
    assert_codes(&[
        ("- from: [{namespaces: [shop]}]", &[AnyRequest]),
        (
            "airflow: none\npolicies: [{name: a, action: ALLOW, rules: [{from: [{namespaces: [shop]}]}]}]",
            &[],
        ),
        (
            "airflow: none\npolicies: [{name: a, action: ALLOW, rules: [{to: [{paths: [/healthz]}]}]}]",
            &[],
        ),
        (
            "airflow: none\npolicies: [{name: a, action: ALLOW, rules: [{to: [{paths: [/v1/pay]}]}]}]",
            &[AnyCaller],
        ),
    ]);
}

#[test]
fn prefixes() {
    for (to, expected) in [
        ("[{surfaces: [rest], dags: [\"sales*\"]}]", &[OpenPrefix][..]),
        (
            "[{surfaces: [rest], dags: [\"sales_*\", \"crm.*\", \"a-*\"]}]",
            &[],
        ),
        ("[{surfaces: [rest], dags: [\"*_sales\"]}]", &[]),
        (
            "[{surfaces: [execution], variables: [\"sales2*\"]}]",
            &[OpenPrefix],
        ),
        ("[{paths: [\"/v1/pay*\"]}]", &[OpenPrefix]),
        ("[{paths: [\"/v1/pay/*\"]}]", &[]),
    ] {
        assert_codes(&[(&allow(to), expected)]);
    }
    let team = "- {from: [{serviceAccounts: [\"airflow/worker-{team}\"]}], to: [{dags: [\"{team}*\"]}]}";
    let deny = "[{name: a, action: DENY, rules: [{to: [{dags: [\"finance*\"]}]}]}]";
    assert_codes(&[(team, &[OpenPrefix]), (deny, &[NothingAllowed])]);
    let teams = |not: &str| {
        format!(
            "- {{from: [{{serviceAccounts: [airflow/airflow-worker-data]}}], to: [{{surfaces: [execution], dags: [\"data_*\"]{not}}}]}}\n\
             - {{from: [{{serviceAccounts: [airflow/airflow-worker-data-eu]}}], to: [{{surfaces: [execution], dags: [\"data_eu_*\"]}}]}}"
        )
    };
    assert_codes(&[
        (&teams(""), &[AnotherTeam]),
        (&teams(", notDags: [\"data_eu_*\"]"), &[]),
    ]);
}

#[test]
fn dashes() {
    assert_codes(&[
        (
            "[{name: a, action: DENY, rules: [{from: [{namespaces: [shop]}]}, {to: [{surfaces: [execution]}]}]}]",
            &[SplitRule, NothingAllowed],
        ),
        (
            "- from: [{namespaces: [shop]}]\n- to: [{surfaces: [health]}]",
            &[AnyRequest],
        ),
        (
            "- {from: [{namespaces: [shop]}, {proof: [pod]}], to: [{surfaces: [logs]}]}",
            &[SplitEntry],
        ),
        (
            "- {from: [{namespaces: [shop]}, {dags: [a], proof: [pod]}], to: [{surfaces: [logs]}]}",
            &[SplitEntry],
        ),
        (
            &allow("[{surfaces: [execution]}, {actions: [\"xcom:read\"]}]"),
            &[SplitEntry],
        ),
        (&allow("[{methods: [GET]}, {dags: [a]}]"), &[SplitEntry]),
        (&allow("[{dags: [a]}, {connections: [b]}]"), &[]),
        (
            &allow("[{surfaces: [rest, ui]}, {actions: [\"metrics:read\"]}]"),
            &[],
        ),
    ]);
}
