//! `ai-agents.yaml`: agents start and watch only their own DAGs, beside any policy of Airflow's own.

use dagward::authorize::Code;
use serde_json::json;

use crate::asking::{AGENT, API_SERVER, Asked, GATEWAY, LOG, RUN, SALES};
use crate::files::policy_in;
use crate::sites::{Sites, everywhere};

const AGENTS: &str = "examples/policies/ai-agents.yaml";

/// The agents' policies alone, and together with those of Airflow itself, as their comment says.
fn documents() -> [Sites; 3] {
    let beside = |file: &str| {
        let mut document = policy_in(file).unwrap();
        let agents = policy_in(AGENTS).unwrap();
        let policies = document["policies"].as_array_mut().unwrap();
        policies.extend(agents["policies"].as_array().unwrap().iter().cloned());
        Sites::of(&document)
    };
    [
        everywhere(AGENTS),
        beside("examples/policies/two-teams.yaml"),
        beside("examples/policies/components.yaml"),
    ]
}

#[test]
fn an_agent_starts_its_dag_and_looks_at_it() {
    for (request, body) in [
        (
            "POST /auth/token",
            r#"{"username": "assistant", "password": "p"}"#,
        ),
        ("GET /api/v2/dags/agents_report", ""),
        ("GET /api/v2/dags/agents_report/details", ""),
        ("GET /api/v2/dags/agents_report/tasks", ""),
        (
            "POST /api/v2/dags/agents_report/dagRuns",
            r#"{"logical_date": null}"#,
        ),
        ("GET /api/v2/dags/agents_report/dagRuns/r", ""),
        ("GET /api/v2/dags/agents_report/dagRuns/r/taskInstances", ""),
        (
            "GET /api/v2/dags/agents_report/dagRuns/r/taskInstances/t/logs/1",
            "",
        ),
        (
            "POST /api/v2/dags/~/dagRuns/list",
            r#"{"dag_ids": ["agents_report", "agents_mail"]}"#,
        ),
    ] {
        for ruleset in documents() {
            let asked = Asked {
                body,
                ..Asked::of(AGENT, request)
            };
            assert_eq!(asked.refused(&ruleset), None, "{request}");
        }
    }
}

#[test]
fn and_nothing_else() {
    let bulk = json!({"actions": [{"action": "update", "entities": [
        {"dag_id": "sales_daily", "dag_run_id": "r", "state": "success"}
    ]}]});
    for (request, body) in [
        // XComs, by their own routes and by the route that waits for a run and answers with them.
        (
            "GET /api/v2/dags/agents_report/dagRuns/r/taskInstances/t/xcomEntries/k",
            "",
        ),
        ("GET /api/v2/dags/agents_report/dagRuns/r/wait?interval=1", ""),
        // Another DAG: one, and many.
        ("POST /api/v2/dags/sales_daily/dagRuns", "{}"),
        ("GET /api/v2/dags/sales_daily", ""),
        ("GET /api/v2/dags", ""),
        ("GET /api/v2/dags/~/dagRuns", ""),
        ("POST /api/v2/dags/~/dagRuns/list", "{}"),
        (
            "POST /api/v2/dags/~/dagRuns/list",
            r#"{"dag_ids": ["agents_report", "sales_daily"]}"#,
        ),
        // Bulk requests, in which the body's DAG overrides the path's, and backfills.
        ("PATCH /api/v2/dags/agents_report/dagRuns", &bulk.to_string()),
        (
            "PATCH /api/v2/dags/agents_report/dagRuns/r/taskInstances",
            &bulk.to_string(),
        ),
        ("POST /api/v2/backfills", r#"{"dag_id": "sales_daily"}"#),
        ("POST /api/v2/backfills", r#"{"dag_id": "agents_report"}"#),
        // An asset event starts every DAG that waits for the asset.
        ("POST /api/v2/assets/events", r#"{"asset_id": 1}"#),
        ("POST /api/v2/assets/1/materialize", ""),
        // More than a start of its own DAG.
        ("PATCH /api/v2/dags/agents_report", r#"{"is_paused": true}"#),
        ("DELETE /api/v2/dags/agents_report", ""),
        (
            "PATCH /api/v2/dags/agents_report/dagRuns/r",
            r#"{"state": "success"}"#,
        ),
        ("POST /api/v2/dags/agents_report/clearTaskInstances", "{}"),
        // Requests that the user may send, but an agent may not.
        ("GET /api/v2/connections/agents_db", ""),
        ("GET /api/v2/variables/agents_key", ""),
        ("GET /ui/grid/runs/agents_report", ""),
        ("GET /ui/dags?dag_ids=agents_report", ""),
        ("POST /ui/auth/token", "{}"),
        ("GET /", ""),
        ("GET /auth/token", ""),
        (RUN, "{}"),
        ("POST /execution/dag-runs/agents_report/r", "{}"),
        (LOG, ""),
    ] {
        for ruleset in documents() {
            let asked = Asked {
                body,
                ..Asked::of(AGENT, request)
            };
            assert!(asked.refused(&ruleset).is_some(), "{request} {body}");
        }
    }
}

/// These are refused even if an ALLOW names the agents.
#[test]
fn agents_keep_off_finance() {
    let mut document = policy_in(AGENTS).unwrap();
    let policies = document["policies"].as_array_mut().unwrap();
    policies.push(json!({"name": "careless", "action": "ALLOW", "rules": [{}]}));
    let careless = Sites::of(&document);
    for (request, body) in [
        ("GET /api/v2/dags/finance_close", ""),
        ("POST /api/v2/dags/finance_close/dagRuns", "{}"),
        ("GET /ui/grid/runs/finance_close", ""),
        // It may be about a DAG of finance.
        ("GET /api/v2/dags", ""),
        ("POST /api/v2/dags/~/dagRuns/list", "{}"),
        ("POST /api/v2/backfills", r#"{"dag_id": "finance_close"}"#),
        ("POST /api/v2/assets/events", r#"{"asset_id": 1}"#),
    ] {
        let asked = Asked {
            body,
            ..Asked::of(AGENT, request)
        };
        assert_eq!(asked.refused(&careless), Some(Code::DeniedByRule), "{request}");
    }
    let others = Asked::of(SALES, "GET /api/v2/dags/finance_close");
    assert_eq!(others.refused(&careless), None);
}

#[test]
fn the_others_keep_what_they_had() {
    let [_, teams, components] = documents();
    for ruleset in [teams, components] {
        for (peer, request) in [
            (API_SERVER, LOG),
            (GATEWAY, "GET /api/v2/dags/finance_close"),
            (GATEWAY, "GET /ui/dags"),
        ] {
            assert_eq!(
                Asked::of(peer, request).refused(&ruleset),
                None,
                "{peer} {request}"
            );
        }
    }
}
