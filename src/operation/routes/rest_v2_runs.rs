//! The REST API v2 of Airflow 3 below a run: task instances, logs, XComs.

use super::bodies::{BULK_TASK_INSTANCES, LIST_TASK_INSTANCES, UPDATE_GROUP, UPDATE_TASK_INSTANCE, XCOM};
use super::reads;
use crate::operation::Action::*;
use crate::operation::route::{Id::*, Route, SINCE_3_1, SINCE_3_2, SINCE_3_3, V3, list, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // Task instances. In a bulk update the body's DAG and run override the path's.
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",                     &[TaskInstanceRead]).query(&[list("task_id", Task)]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list",                &[TaskInstanceRead]).body(LIST_TASK_INSTANCES),
    on(SINCE_3_1, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",                     &[TaskInstanceUpdate, TaskInstanceDelete]).body(BULK_TASK_INSTANCES).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",           &[TaskInstanceRead]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",           &[TaskInstanceUpdate]).body(UPDATE_TASK_INSTANCE).reads(reads::TASK_INSTANCE),
    on(SINCE_3_1, "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",           &[TaskInstanceDelete]).reads(&[]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dry_run",   &[TaskInstanceUpdate]).body(UPDATE_TASK_INSTANCE).reads(reads::TASK_INSTANCE),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}",         &[TaskInstanceRead]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}",         &[TaskInstanceUpdate]).body(UPDATE_TASK_INSTANCE).reads(reads::TASK_INSTANCE),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/dry_run", &[TaskInstanceUpdate]).body(UPDATE_TASK_INSTANCE).reads(reads::TASK_INSTANCE),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/links",        &[TaskInstanceRead]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/listMapped",   &[TaskInstanceRead]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dependencies", &[TaskInstanceRead]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/dependencies", &[TaskInstanceRead]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries",                    &[TaskInstanceRead]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries",        &[TaskInstanceRead]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries/{task_try_number}",  &[TaskInstanceRead]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries/{task_try_number}", &[TaskInstanceRead]),
    on(SINCE_3_3, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}",         &[TaskInstanceUpdate]).any(&[Task]).body(UPDATE_GROUP).reads(reads::TASK_INSTANCE),
    on(SINCE_3_3, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}/dry_run", &[TaskInstanceUpdate]).any(&[Task]).body(UPDATE_GROUP).reads(reads::TASK_INSTANCE),

    // Logs.
    on(V3,        "GET", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}",           &[TaskLogRead]),
    on(SINCE_3_1, "GET", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/externalLogUrl/{try_number}", &[TaskLogRead]),

    // XComs.
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries",                 &[XcomRead]).any(&[XcomKey]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries",                 &[XcomCreate]).body(XCOM).reads(reads::XCOM),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key:path}", &[XcomRead]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key:path}", &[XcomUpdate]).reads(reads::XCOM),
    on(SINCE_3_2, "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key:path}", &[XcomDelete]).reads(&[]),

    // Values that a task stores across its tries.
    on(SINCE_3_3, "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store",            &[TaskStateRead]),
    on(SINCE_3_3, "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store",            &[TaskStateDelete]).reads(&[]),
    on(SINCE_3_3, "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key:path}", &[TaskStateRead]),
    on(SINCE_3_3, "PUT",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key:path}", &[TaskStateUpdate]).reads(reads::TASK_STATE),
    on(SINCE_3_3, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key:path}", &[TaskStateUpdate]).reads(reads::STATE),
    on(SINCE_3_3, "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key:path}", &[TaskStateDelete]).reads(&[]),

    // Tasks that wait for a person's answer.
    on(SINCE_3_1, "GET",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails",                                     &[HitlDetailRead]).query(&[list("task_id", Task)]),
    on(SINCE_3_1, "GET",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails", &[HitlDetailRead]),
    on(SINCE_3_1, "PATCH", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails", &[HitlDetailUpdate]).reads(reads::HITL),
    on(SINCE_3_2, "GET",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails/tries/{try_number}", &[HitlDetailRead]),
];
