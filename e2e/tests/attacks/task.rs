//! From inside a task of team ml: requests for team sales' data with the task's own token, with a stolen one, and with
//! a stolen one after its task has ended.

use serde_json::json;

use crate::attempt::Proof::{Changed, Contains};
use crate::attempt::{ANOTHERS_TOKEN, Attempt, Refusal};
use crate::outcome::{are_refused_with, succeed_without};

/// With the task's own token.
pub(crate) fn own() -> Vec<Attempt> {
    vec![
        Attempt::new("reads a connection", "GET /execution/connections/sales_db")
            .gives(200, Contains("opensesame")),
        Attempt::new("reads a variable", "GET /execution/variables/sales_key")
            .gives(200, Contains("goldfish")),
        Attempt::new(
            "lists the variables of others",
            "GET /execution/variables/keys?prefix=sales_",
        )
        .gives(200, Contains("sales_key")),
        Attempt::new("writes a variable", "PUT /execution/variables/sales_draft_{run}")
            .json(json!({"val": "owned"}))
            .gives(
                201,
                Changed("SELECT val FROM variable WHERE key = 'sales_draft_{run}'"),
            ),
        Attempt::new(
            "deletes a variable",
            "DELETE /execution/variables/sales_old_{run}",
        )
        .gives(
            204,
            Changed("SELECT val FROM variable WHERE key = 'sales_old_{run}'"),
        ),
        Attempt::new("reads an XCom", &format!("GET {XCOM}")).gives(200, Contains("return_value")),
        Attempt::new(
            "writes an XCom into another's run",
            "POST /execution/xcoms/sales_daily/victim/extract/planted_{run}",
        )
        .json(json!("x"))
        .gives(
            201,
            Changed("SELECT count(*) FROM xcom WHERE key = 'planted_{run}'"),
        ),
        Attempt::new(
            "deletes an XCom",
            "DELETE /execution/xcoms/sales_leaky/ended-{run}/leak/return_value",
        )
        .gives(
            200,
            Changed("SELECT count(*) FROM xcom WHERE run_id = 'ended-{run}' AND key = 'return_value'"),
        ),
        Attempt::new(
            "starts another's DAG",
            "POST /execution/dag-runs/sales_forecast/forged-{run}",
        )
        .json(json!({}))
        .gives(
            204,
            Changed("SELECT count(*) FROM dag_run WHERE run_id = 'forged-{run}'"),
        ),
        Attempt::new(
            "clears another's run",
            "POST /execution/dag-runs/sales_forecast/cleared-{run}/clear",
        )
        .gives(
            204,
            Changed("SELECT clear_number FROM dag_run WHERE run_id = 'cleared-{run}'"),
        ),
        Attempt::new(
            "looks at another's tasks",
            "GET /execution/task-instances/states?dag_id=sales_daily",
        )
        .gives(200, Contains("victim")),
        // The lab's Airflow requires no login of a user, as in many clusters. Where it does, a task can get a user's
        // token from `/auth/token` or from a connection.
        Attempt::without_token("pauses another's DAG", "PATCH /api/v2/dags/sales_daily")
            .json(json!({"is_paused": true}))
            .gives(
                200,
                Changed("SELECT is_paused FROM dag WHERE dag_id = 'sales_daily'"),
            ),
        Attempt::without_token(
            "reads a connection by the REST API",
            "GET /api/v2/connections/sales_db",
        )
        .gives(200, Contains("orders.sales")),
        Attempt::without_token("takes a user's token", "GET /auth/token")
            .gives(201, Contains("access_token")),
        Attempt::without_token("looks at DAGs as the web interface does", "GET /ui/dags")
            .gives(200, Contains("dag_display_name")),
        // Airflow verifies the signature.
        Attempt::without_token(
            "forges the subject of a token",
            "GET /execution/variables/sales_key",
        )
        .header("authorization: Bearer {forged}")
        .cannot(403)
        .refused(ANOTHERS_TOKEN),
        // The chart mounts the key that signs tokens into workers. Without the key this fails as above.
        Attempt::without_token(
            "signs a token for another's task",
            "GET /execution/variables/sales_key",
        )
        .signs_for("{stolen}", "execution")
        .gives(200, Contains("goldfish"))
        .refused(ANOTHERS_TOKEN),
    ]
}

