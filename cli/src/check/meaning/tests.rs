//! Mistakes that give a warning, and documents that give none. `docs/warnings.md` has one example of each code.

use super::super::code::Code::{self, *};
use super::super::code::tests::page::{checked, codes};

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
            "- {from: [{notPrincipals: [\"spiffe://a/ns/b/sa/c\"]}], to: [{surfaces: [logs]}]}",
            &[WithoutCertificate],
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

#[test]
fn combinations() {
    for (to, expected) in [
        (
            "[{surfaces: [rest], actions: [\"task_instance:run\"]}]",
            &[NeverHolds][..],
        ),
        (
            "[{surfaces: [execution], methods: [POST], actions: [\"connection:read\"]}]",
            &[NeverHolds],
        ),
        (
            "[{actions: [\"variable:read\"], connections: [a]}]",
            &[NeverHolds],
        ),
        ("[{actions: [\"connection:read\"], dags: [a]}]", &[NeverHolds]),
        ("[{actions: [\"callback:run\"], dags: [a]}]", &[NeverHolds]),
        (
            "[{actions: [\"dag:read\", \"connection:read\"], dags: [a]}]",
            &[NeverHolds],
        ),
        (
            "[{paths: [\"/api/v2/pools/*\"], actions: [\"dag:read\"]}]",
            &[NeverHolds],
        ),
        ("[{surfaces: [rest], paths: [\"/v1/payments\"]}]", &[NeverHolds]),
        (
            "[{surfaces: [rest, execution], actions: [\"dag_run:trigger\"], methods: [POST]}]",
            &[],
        ),
        ("[{surfaces: [rest], paths: [\"/api/v2/later/*\"]}]", &[]),
        ("[{methods: [HEAD], actions: [\"dag:read\"]}]", &[]),
        ("[{methods: [PATCH], actions: [\"dag:read\"]}]", &[NeverHolds]),
        (
            "[{surfaces: [other], methods: [PROPFIND], paths: [/a]}]",
            &[UnknownMethod],
        ),
        ("[{surfaces: [other], pools: [a]}]", &[NeverHolds]),
        ("[{surfaces: [health], xcomKeys: [a], dags: [b]}]", &[NeverHolds]),
    ] {
        assert_codes(&[(&allow(to), expected)]);
    }
    let deny = |to: &str| {
        format!(
            "- {{name: a, action: DENY, rules: [{{from: [{{namespaces: [shop]}}], to: {to}}}]}}\n\
             - {{name: b, action: ALLOW, rules: [{{from: [{{namespaces: [shop]}}], to: [{{surfaces: [rest]}}]}}]}}"
        )
    };
    assert_codes(&[
        (
            &deny("[{surfaces: [rest], actions: [\"task_instance:run\"]}]"),
            &[NeverHolds],
        ),
        (&deny("[{dags: [a]}]"), &[]),
        (&deny("[{actions: [\"callback:run\"], dags: [a]}]"), &[]),
    ]);
}

#[test]
fn rules_that_another_covers() {
    let two = |one: &str, other: &str| format!("- {one}\n- {other}");
    let rule = |from: &str, to: &str| format!("{{from: [{{{from}}}], to: [{{{to}}}]}}");
    let narrow = rule("namespaces: [shop]", "surfaces: [rest], dags: [a_b]");
    for (other, expected) in [
        (narrow.clone(), &[SuperfluousRule][..]),
        (
            rule("namespaces: [shop, bank]", "surfaces: [rest], dags: [\"a_*\"]"),
            &[SuperfluousRule],
        ),
        (rule("namespaces: [shop]", "surfaces: [rest]"), &[SuperfluousRule]),
        (
            rule(
                "namespaces: [shop]",
                "surfaces: [rest], dags: [\"a_*\"], notDags: [a_b]",
            ),
            &[],
        ),
        (
            rule("namespaces: [bank]", "surfaces: [rest], dags: [\"a_*\"]"),
            &[],
        ),
        (
            rule(
                "namespaces: [shop]",
                "surfaces: [rest], dags: [\"a_*\"], methods: [GET]",
            ),
            &[],
        ),
        (
            rule(
                "namespaces: [shop]",
                "surfaces: [rest], tasks: [b], dags: [\"a_*\"]",
            ),
            &[],
        ),
    ] {
        assert_codes(&[
            (&two(&narrow, &other), expected),
            (&two(&other, &narrow), expected),
        ]);
    }
    // Variables are bound by the identity: the same text can stand for another team.
    let team = |account: &str, dags: &str| {
        rule(
            &format!("serviceAccounts: [\"airflow/{account}\"]"),
            &format!("surfaces: [execution], dags: [{dags}]"),
        )
    };
    assert_codes(&[
        (
            &two(
                &team("w-{team}", "\"{team}_*\""),
                &team("w-{team}", "\"{team}_*\""),
            ),
            &[SuperfluousRule],
        ),
        (
            &two(&team("w-{team}", "\"{team}_*\""), &team("{team}", "\"{team}_*\"")),
            &[],
        ),
        (
            &two(&team("w-{team}", "\"{team}_*\""), &team("w-*", "\"a_*\"")),
            &[],
        ),
    ]);
    let policies = |deny: &str, mode: &str| {
        format!(
            "- {{name: a, action: ALLOW, rules: [{narrow}]}}\n- {{name: b, action: DENY, mode: {mode}, rules: [{deny}]}}"
        )
    };
    let wide = rule("namespaces: [shop]", "dags: [\"a_*\"]");
    assert_codes(&[
        (&policies(&wide, "enforce"), &[RefusedRule]),
        (&policies(&wide, "shadow"), &[]),
        (
            &policies(
                &rule("namespaces: [shop]", "dags: [\"a_*\"], notSurfaces: [rest]"),
                "enforce",
            ),
            &[],
        ),
    ]);
}

