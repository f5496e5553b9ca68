//! An AI agent with a valid token of an Airflow user who has all permissions: it may start only the agents' DAGs.

use anyhow::{Result, bail};
use dagward_testbed::airflow::Rest;
use dagward_testbed::client::Client;
use serde_json::json;

use crate::attempt::Proof::{Changed, Contains};
use crate::attempt::{Attempt, DENIED};
use crate::outcome::{are_refused_with, succeed_without};
use crate::runner::{Names, ask};
use crate::story::STORY;

const RUNS: &str = "SELECT dag_id, count(*) FROM dag_run \
                    WHERE dag_id IN ('sales_forecast', 'finance_close') GROUP BY dag_id ORDER BY dag_id";

const PAUSED: &str = "SELECT dag_id, is_paused FROM dag ORDER BY dag_id";

/// The reported asset events.
const EVENTS: &str = "SELECT count(*) FROM asset_event";

/// The requests that an attacker may talk an agent into.
pub(crate) fn attempts() -> Vec<Attempt> {
    let trigger = json!({"logical_date": null});
    let days = |dag: &str| {
        json!({
            "dag_id": dag, "from_date": "2026-01-01T00:00:00Z", "to_date": "2026-01-02T00:00:00Z",
        })
    };
    vec![
        Attempt::new(
            "an agent starts a DAG of sales",
            "POST /api/v2/dags/sales_forecast/dagRuns",
        )
        .json(trigger.clone())
        .gives(200, Changed(RUNS)),
        Attempt::new(
            "an agent starts a DAG of finance",
            "POST /api/v2/dags/finance_close/dagRuns",
        )
        .json(trigger)
        .gives(200, Changed(RUNS))
        .refused(DENIED),
        Attempt::new("an agent backfills finance", "POST /api/v2/backfills")
            .json(days("finance_close"))
            .gives(200, Changed("SELECT count(*) FROM backfill")),
        // Airflow backfills only DAGs with a timetable.
        Attempt::new("an agent backfills sales", "POST /api/v2/backfills")
            .json(days("sales_daily"))
            .cannot(422),
        Attempt::new("an agent reports an asset's event", "POST /api/v2/assets/events")
            .bytes(r#"{"asset_id":{asset}}"#)
            .gives(200, Changed(EVENTS))
            .refused(DENIED),
        // Airflow materializes only an asset that exactly one DAG produces, and these DAGs only wait for it.
        Attempt::new(
            "an agent materializes an asset",
            "POST /api/v2/assets/{asset}/materialize",
        )
        .json(json!({}))
        .cannot(404)
        .refused(DENIED),
        Attempt::new(
            "an agent pauses all DAGs",
            "PATCH /api/v2/dags?dag_id_pattern=agents%25",
        )
        .json(json!({"is_paused": true}))
        .gives(200, Changed(PAUSED))
        .refused(DENIED),
        // One of the agents' own DAGs, but agents may only start it.
        Attempt::new(
            "an agent unpauses its own DAG",
            "PATCH /api/v2/dags/agents_report",
        )
        .json(json!({"is_paused": false}))
        .gives(200, Changed(PAUSED)),
        Attempt::new("an agent lists all runs", "GET /api/v2/dags/~/dagRuns")
            .gives(200, Contains("sales_daily"))
            .refused(DENIED),
        Attempt::new("an agent looks at DAGs as the web interface does", "GET /ui/dags")
            .gives(200, Contains("sales_daily"))
            .refused(DENIED),
        Attempt::new(
            "an agent looks at a grid of the web interface",
            "GET /ui/grid/runs/sales_daily",
        )
        .gives(200, Contains("victim")),
        // Airflow does not accept a user's token on the routes for tasks.
        Attempt::new(
            "an agent starts its DAG as a task would",
            "POST /execution/dag-runs/agents_report/forged",
        )
        .json(json!({}))
        .cannot(403),
    ]
}

/// The agent's allowed work: it starts a run and follows it. Returns the state in which the run ended.
pub(crate) fn run(agent: &Client, names: &Names, rest: &Rest) -> Result<String> {
    let runs = "/api/v2/dags/agents_report/dagRuns";
    let start = Attempt::new("start", &format!("POST {runs}"))
        .bytes(r#"{"logical_date":null,"dag_run_id":"agents-{run}"}"#);
    let mut allowed = vec![start];
    for path in ["/agents-{run}", "/agents-{run}/taskInstances"] {
        allowed.push(Attempt::new("look", &format!("GET {runs}{path}")));
    }
    for attempt in allowed {
        let outcome = ask(agent, &attempt, names)?;
        if outcome.status != Some(200) {
            bail!("an agent may not {}: {outcome:?}", attempt.name);
        }
    }
    let [(_, phase), ..] = names.as_slice() else {
        bail!("no phase");
    };
    rest.finished("agents_report", &format!("agents-{phase}"))
}

#[test]
fn airflow_alone_lets_an_agent_do_all_that_its_user_may() {
    succeed_without(&attempts());
}

#[test]
fn an_agent_starts_nothing_that_is_not_the_agents() {
    are_refused_with(&attempts());
}

#[test]
fn an_agent_starts_the_agents_dag_and_sees_it_end() {
    for phase in [&STORY.open, &STORY.guarded] {
        assert_eq!(phase.agents_run, "success");
    }
}
