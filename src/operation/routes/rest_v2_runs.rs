//! The REST API v2 of Airflow 3 below a run: task instances, logs, XComs.

use super::bodies::{BULK_TASK_INSTANCES, LIST_TASK_INSTANCES, UPDATE_TASK_INSTANCE, XCOM};
use super::reads;
use crate::operation::route::{Id::*, Route, SINCE_3_1, SINCE_3_2, SINCE_3_3, V3, list, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // Task instances. In a bulk update the body's DAG and run override the path's.
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",                     &["task_instance:read"]).query(&[list("task_id", Task)]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list",                &["task_instance:read"]).body(LIST_TASK_INSTANCES),
    on(SINCE_3_1, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",                     &["task_instance:update", "task_instance:delete"]).body(BULK_TASK_INSTANCES).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",           &["task_instance:read"]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",           &["task_instance:update"]).body(UPDATE_TASK_INSTANCE).reads(reads::TASK_INSTANCE),
    on(SINCE_3_1, "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",           &["task_instance:delete"]).reads(&[]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dry_run",   &["task_instance:update"]).body(UPDATE_TASK_INSTANCE).reads(reads::TASK_INSTANCE),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}",         &["task_instance:read"]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}",         &["task_instance:update"]).body(UPDATE_TASK_INSTANCE).reads(reads::TASK_INSTANCE),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/dry_run", &["task_instance:update"]).body(UPDATE_TASK_INSTANCE).reads(reads::TASK_INSTANCE),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/links",        &["task_instance:read"]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/listMapped",   &["task_instance:read"]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dependencies", &["task_instance:read"]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/dependencies", &["task_instance:read"]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries",                    &["task_instance:read"]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries",        &["task_instance:read"]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries/{task_try_number}",  &["task_instance:read"]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries/{task_try_number}", &["task_instance:read"]),
    on(SINCE_3_3, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}",         &["task_instance:update"]).any(&[Task]).reads(reads::TASK_INSTANCE),
    on(SINCE_3_3, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}/dry_run", &["task_instance:update"]).any(&[Task]).reads(reads::TASK_INSTANCE),

    // Logs.
    on(V3,        "GET", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}",           &["task_log:read"]),
    on(SINCE_3_1, "GET", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/externalLogUrl/{try_number}", &["task_log:read"]),

    // XComs.
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries",                 &["xcom:read"]).any(&[XcomKey]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries",                 &["xcom:create"]).body(XCOM).reads(reads::XCOM),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key:path}", &["xcom:read"]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key:path}", &["xcom:update"]).reads(reads::XCOM),
    on(SINCE_3_2, "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key:path}", &["xcom:delete"]).reads(&[]),

    // What a task keeps over its tries.
    on(SINCE_3_3, "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store",            &["task_state:read"]),
    on(SINCE_3_3, "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store",            &["task_state:delete"]).reads(&[]),
    on(SINCE_3_3, "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key:path}", &["task_state:read"]),
    on(SINCE_3_3, "PUT",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key:path}", &["task_state:update"]).reads(reads::TASK_STATE),
    on(SINCE_3_3, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key:path}", &["task_state:update"]).reads(reads::STATE),
    on(SINCE_3_3, "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key:path}", &["task_state:delete"]).reads(&[]),

    // People asked by tasks.
    on(SINCE_3_1, "GET",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails",                                     &["hitl_detail:read"]).query(&[list("task_id", Task)]),
    on(SINCE_3_1, "GET",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails", &["hitl_detail:read"]),
    on(SINCE_3_1, "PATCH", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails", &["hitl_detail:update"]).reads(reads::HITL),
    on(SINCE_3_2, "GET",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails/tries/{try_number}", &["hitl_detail:read"]),
];
