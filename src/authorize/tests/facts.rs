//! Facts about a token, and the callers that may own it.

use super::*;

#[test]
fn a_token_without_a_known_owner_needs_a_sidecar_s_word() {
    let unknown = |decision, code| came(decision, code, None);
    for (mode, expected) in [
        ("enforce", unknown(Decision::Deny, Code::TokenOwnerUnknown)),
        (
            "shadow",
            Came {
                shadow: Some((String::new(), Code::TokenOwnerUnknown)),
                ..unknown(Decision::Allow, Code::ShadowDenied)
            },
        ),
        ("observe", unknown(Decision::Allow, Code::Observed)),
    ] {
        let scene = Scene {
            ruleset: with_api_servers(mode),
            credential: Credential::Task(TaskInstanceId::parse(TASK).unwrap()),
            learned: Some(Learned::default()),
            ..Scene::new(mode)
        };
        assert_eq!(scene.authorize(), expected, "{mode}");
        let vouched = Scene {
            headers: vec![
                ("x-airflow-dag-id", "ml_train"),
                ("x-airflow-ti-id", TASK),
                ("x-airflow-proof", "airflow"),
            ],
            ..scene
        };
        let code = vouched.authorize().code;
        assert!(matches!(code, Code::Allowed | Code::Observed), "{mode}: {code}");
        // The same headers from a peer whose proof is not trusted.
        let stranger = Scene {
            peer: Principal::parse("spiffe://td/ns/other/sa/worker-ml").ok(),
            ..vouched
        };
        let edits = vec!["-x-airflow-proof".to_owned()];
        assert_eq!(stranger.authorize(), Came { edits, ..expected }, "{mode}");
    }
}

#[test]
fn a_caller_owns_the_token_with_which_it_starts_a_task() {
    let starts = |mode: &str, ruleset: &str| Scene {
        ruleset: policy::load(ruleset.replace("MODE", mode).as_bytes()).unwrap(),
        method: "PATCH",
        target: RUN,
        credential: Credential::Task(TaskInstanceId::parse(TASK).unwrap()),
        ..Scene::new(mode)
    };
    let allows = POLICY.replace("\"xcom:*\"", "\"xcom:*\",\"task_instance:run\"");
    for (mode, enforced) in [
        ("enforce", Some(true)),
        ("shadow", Some(false)),
        ("observe", None),
    ] {
        let ownership = enforced.map(|enforced| Ownership { enforced });
        assert_eq!(starts(mode, &allows).authorize().ownership, ownership, "{mode}");
        // A request that passes only because the policy is not enforced binds no token.
        assert_eq!(starts(mode, POLICY).authorize().ownership, None, "{mode}");
        // Other requests start no task.
        let xcom = Scene {
            method: "GET",
            target: XCOM,
            ..starts(mode, &allows)
        };
        assert_eq!(xcom.authorize().ownership, None, "{mode}");
    }
}

#[test]
fn facts_about_a_token_count_only_where_airflow_verifies_it() {
    let of_finance = Learned {
        run: Some(Run {
            dag_id: "finance_daily".to_owned(),
            run_id: "r".to_owned(),
        }),
        ..Learned::default()
    };
    let acting = |target: &'static str| {
        let scene = Scene {
            target,
            headers: Vec::new(),
            credential: Credential::Task(TaskInstanceId::parse(TASK).unwrap()),
            learned: Some(of_finance.clone()),
            ..Scene::new("enforce")
        };
        scene.acting()
    };
    assert_eq!(acting(XCOM).as_deref(), Some("finance_daily"));
    for elsewhere in [
        "/api/v2/dags/ml_train",
        "/claims",
        "/execution/health",
        "/execution/docs",
        "/execution/a/new/route",
        "/ui/dags",
    ] {
        assert_eq!(acting(elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn a_token_is_taken_off_where_airflow_needs_none() {
    let edits = |mode: &str, target: &'static str| {
        let scene = Scene {
            target,
            headers: vec![("authorization", "Bearer a.b.c")],
            ..Scene::new(mode)
        };
        scene.authorize().edits
    };
    for target in ["/execution/health", "/execution/health/ping", "/execution/docs"] {
        assert_eq!(edits("enforce", target), ["-authorization"], "{target}");
        assert_eq!(edits("shadow", target), [""; 0], "{target}");
    }
    for target in [
        XCOM,
        "/execution/a/new/route",
        "/health",
        "/api/v2/monitor/health",
    ] {
        assert_eq!(edits("enforce", target), [""; 0], "{target}");
    }
}

/// Before `run`, the caller's identity and its pod's task count. The application's own word about its task
/// must not exempt the task from a DENY on its DAG, nor give it an ALLOW.
#[test]
fn a_claim_names_no_task_for_a_connection_that_is_read_with_a_token_without_owner() {
    let document = |servers: &str| {
        format!(
            r#"{{{servers}"apiVersion":"dagward/v1","policies":[
            {{"name":"d","action":"DENY","rules":[{{"from":[{{"dags":["untrusted_*"]}}],"to":[{{"connections":["prod"]}}]}}]}},
            {{"name":"a","action":"ALLOW","rules":[
              {{"from":[{{"namespaces":["airflow"]}}],"to":[{{"connections":["prod"],"actions":["connection:read"]}}]}}]}}]}}"#
        )
    };
    let servers = r#""apiServers":["spiffe://td/ns/airflow/sa/api-server"],"#;
    for (headers, code) in [
        (vec![], Code::DeniedByRule),
        (vec![("x-airflow-dag-id", "trusted")], Code::DeniedByRule),
        (
            vec![("x-airflow-dag-id", "trusted"), ("x-airflow-proof", "claimed")],
            Code::DeniedByRule,
        ),
        (
            vec![("x-airflow-dag-id", "trusted"), ("x-airflow-proof", "pod")],
            Code::Allowed,
        ),
    ] {
        let scene = Scene {
            ruleset: policy::load(document(servers).as_bytes()).unwrap(),
            target: "/execution/connections/prod",
            credential: Credential::Task(TaskInstanceId::parse(TASK).unwrap()),
            headers: headers.clone(),
            ..Scene::new("enforce")
        };
        assert_eq!(scene.authorize().code, code, "{headers:?}");
    }
}

/// Only the annotations of a callback's pod name its DAG; a header of its own code does not.
#[test]
fn a_claim_names_no_dag_for_a_callback() {
    let document = r#"{"apiVersion":"dagward/v1","policies":[
        {"name":"d","action":"DENY","rules":[{"from":[{"dags":["untrusted_*"]}],"to":[{"variables":["prod"]}]}]},
        {"name":"a","action":"ALLOW","rules":[{"from":[{"namespaces":["airflow"]}],"to":[{"variables":["prod"]}]}]}]}"#;
    for (headers, code) in [
        (vec![], Code::DeniedByRule),
        (vec![("x-airflow-dag-id", "trusted")], Code::DeniedByRule),
        (
            vec![("x-airflow-dag-id", "trusted"), ("x-airflow-proof", "pod")],
            Code::Allowed,
        ),
    ] {
        let scene = Scene {
            ruleset: policy::load(document.as_bytes()).unwrap(),
            target: "/execution/variables/prod",
            credential: Credential::Task(TaskInstanceId::parse(TASK).unwrap()),
            learned: Some(Learned {
                callback: true,
                ..Learned::default()
            }),
            headers: headers.clone(),
            ..Scene::new("enforce")
        };
        assert_eq!(scene.authorize().code, code, "{headers:?}");
    }
}
