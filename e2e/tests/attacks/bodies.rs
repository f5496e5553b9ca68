//! Bodies that name another DAG than the path, in all ways of JSON and HTTP.
//!
//! An agent sends them. One more rule lets the agent change runs of the agents' DAGs, so the path and the headers are
//! allowed and only the body is not. Airflow has then seen the headers, and must not have acted.

use std::time::Duration;

use anyhow::Result;
use dagward_testbed::client::Client;
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::attempt::Proof::{Changed, Contains};
use crate::attempt::{Attempt, Refusal};
use crate::outcome::{are_refused_with, succeed_without};
use crate::runner::{Names, ask};

/// The threads of a proxy get a policy one after the other.
const TAKEN: Duration = Duration::from_secs(60);

/// The access that the agents get here, beside the shipped policy.
pub(crate) fn rule() -> Value {
    json!({
        "name": "agents-change-their-own-runs",
        "action": "ALLOW",
        "rules": [{
            "from": [{"namespaces": ["ai-agents"]}],
            "to": [{
                "surfaces": ["rest"],
                "dags": ["agents_*"],
                "actions": ["dag_run:*", "task_instance:*"],
            }],
        }],
    })
}

const BULK: &str = "PATCH /api/v2/dags/agents_report/dagRuns";

const NOTE: &str = "SELECT content FROM dag_run_note JOIN dag_run ON dag_run_id = id \
                    WHERE dag_id = 'sales_forecast' AND run_id = 'victim'";

const CLEARED: &str =
    "SELECT clear_number FROM dag_run WHERE dag_id = 'sales_forecast' AND run_id = 'victim'";

const STATE: &str = "SELECT state FROM task_instance WHERE dag_id = 'sales_forecast' AND run_id = 'victim'";

const OTHERS: Refusal = Refusal::DagwardOnBody(403, "no_rule_allows");
const UNREADABLE: Refusal = Refusal::DagwardOnBody(403, "malformed_body");

fn note(note: &str) -> String {
    entity(&format!(
        r#""dag_id":"sales_forecast","dag_run_id":"victim","note":"{note}""#
    ))
}

fn entity(fields: &str) -> String {
    format!(r#"{{"actions":[{{"action":"update","entities":[{{{fields}}}]}}]}}"#)
}

/// A body in chunks of one byte.
fn chunked(body: &str) -> String {
    body.chars()
        .map(|char| format!("1\r\n{char}\r\n"))
        .collect::<String>()
        + "0\r\n\r\n"
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}

fn on_a_note(name: &'static str, body: impl Into<Vec<u8>>, refusal: Refusal) -> Attempt {
    Attempt::new(name, BULK)
        .bytes(body)
        .gives(200, Changed(NOTE))
        .refused(refusal)
}

/// Waits until the agent may send such a request about its own DAG, so that each later refusal is because of the body.
pub(crate) fn allowed(agent: &Client, names: &Names) -> Result<()> {
    let own = Attempt::new("own", BULK).bytes(
        r#"{"actions":[{"action":"update","entities":[{"dag_run_id":"agents-{run}","note":"own"}]}]}"#,
    );
    wait::until("the rule on the agent's own DAG", TAKEN, || {
        Ok((ask(agent, &own, names)?.status == Some(200)).then_some(()))
    })
}

/// All attempts with a body.
pub(crate) fn attempts() -> Vec<Attempt> {
    let victim = json!({"dag_id": "sales_forecast", "dag_run_id": "victim"});
    let clear = json!({"dry_run": false, "dag_runs": [victim]});
    vec![
        on_a_note("a bulk update", note("bulk"), OTHERS),
        Attempt::new(
            "a bulk update of tasks",
            "PATCH /api/v2/dags/agents_report/dagRuns/r/taskInstances",
        )
        .json(json!({"actions": [{"action": "update", "entities": [{
            "dag_id": "sales_forecast", "dag_run_id": "victim", "task_id": "forecast", "new_state": "failed",
        }]}]}))
        .gives(200, Changed(STATE))
        .refused(OTHERS),
        Attempt::new("clearing by `~`", "POST /api/v2/dags/~/clearDagRuns")
            .json(clear.clone())
            .gives(200, Changed(CLEARED))
            .refused(OTHERS),
        // Airflow requires the path's DAG in the body.
        Attempt::new(
            "clearing by another DAG's path",
            "POST /api/v2/dags/agents_report/clearDagRuns",
        )
        .json(clear)
        .cannot(400)
        .refused(OTHERS),
        Attempt::new("listing with a second DAG", "POST /api/v2/dags/~/dagRuns/list")
            .json(json!({"dag_ids": ["agents_report", "sales_daily"]}))
            .gives(200, Contains("sales_daily"))
            .refused(OTHERS),
        Attempt::new("listing with no DAG", "POST /api/v2/dags/~/dagRuns/list")
            .json(json!({}))
            .gives(200, Contains("sales_daily"))
            .refused(Refusal::DagwardOnBody(403, "denied_by_rule")),
        // Airflow uses the last one.
        on_a_note(
            "a key twice",
            entity(
                r#""dag_id":"agents_report","dag_id":"sales_forecast","dag_run_id":"victim","note":"twice""#,
            ),
            UNREADABLE,
        ),
        on_a_note(
            "an escaped key",
            entity(r#""dag_\u0069d":"sales_forecast","dag_run_id":"victim","note":"escaped""#),
            OTHERS,
        ),
        on_a_note("UTF-16", utf16(&note("utf-16")), UNREADABLE),
        on_a_note(
            "more than is read",
            " ".repeat(70_000) + &note("long"),
            UNREADABLE,
        ),
        // Python's parser has a limit too.
        Attempt::new("a deep body", BULK)
            .bytes("[".repeat(60_000))
            .cannot(400)
            .refused(UNREADABLE),
        on_a_note("chunks of a byte", chunked(&note("chunked")), OTHERS).header("transfer-encoding: chunked"),
        on_a_note("a body that waits for a word", note("expected"), OTHERS).header("expect: 100-continue"),
        // Airflow decompresses nothing, and reads only plain text.
        Attempt::new("a body that is said to be packed", BULK)
            .bytes(note("packed"))
            .header("content-encoding: gzip")
            .gives(200, Changed(NOTE))
            .refused(OTHERS),
    ]
}

/// From inside a task of team ml: a body that is itself a request, sent although the first request is refused at its
/// headers.
pub(crate) fn after_a_refusal() -> Vec<Attempt> {
    let second = "GET /execution/health/ping HTTP/1.1\r\nhost: airflow-api-server:8080\r\n\r\n";
    vec![
        // Airflow reads it as the body.
        Attempt::new(
            "a body after the refusal",
            "POST /execution/dag-runs/sales_forecast/late",
        )
        .bytes(second)
        .and_then()
        .cannot(422),
    ]
}

#[test]
fn airflow_alone_does_what_the_body_says() {
    succeed_without(&attempts());
    succeed_without(&after_a_refusal());
}

#[test]
fn a_body_names_no_other_dag_than_the_caller_s() {
    are_refused_with(&attempts());
}

#[test]
fn nothing_is_answered_after_a_refusal() {
    are_refused_with(&after_a_refusal());
}
