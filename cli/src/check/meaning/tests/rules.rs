use super::*;

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

#[test]
fn callers_that_do_not_exist() {
    let rule = |from: &str| format!("- {{from: [{{{from}}}], to: [{{surfaces: [logs]}}]}}");
    for (from, expected) in [
        (
            "principals: [\"spiffe://a/ns/shop/sa/x\"], namespaces: [bank]",
            &[NeverHolds][..],
        ),
        (
            "principals: [\"spiffe://a/ns/shop/sa/x\"], serviceAccounts: [shop/y]",
            &[NeverHolds],
        ),
        ("serviceAccounts: [shop/x], namespaces: [bank]", &[NeverHolds]),
        ("serviceAccounts: [shop/x, bank/y], namespaces: [bank]", &[]),
        (
            "principals: [\"spiffe://a/ns/shop/sa/x\"], serviceAccounts: [shop/x], namespaces: [shop]",
            &[],
        ),
        (
            "principals: [\"spiffe://a/ns/{team}/sa/x\"], namespaces: [\"{team}\"]",
            &[],
        ),
    ] {
        assert_codes(&[(&rule(from), expected)]);
    }
}

#[test]
fn proofs_of_other_namespaces() {
    let plugin = |namespace: &str, more: &str| {
        format!(
            "metadata: {{name: dagward, namespace: {namespace}}}\n\
             spec: {{pluginConfig: {{apiVersion: dagward/v1, mode: enforce, airflow: none{more}, policies: [{{name: a, action: ALLOW, \
             rules: [{{from: [{{serviceAccounts: [airflow/airflow-worker], dags: [a], proof: [pod]}}], to: [{{paths: [/v1/a]}}]}}]}}]}}}}"
        )
    };
    let stampers = |account: &str| format!(", stampers: [\"spiffe://a/ns/airflow/sa/{account}\"]");
    assert_codes(&[
        (&plugin("billing", ""), &[UnheardProof]),
        (&plugin("airflow", ""), &[]),
        (&plugin("billing", &stampers("airflow-worker")), &[]),
        (&plugin("billing", &stampers("airflow-worker-*")), &[UnheardProof]),
    ]);
}

#[test]
fn gateways_keys_and_hosts() {
    let issuer = |uri: &str| {
        format!(
            "tokens: [{{name: a, kind: oidc, issuer: \"https://a.example\", audiences: [a], jwksUri: \"{uri}\", cluster: c, \
             locations: [{{header: x-a}}], required: true}}]"
        )
    };
    assert_codes(&[
        (
            "- {from: [{serviceAccounts: [istio-system/istio-ingressgateway]}], to: [{surfaces: [logs]}]}",
            &[GatewayToTasks],
        ),
        (
            "- {from: [{namespaces: [istio-system]}], to: [{surfaces: [rest, ui, auth, health, pages]}]}",
            &[],
        ),
        (&issuer("http://a.example/keys"), &[PlainKeys]),
        (&issuer("https://a.example/keys"), &[]),
        (&issuer("http://127.0.0.1:15099/keys"), &[]),
        (&issuer("http://keys.shop.svc.cluster.local/keys"), &[]),
        (
            "meshHosts: [\"*.svc.cluster.local\", \"*.mesh\", api.example.com]",
            &[],
        ),
        ("meshHosts: [\"*.io\"]", &[WideMeshHosts]),
    ]);
}

#[test]
fn no_warning_shows_a_secret() {
    for url in [
        "https://jo:hunter2@modules.example/d.wasm",
        "https://jo:hunter2@registry.example.com/d.wasm",
    ] {
        let checked = checked(&format!("spec: {{url: \"{url}\"}}"));
        assert!(checked.problems.len() > 1, "{url}");
        for problem in &checked.problems {
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
        assert!(!checked.secrets.is_empty());
    }
}