#[test]
fn lists() {
    for (to, expected) in [
        ("[{surfaces: [rest], dags: [a, a]}]", &[SuperfluousPattern][..]),
        ("[{surfaces: [rest], dags: [\"*\", a]}]", &[SuperfluousPattern]),
        ("[{surfaces: [rest, rest]}]", &[SuperfluousPattern]),
        (
            "[{surfaces: [rest], actions: [\"dag:*\", \"dag:read\"]}]",
            &[SuperfluousPattern],
        ),
        (
            "[{surfaces: [auth], actions: [\"auth:*\", \"auth:unclassified\"]}]",
            &[],
        ),
        ("[{surfaces: [rest], dags: [\"a_*\", \"*_a\"]}]", &[]),
    ] {
        assert_codes(&[(&allow(to), expected)]);
    }
    let api_server = "spiffe://cluster.local/ns/airflow/sa/airflow-api-server";
    assert_codes(&[(
        &format!("apiServers: [\"{api_server}\", \"{api_server}\"]"),
        &[SuperfluousPattern],
    )]);
}

#[test]
fn documents() {
    assert_codes(&[
        ("mode: shadow\npolicies: []", &[NoPolicies]),
        ("mode: observe\npolicies: []", &[]),
        ("{apiVersion: dagward/v1, policies: []}", &[NoPolicies, NoMode]),
        (
            "[{name: a, action: DENY, rules: [{from: [{principals: [\"*\"]}]}]}]",
            &[RefusesAll],
        ),
        (
            "[{name: a, action: ALLOW, mode: shadow, rules: [{from: [{namespaces: [shop]}], to: [{surfaces: [rest]}]}]}]",
            &[NothingAllowed],
        ),
        (
            "[{name: no-shop, action: ALLOW, rules: [{from: [{namespaces: [shop]}], to: [{surfaces: [rest]}]}]}]",
            &[NameAgainstAction],
        ),
        (
            "[{name: allow-shop, action: DENY, rules: [{from: [{namespaces: [shop]}]}]}]",
            &[NameAgainstAction, NothingAllowed],
        ),
        (
            "[{name: notes, action: ALLOW, rules: [{from: [{namespaces: [shop]}], to: [{surfaces: [rest]}]}]}]",
            &[],
        ),
    ]);
}

#[test]
fn identities() {
    let account = |name: &str| {
        format!("- {{from: [{{serviceAccounts: [airflow/{name}]}}], to: [{{surfaces: [logs]}}]}}")
    };
    for (name, expected) in [
        ("airflow-trigerer", &[UnknownAccount][..]),
        ("airflow-dagprocessor", &[UnknownAccount]),
        ("airflow-worker-sales", &[]),
        ("airflow-workers", &[]),
        ("etl-airflow-worker", &[]),
        ("payments", &[]),
    ] {
        assert_codes(&[(&account(name), expected)]);
    }
    assert_codes(&[
        ("stampers: [\"*\"]", &[WideStampers]),
        ("stampers: [\"spiffe://a/ns/airflow/sa/airflow-worker-*\"]", &[]),
        (
            "apiServers: [\"spiffe://cluster.local/ns/airflow/sa/airflow-worker\"]",
            &[WideApiServers],
        ),
        (
            "apiServers: [\"spiffe://cluster.local/ns/airflow/sa/airflow-*\"]",
            &[WideApiServers],
        ),
        (
            "apiServers: [\"spiffe://cluster.local/ns/airflow/sa/airflow-api-*\"]",
            &[],
        ),
        (
            "- {from: [{principals: [\"spiffe://paris.example/ns/airflow/sa/x\", \"spiffe://bank.local/ns/shop/sa/y\"]}], to: [{surfaces: [logs]}]}",
            &[],
        ),
        (
            "- {from: [{principals: [\"spiffe://one.example/ns/airflow/sa/x\", \"spiffe://mesh.local/ns/airflow/sa/y\"]}], to: [{surfaces: [logs]}]}",
            &[TrustDomains],
        ),
    ]);
}

#[test]
fn resources() {
    assert_codes(&[
        (
            "spec: {failStrategy: FAIL_RELOAD, priorty: 10}",
            &[UnknownFieldOfResource],
        ),
        (
            "spec: {match: [{mode: CLIENT_AND_SERVER, port: 80}]}",
            &[UnknownFieldOfResource],
        ),
        (
            "spec: {url: null, uri: \"oci://registry.example/dagward\"}",
            &[PlaceholderUrl, UnknownFieldOfResource],
        ),
        (
            "metadata: {name: a, namespace: istio-system}\nspec: {targetRefs: [{kind: Gateway, name: a}]}",
            &[],
        ),
        (
            "spec: {url: \"https://jo:pw@modules.example/d.wasm\"}",
            &[Secret, NoDigest],
        ),
    ]);
}
