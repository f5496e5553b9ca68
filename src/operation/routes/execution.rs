//! The Task Execution API of Airflow 3, `/execution`. The header `Airflow-API-Version` changes the meaning of
//! some of its routes, but not the place of any id.

use super::bodies::OUTLETS;
use super::reads;
use crate::operation::Action::*;
use crate::operation::route::{
    Id::*, Param, Route, SINCE_3_1, SINCE_3_2, SINCE_3_3, SINCE_3_4, V3, beside, list, on, one,
};

/// The parameter with which Airflow also takes an XCom of an earlier run.
const PRIOR_RUNS: &[Param] = &[beside("include_prior_dates", Run)];

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // A task's own routes, by its UUID. The answer to `run` names the DAG. The body of `state` names the
    // assets that the task has changed, or what the triggerer is to run for it.
    on(V3,        "PATCH",  "/execution/task-instances/{task_instance_id}/run",                          &[TaskInstanceRun]).answer_names_dag(),
    on(V3,        "PUT",    "/execution/task-instances/{task_instance_id}/heartbeat",                    &[TaskInstanceHeartbeat]),
    on(V3,        "PATCH",  "/execution/task-instances/{task_instance_id}/state",                        &[TaskInstanceState]).also(AssetCreate, OUTLETS).defers(),
    on(V3,        "PATCH",  "/execution/task-instances/{task_instance_id}/skip-downstream",              &[TaskInstanceUpdate]),
    on(V3,        "PUT",    "/execution/task-instances/{task_instance_id}/rtif",                         &[TaskInstanceUpdate]),
    on(SINCE_3_2, "PATCH",  "/execution/task-instances/{task_instance_id}/rendered-map-index",           &[TaskInstanceUpdate]),
    on(SINCE_3_4, "PATCH",  "/execution/task-instances/{task_instance_id}/dag-run-note",                 &[DagRunUpdate]),
    on(V3,        "GET",    "/execution/task-instances/{task_instance_id}/previous-successful-dagrun",   &[TaskInstanceRead]),
    on(V3,        "GET",    "/execution/task-instances/{task_instance_id}/validate-inlets-and-outlets",  &[TaskInstanceRead]),
    on(V3,        "GET",    "/execution/task-reschedules/{task_instance_id}/start_date",                 &[TaskInstanceRead]),
    on(SINCE_3_1, "POST",   "/execution/hitlDetails/{task_instance_id}",                                 &[HitlDetailCreate]),
    on(SINCE_3_1, "PATCH",  "/execution/hitlDetails/{task_instance_id}",                                 &[HitlDetailUpdate]),
    on(SINCE_3_1, "GET",    "/execution/hitlDetails/{task_instance_id}",                                 &[HitlDetailRead]),
    on(SINCE_3_3, "GET",    "/execution/store/ti/{task_instance_id}/{key:path}",                         &[TaskStateRead]),
    on(SINCE_3_3, "PUT",    "/execution/store/ti/{task_instance_id}/{key:path}",                         &[TaskStateUpdate]),
    on(SINCE_3_3, "DELETE", "/execution/store/ti/{task_instance_id}/{key:path}",                         &[TaskStateDelete]),
    on(SINCE_3_3, "DELETE", "/execution/store/ti/{task_instance_id}",                                    &[TaskStateDelete]),

    // Task instances of any DAG.
    on(V3,        "GET", "/execution/task-instances/count",       &[TaskInstanceRead]).query(&[one("dag_id", Dag), list("run_ids", Run), list("task_ids", Task), beside("task_group_id", Task)]),
    on(V3,        "GET", "/execution/task-instances/states",      &[TaskInstanceRead]).query(&[one("dag_id", Dag), list("run_ids", Run), list("task_ids", Task), beside("task_group_id", Task)]),
    on(SINCE_3_2, "GET", "/execution/task-instances/breadcrumbs", &[TaskInstanceRead]).query(&[one("dag_id", Dag), one("run_id", Run)]).any(&[Task]),
    on(SINCE_3_2, "GET", "/execution/task-instances/previous/{dag_id}/{task_id}", &[TaskInstanceRead]),

    // Runs of any DAG.
    on(SINCE_3_2, "GET",  "/execution/dags/{dag_id}",                     &[DagRead]),
    on(V3,        "GET",  "/execution/dag-runs/count",                    &[DagRunRead]).query(&[one("dag_id", Dag), list("run_ids", Run)]),
    on(SINCE_3_2, "GET",  "/execution/dag-runs/previous",                 &[DagRunRead]).query(&[one("dag_id", Dag)]),
    on(V3,        "GET",  "/execution/dag-runs/{dag_id}/previous",        &[DagRunRead]).any(&[Run]),
    on(SINCE_3_2, "GET",  "/execution/dag-runs/{dag_id}/{run_id}",        &[DagRunRead]),
    on(V3,        "POST", "/execution/dag-runs/{dag_id}/{run_id}",        &[DagRunTrigger]).reads(reads::TASK_TRIGGERS),
    on(V3,        "POST", "/execution/dag-runs/{dag_id}/{run_id}/clear",  &[DagRunClear]).any(&[Task]).reads(&[]),
    on(V3,        "GET",  "/execution/dag-runs/{dag_id}/{run_id}/state",  &[DagRunRead]),

    // XComs of any DAG. With `include_prior_dates` the answer can come from an earlier run.
    on(V3, "GET",    "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}/item/{offset}", &[XcomRead]),
    on(V3, "GET",    "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}/slice",         &[XcomRead]).query(PRIOR_RUNS),
    on(V3, "HEAD",   "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}",               &[XcomRead]),
    on(V3, "GET",    "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}",               &[XcomRead]).query(PRIOR_RUNS),
    on(V3, "POST",   "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}",               &[XcomCreate]),
    on(V3, "DELETE", "/execution/xcoms/{dag_id}/{run_id}/{task_id}/{xcom_key:path}",               &[XcomDelete]).reads(&[]),

    // Starts a deadline's callback. No answer names its DAG, and the callback's token has the rights of a
    // task's token.
    on(SINCE_3_4, "PATCH",  "/execution/callbacks/{callback_id}/run", &[CallbackRun]).any(&[Dag]),

    // Connections and variables.
    on(V3,        "GET",    "/execution/connections/{connection_id:path}", &[ConnectionRead]),
    on(SINCE_3_3, "GET",    "/execution/connection-tests/{connection_test_id}/connection", &[ConnectionTest]).any(&[Connection]),
    on(SINCE_3_3, "PATCH",  "/execution/connection-tests/{connection_test_id}",            &[ConnectionTest]).any(&[Connection]),
    on(SINCE_3_3, "GET",    "/execution/variables/keys",                &[VariableRead]).any(&[Variable]),
    on(V3,        "GET",    "/execution/variables/{variable_key:path}", &[VariableRead]),
    on(V3,        "PUT",    "/execution/variables/{variable_key:path}", &[VariableUpdate]),
    on(V3,        "DELETE", "/execution/variables/{variable_key:path}", &[VariableDelete]).reads(&[]),

    // Assets. The answer shows which DAGs their events are about.
    on(V3,        "GET",    "/execution/assets/by-name",  &[AssetRead]).query(&[one("name", Asset)]),
    on(V3,        "GET",    "/execution/assets/by-uri",   &[AssetRead]).query(&[one("uri", Asset)]),
    on(SINCE_3_3, "GET",    "/execution/assets/by-alias", &[AssetRead]).any(&[Asset]),
    on(V3,        "GET",    "/execution/asset-events/by-asset", &[AssetRead]).query(&[one("name", Asset), one("uri", Asset)]),
    on(V3,        "GET",    "/execution/asset-events/by-asset-alias", &[AssetRead]).any(&[Asset]),
    on(SINCE_3_3, "GET",    "/execution/store/asset/by-name/value", &[AssetStateRead]).query(&[one("name", Asset)]),
    on(SINCE_3_3, "PUT",    "/execution/store/asset/by-name/value", &[AssetStateUpdate]).query(&[one("name", Asset)]),
    on(SINCE_3_3, "DELETE", "/execution/store/asset/by-name/value", &[AssetStateDelete]).query(&[one("name", Asset)]),
    on(SINCE_3_3, "DELETE", "/execution/store/asset/by-name/clear", &[AssetStateDelete]).query(&[one("name", Asset)]),
    on(SINCE_3_3, "GET",    "/execution/store/asset/by-uri/value",  &[AssetStateRead]).query(&[one("uri", Asset)]),
    on(SINCE_3_3, "PUT",    "/execution/store/asset/by-uri/value",  &[AssetStateUpdate]).query(&[one("uri", Asset)]),
    on(SINCE_3_3, "DELETE", "/execution/store/asset/by-uri/value",  &[AssetStateDelete]).query(&[one("uri", Asset)]),
    on(SINCE_3_3, "DELETE", "/execution/store/asset/by-uri/clear",  &[AssetStateDelete]).query(&[one("uri", Asset)]),

    on(V3, "GET", "/execution/docs",         &[DocsRead]),
    on(V3, "GET", "/execution/docs/oauth2-redirect", &[DocsRead]),
    on(V3, "GET", "/execution/redoc",        &[DocsRead]),
    on(V3, "GET", "/execution/changelog",    &[DocsRead]),
    on(V3, "GET", "/execution/openapi.json", &[DocsRead]),
];