/// The XCom of a sales run that exists in both phases.
pub(crate) const XCOM: &str = "/execution/xcoms/sales_daily/victim/extract/return_value";

/// With the task's own token, in its report that it has ended.
pub(crate) fn ending() -> Vec<Attempt> {
    vec![
        // A DAG of sales waits for this asset.
        Attempt::new(
            "starts another's DAG by an asset",
            "PATCH /execution/task-instances/{subject}/state",
        )
        .json(json!({
            "state": "success", "end_date": "2026-11-24T00:00:00Z", "outlet_events": [],
            "task_outlets": [{"name": "sales_figures", "uri": "sales_figures", "type": "Asset"}],
        }))
        .gives(204, Changed("SELECT count(*) FROM asset_event"))
        .refused(Refusal::DagwardOnBody(403, "no_rule_allows")),
    ]
}

/// With the token of a running task of sales.
pub(crate) fn stolen() -> Vec<Attempt> {
    let attempts = vec![
        Attempt::new("reads with a stolen token", "GET /execution/variables/sales_key")
            .gives(200, Contains("goldfish")),
        Attempt::new(
            "writes another's rendered fields",
            "PUT /execution/task-instances/{subject}/rtif",
        )
        .json(json!({"planted": "x"}))
        .gives(
            201,
            Changed(
                "SELECT count(*) FROM rendered_task_instance_fields \
                 WHERE dag_id = 'sales_leaky' AND run_id = 'stolen-{run}' AND rendered_fields::text LIKE '%planted%'",
            ),
        ),
        Attempt::new(
            "ends another's task",
            "PATCH /execution/task-instances/{subject}/state",
        )
        .json(json!({"state": "failed", "end_date": "2026-11-24T00:00:00Z"}))
        .gives(
            204,
            Changed("SELECT state FROM task_instance WHERE dag_id = 'sales_leaky' AND run_id = 'stolen-{run}'"),
        ),
    ];
    with_refusal(attempts, ANOTHERS_TOKEN)
}

/// With the token of a task of sales that has ended.
pub(crate) fn replayed() -> Vec<Attempt> {
    let attempts = vec![
        Attempt::new("reads after the end", "GET /execution/variables/sales_key").gives(200, Contains("goldfish")),
        Attempt::new(
            "writes an XCom after the end",
            "POST /execution/xcoms/sales_leaky/ended-{run}/leak/late",
        )
        .json(json!("x"))
        .gives(
            201,
            Changed("SELECT count(*) FROM xcom WHERE run_id = 'ended-{run}' AND key = 'late'"),
        ),
        // Airflow does not start a task that has ended.
        Attempt::new(
            "runs an ended task again",
            "PATCH /execution/task-instances/{subject}/run",
        )
        .json(json!({
            "state": "running", "hostname": "h", "unixname": "u", "pid": 1, "start_date": "2026-11-24T00:00:00Z",
        }))
        .cannot(409),
    ];
    with_refusal(attempts, ANOTHERS_TOKEN)
}

fn with_refusal(attempts: Vec<Attempt>, refusal: Refusal) -> Vec<Attempt> {
    attempts
        .into_iter()
        .map(|attempt| attempt.refused(refusal))
        .collect()
}

#[test]
fn airflow_alone_gives_a_task_what_is_another_team_s() {
    succeed_without(&own());
    succeed_without(&ending());
}

#[test]
fn a_task_gets_nothing_of_another_team() {
    are_refused_with(&own());
    are_refused_with(&ending());
}

#[test]
fn airflow_alone_takes_a_stolen_token_from_anywhere() {
    succeed_without(&stolen());
    succeed_without(&replayed());
}

#[test]
fn a_stolen_token_is_good_for_nothing_elsewhere() {
    are_refused_with(&stolen());
    are_refused_with(&replayed());
}
