//! The routes of Airflow 3 behind its web interface, `/ui`.

use crate::operation::Action::*;
use crate::operation::route::{
    Id::*, ONLY_3_0, ONLY_3_2, Route, SINCE_3_1, SINCE_3_2, SINCE_3_3, SINCE_3_4, UNTIL_3_1, V3, list, on,
    one,
};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(V3,        "GET",  "/ui/auth/menus", &[AuthRead]),
    on(SINCE_3_2, "GET",  "/ui/auth/me",    &[AuthRead]),
    on(SINCE_3_2, "POST", "/ui/auth/token", &[AuthLogin]),
    on(V3,        "GET",  "/ui/config",     &[WebsiteRead]),
    on(SINCE_3_2, "GET",  "/ui/teams",      &[TeamRead]),
    on(V3,        "GET",  "/ui/connections/hook_meta", &[ConnectionRead]),
    on(V3,        "GET",  "/ui/backfills",  &[BackfillRead]).query(&[one("dag_id", Dag)]),
    on(V3,        "GET",  "/ui/next_run_assets/{dag_id}", &[AssetRead, DagRead]).any(&[Asset]),
    on(SINCE_3_4, "GET",  "/ui/assets",     &[AssetRead]).query(&[list("dag_ids", Dag)]).any(&[Asset]),
    on(V3,        "GET",  "/ui/dependencies", &[DagRead]).any(&[Dag, Asset]),
    on(V3,        "GET",  "/ui/dashboard/historical_metrics_data", &[ClusterActivityRead, DagRunRead, TaskInstanceRead]).any(&[Dag, Task]),
    on(V3,        "GET",  "/ui/dashboard/dag_stats",               &[ClusterActivityRead, DagRead]).any(&[Dag]),

    on(SINCE_3_1, "GET", "/ui/dags",                     &[DagRead, DagRunRead, TaskInstanceRead, HitlDetailRead]).query(&[list("dag_ids", Dag)]).any(&[Task]),
    on(ONLY_3_0,  "GET", "/ui/dags/recent_dag_runs",     &[DagRead, DagRunRead]).query(&[list("dag_ids", Dag)]),
    on(SINCE_3_4, "GET", "/ui/dags/folders",             &[DagRead]).any(&[Dag]),
    on(SINCE_3_4, "GET", "/ui/dags/timetable_types",     &[DagRead]).any(&[Dag]),
    on(SINCE_3_4, "GET", "/ui/dags/run_state_counts",    &[DagRead, DagRunRead]).query(&[list("dag_ids", Dag)]),
    on(SINCE_3_4, "GET", "/ui/dags/recent_task_instance_state_counts", &[DagRead, TaskInstanceRead]).any(&[Dag, Task]),
    on(SINCE_3_4, "GET", "/ui/dags/{dag_id}/dagRuns/{dag_run_id}/callbacks/{callback_id}/logs", &[TaskLogRead]).any(&[Task]),
    on(SINCE_3_4, "GET", "/ui/dags/{dag_id}/dagRuns/{dag_run_id}/execution", &[TaskInstanceRead]).query(&[list("task_id", Task)]),
    on(SINCE_3_1, "GET", "/ui/dags/{dag_id}/latest_run", &[DagRunRead]),
    on(SINCE_3_3, "GET", "/ui/dags/{dag_id}/deadlineAlerts",                 &[DagRead]),
    on(SINCE_3_2, "GET", "/ui/dags/{dag_id}/dagRuns/{dag_run_id}/deadlines", &[DagRunRead]),
    on(SINCE_3_3, "GET", "/ui/dags/{dag_id}/dagRuns/{dag_run_id}/stats",     &[DagRunRead]),
    on(SINCE_3_2, "GET", "/ui/partitioned_dag_runs",                         &[DagRunRead, AssetRead]).query(&[one("dag_id", Dag)]).any(&[Asset]),
    on(SINCE_3_3, "GET", "/ui/pending_partitioned_dag_run/{dag_id}",         &[DagRunRead, DagRead, AssetRead]).any(&[Asset]),
    on(ONLY_3_2,  "GET", "/ui/pending_partitioned_dag_run/{dag_id}/{partition_key}", &[DagRunRead, DagRead, AssetRead]).any(&[Asset]),

    on(V3,        "GET", "/ui/structure/structure_data",           &[DagRead, TaskInstanceRead]).query(&[one("dag_id", Dag)]).any(&[Task]),
    on(V3,        "GET", "/ui/grid/structure/{dag_id}",            &[DagRead, DagRunRead, TaskInstanceRead]).any(&[Task]),
    on(V3,        "GET", "/ui/grid/runs/{dag_id}",                 &[DagRunRead, TaskInstanceRead]).any(&[Task]),
    on(SINCE_3_2, "GET", "/ui/grid/ti_summaries/{dag_id}",         &[TaskInstanceRead, DagRunRead]).query(&[list("run_ids", Run)]).any(&[Task]),
    on(UNTIL_3_1, "GET", "/ui/grid/ti_summaries/{dag_id}/{run_id}", &[TaskInstanceRead, DagRunRead]).any(&[Task]),
    on(ONLY_3_0,  "GET", "/ui/grid/latest_run/{dag_id}",           &[DagRunRead, TaskInstanceRead]).any(&[Task]),
    on(ONLY_3_0,  "GET", "/ui/grid/{dag_id}",                      &[TaskInstanceRead, DagRunRead]).any(&[Task]),
    on(SINCE_3_4, "GET", "/ui/grid/loop/{dag_id}/{run_id}/{group_id}", &[TaskInstanceRead, DagRunRead]).any(&[Task]),
    on(SINCE_3_4, "GET", "/ui/grid/loop-history/{dag_id}/{group_id}",  &[TaskInstanceRead, DagRunRead]).any(&[Task]),
    on(SINCE_3_2, "GET", "/ui/gantt/{dag_id}/{run_id}",            &[TaskInstanceRead, DagRunRead]).any(&[Task]),
    on(SINCE_3_4, "GET", "/ui/calendar/{dag_id}/deadlines",        &[DagRunRead]),
    on(SINCE_3_1, "GET", "/ui/calendar/{dag_id}",                  &[DagRunRead, TaskInstanceRead]).any(&[Task]),
];
