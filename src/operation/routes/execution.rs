//! The Task Execution API, `/execution`, of Airflow 3. The header `Airflow-API-Version` changes
//! what some of its routes mean, but no place of an id.

use super::bodies::OUTLETS;
use super::reads;
use crate::operation::route::{
    Id::*, Route, SINCE_3_1, SINCE_3_2, SINCE_3_3, SINCE_3_4, V3, beside, list, on, one,
};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // A task's own routes, by its UUID. The answer to `run` names the DAG, the body of `state` the assets that
    // the task has changed, or what the triggerer is to run for it.
    on(V3,        "PATCH",  "/execution/task-instances/{task_instance_id}/run",                          &["task_instance:run"]).answer_names_dag(),
    on(V3,        "PUT",    "/execution/task-instances/{task_instance_id}/heartbeat",                    &["task_instance:heartbeat"]),
    on(V3,        "PATCH",  "/execution/task-instances/{task_instance_id}/state",                        &["task_instance:state"]).also("asset:create", OUTLETS).defers(),
    on(V3,        "PATCH",  "/execution/task-instances/{task_instance_id}/skip-downstream",              &["task_instance:update"]),
    on(V3,        "PUT",    "/execution/task-instances/{task_instance_id}/rtif",                         &["task_instance:update"]),
    on(SINCE_3_2, "PATCH",  "/execution/task-instances/{task_instance_id}/rendered-map-index",           &["task_instance:update"]),
    on(SINCE_3_4, "PATCH",  "/execution/task-instances/{task_instance_id}/dag-run-note",                 &["dag_run:update"]),
    on(V3,        "GET",    "/execution/task-instances/{task_instance_id}/previous-successful-dagrun",   &["task_instance:read"]),
    on(V3,        "GET",    "/execution/task-instances/{task_instance_id}/validate-inlets-and-outlets",  &["task_instance:read"]),
    on(V3,        "GET",    "/execution/task-reschedules/{task_instance_id}/start_date",                 &["task_instance:read"]),
    on(SINCE_3_1, "POST",   "/execution/hitlDetails/{task_instance_id}",                                 &["hitl_detail:create"]),
    on(SINCE_3_1, "PATCH",  "/execution/hitlDetails/{task_instance_id}",                                 &["hitl_detail:update"]),
    on(SINCE_3_1, "GET",    "/execution/hitlDetails/{task_instance_id}",                                 &["hitl_detail:read"]),
    on(SINCE_3_3, "GET",    "/execution/store/ti/{task_instance_id}/{key:path}",                         &["task_state:read"]),
    on(SINCE_3_3, "PUT",    "/execution/store/ti/{task_instance_id}/{key:path}",                         &["task_state:update"]),
    on(SINCE_3_3, "DELETE", "/execution/store/ti/{task_instance_id}/{key:path}",                         &["task_state:delete"]),
    on(SINCE_3_3, "DELETE", "/execution/store/ti/{task_instance_id}",                                    &["task_state:delete"]),

    // Task instances of any DAG.
    on(V3,        "GET", "/execution/task-instances/count",       &["task_instance:read"]).query(&[one("dag_id", Dag), list("run_ids", Run), list("task_ids", Task), beside("task_group_id", Task)]),
    on(V3,        "GET", "/execution/task-instances/states",      &["task_instance:read"]).query(&[one("dag_id", Dag), list("run_ids", Run), list("task_ids", Task), beside("task_group_id", Task)]),
    on(SINCE_3_2, "GET", "/execution/task-instances/breadcrumbs", &["task_instance:read"]).query(&[one("dag_id", Dag), one("run_id", Run)]).any(&[Task]),
    on(SINCE_3_2, "GET", "/execution/task-instances/previous/{dag_id}/{task_id}", &["task_instance:read"]),

    // Runs of any DAG.
    on(SINCE_3_2, "GET",  "/execution/dags/{dag_id}",                     &["dag:read"]),
    on(V3,        "GET",  "/execution/dag-runs/count",                    &["dag_run:read"]).query(&[one("dag_id", Dag), list("run_ids", Run)]),
    on(SINCE_3_2, "GET",  "/execution/dag-runs/previous",                 &["dag_run:read"]).query(&[one("dag_id", Dag)]),
    on(V3,        "GET",  "/execution/dag-runs/{dag_id}/previous",        &["dag_run:read"]).any(&[Run]),
    on(SINCE_3_2, "GET",  "/execution/dag-runs/{dag_id}/{run_id}",        &["dag_run:read"]),
    on(V3,        "POST", "/execution/dag-runs/{dag_id}/{run_id}",        &["dag_run:trigger"]).reads(reads::TASK_TRIGGERS),
    on(V3,        "POST", "/execution/dag-runs/{dag_id}/{run_id}/clear",  &["dag_run:clear"]).any(&[Task]).reads(&[]),
    on(V3,        "GET",  "/execution/dag-runs/{dag_id}/{run_id}/state",  &["dag_run:read"]),

    // XComs of any DAG.
    on(V3, "GET",    "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}/item/{offset}", &["xcom:read"]),
    on(V3, "GET",    "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}/slice",         &["xcom:read"]),
    on(V3, "HEAD",   "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}",               &["xcom:read"]),
    on(V3, "GET",    "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}",               &["xcom:read"]),
    on(V3, "POST",   "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}",               &["xcom:create"]),
    on(V3, "DELETE", "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}",               &["xcom:delete"]).reads(&[]),

    // A deadline's callback starts. No answer names its DAG, and the token that it gets is as good as a task's.
    on(SINCE_3_4, "PATCH",  "/execution/callbacks/{callback_id}/run", &["callback:run"]).any(&[Dag]),

    // Connections and variables.
    on(V3,        "GET",    "/execution/connections/{connection_id:path}", &["connection:read"]),
    on(SINCE_3_3, "GET",    "/execution/connection-tests/{connection_test_id}/connection", &["connection:test"]).any(&[Connection]),
    on(SINCE_3_3, "PATCH",  "/execution/connection-tests/{connection_test_id}",            &["connection:test"]).any(&[Connection]),
    on(SINCE_3_3, "GET",    "/execution/variables/keys",                &["variable:read"]).any(&[Variable]),
    on(V3,        "GET",    "/execution/variables/{variable_key:path}", &["variable:read"]),
    on(V3,        "PUT",    "/execution/variables/{variable_key:path}", &["variable:update"]),
    on(V3,        "DELETE", "/execution/variables/{variable_key:path}", &["variable:delete"]).reads(&[]),

    // Assets. What their events say of DAGs is in the answer.
    on(V3,        "GET",    "/execution/assets/by-name",  &["asset:read"]).query(&[one("name", Asset)]),
    on(V3,        "GET",    "/execution/assets/by-uri",   &["asset:read"]).query(&[one("uri", Asset)]),
    on(SINCE_3_3, "GET",    "/execution/assets/by-alias", &["asset:read"]).any(&[Asset]),
    on(V3,        "GET",    "/execution/asset-events/by-asset", &["asset:read"]).query(&[one("name", Asset), one("uri", Asset)]),
    on(V3,        "GET",    "/execution/asset-events/by-asset-alias", &["asset:read"]).any(&[Asset]),
    on(SINCE_3_3, "GET",    "/execution/store/asset/by-name/value", &["asset_state:read"]).query(&[one("name", Asset)]),
    on(SINCE_3_3, "PUT",    "/execution/store/asset/by-name/value", &["asset_state:update"]).query(&[one("name", Asset)]),
    on(SINCE_3_3, "DELETE", "/execution/store/asset/by-name/value", &["asset_state:delete"]).query(&[one("name", Asset)]),
    on(SINCE_3_3, "DELETE", "/execution/store/asset/by-name/clear", &["asset_state:delete"]).query(&[one("name", Asset)]),
    on(SINCE_3_3, "GET",    "/execution/store/asset/by-uri/value",  &["asset_state:read"]).query(&[one("uri", Asset)]),
    on(SINCE_3_3, "PUT",    "/execution/store/asset/by-uri/value",  &["asset_state:update"]).query(&[one("uri", Asset)]),
    on(SINCE_3_3, "DELETE", "/execution/store/asset/by-uri/value",  &["asset_state:delete"]).query(&[one("uri", Asset)]),
    on(SINCE_3_3, "DELETE", "/execution/store/asset/by-uri/clear",  &["asset_state:delete"]).query(&[one("uri", Asset)]),

    on(V3, "GET", "/execution/docs",         &["docs:read"]),
    on(V3, "GET", "/execution/docs/oauth2-redirect", &["docs:read"]),
    on(V3, "GET", "/execution/redoc",        &["docs:read"]),
    on(V3, "GET", "/execution/changelog",    &["docs:read"]),
    on(V3, "GET", "/execution/openapi.json", &["docs:read"]),
];
