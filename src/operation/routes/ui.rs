//! The web interface's own routes of Airflow 3, `/ui`.

use crate::operation::route::{
    Id::*, ONLY_3_0, ONLY_3_2, Route, SINCE_3_1, SINCE_3_2, SINCE_3_3, SINCE_3_4, UNTIL_3_1, V3, list, on,
    one,
};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(V3,        "GET",  "/ui/auth/menus", &["auth:read"]),
    on(SINCE_3_2, "GET",  "/ui/auth/me",    &["auth:read"]),
    on(SINCE_3_2, "POST", "/ui/auth/token", &["auth:login"]),
    on(V3,        "GET",  "/ui/config",     &["website:read"]),
    on(SINCE_3_2, "GET",  "/ui/teams",      &["team:read"]),
    on(V3,        "GET",  "/ui/connections/hook_meta", &["connection:read"]),
    on(V3,        "GET",  "/ui/backfills",  &["backfill:read"]).query(&[one("dag_id", Dag)]),
    on(V3,        "GET",  "/ui/next_run_assets/{dag_id}", &["asset:read", "dag:read"]).any(&[Asset]),
    on(SINCE_3_4, "GET",  "/ui/assets",     &["asset:read"]).query(&[list("dag_ids", Dag)]).any(&[Asset]),
    on(V3,        "GET",  "/ui/dependencies", &["dag:read"]).any(&[Dag, Asset]),
    on(V3,        "GET",  "/ui/dashboard/historical_metrics_data", &["cluster_activity:read", "dag_run:read", "task_instance:read"]).any(&[Dag, Task]),
    on(V3,        "GET",  "/ui/dashboard/dag_stats",               &["cluster_activity:read", "dag:read"]).any(&[Dag]),

    on(SINCE_3_1, "GET", "/ui/dags",                     &["dag:read", "dag_run:read", "task_instance:read", "hitl_detail:read"]).query(&[list("dag_ids", Dag)]).any(&[Task]),
    on(ONLY_3_0,  "GET", "/ui/dags/recent_dag_runs",     &["dag:read", "dag_run:read"]).query(&[list("dag_ids", Dag)]),
    on(SINCE_3_4, "GET", "/ui/dags/folders",             &["dag:read"]).any(&[Dag]),
    on(SINCE_3_4, "GET", "/ui/dags/timetable_types",     &["dag:read"]).any(&[Dag]),
    on(SINCE_3_4, "GET", "/ui/dags/run_state_counts",    &["dag:read", "dag_run:read"]).query(&[list("dag_ids", Dag)]),
    on(SINCE_3_4, "GET", "/ui/dags/recent_task_instance_state_counts", &["dag:read", "task_instance:read"]).any(&[Dag, Task]),
    on(SINCE_3_4, "GET", "/ui/dags/{dag_id}/dagRuns/{dag_run_id}/callbacks/{callback_id}/logs", &["task_log:read"]).any(&[Task]),
    on(SINCE_3_4, "GET", "/ui/dags/{dag_id}/dagRuns/{dag_run_id}/execution", &["task_instance:read"]).query(&[list("task_id", Task)]),
    on(SINCE_3_1, "GET", "/ui/dags/{dag_id}/latest_run", &["dag_run:read"]),
    on(SINCE_3_3, "GET", "/ui/dags/{dag_id}/deadlineAlerts",                 &["dag:read"]),
    on(SINCE_3_2, "GET", "/ui/dags/{dag_id}/dagRuns/{dag_run_id}/deadlines", &["dag_run:read"]),
    on(SINCE_3_3, "GET", "/ui/dags/{dag_id}/dagRuns/{dag_run_id}/stats",     &["dag_run:read"]),
    on(SINCE_3_2, "GET", "/ui/partitioned_dag_runs",                         &["dag_run:read", "asset:read"]).query(&[one("dag_id", Dag)]).any(&[Asset]),
    on(SINCE_3_3, "GET", "/ui/pending_partitioned_dag_run/{dag_id}",         &["dag_run:read", "dag:read", "asset:read"]).any(&[Asset]),
    on(ONLY_3_2,  "GET", "/ui/pending_partitioned_dag_run/{dag_id}/{partition_key}", &["dag_run:read", "dag:read", "asset:read"]).any(&[Asset]),

    on(V3,        "GET", "/ui/structure/structure_data",           &["dag:read", "task_instance:read"]).query(&[one("dag_id", Dag)]).any(&[Task]),
    on(V3,        "GET", "/ui/grid/structure/{dag_id}",            &["dag:read", "dag_run:read", "task_instance:read"]).any(&[Task]),
    on(V3,        "GET", "/ui/grid/runs/{dag_id}",                 &["dag_run:read", "task_instance:read"]).any(&[Task]),
    on(SINCE_3_2, "GET", "/ui/grid/ti_summaries/{dag_id}",         &["task_instance:read", "dag_run:read"]).query(&[list("run_ids", Run)]).any(&[Task]),
    on(UNTIL_3_1, "GET", "/ui/grid/ti_summaries/{dag_id}/{run_id}", &["task_instance:read", "dag_run:read"]).any(&[Task]),
    on(ONLY_3_0,  "GET", "/ui/grid/latest_run/{dag_id}",           &["dag_run:read", "task_instance:read"]).any(&[Task]),
    on(ONLY_3_0,  "GET", "/ui/grid/{dag_id}",                      &["task_instance:read", "dag_run:read"]).any(&[Task]),
    on(SINCE_3_4, "GET", "/ui/grid/loop/{dag_id}/{run_id}/{group_id}", &["task_instance:read", "dag_run:read"]).any(&[Task]),
    on(SINCE_3_4, "GET", "/ui/grid/loop-history/{dag_id}/{group_id}",  &["task_instance:read", "dag_run:read"]).any(&[Task]),
    on(SINCE_3_2, "GET", "/ui/gantt/{dag_id}/{run_id}",            &["task_instance:read", "dag_run:read"]).any(&[Task]),
    on(SINCE_3_4, "GET", "/ui/calendar/{dag_id}/deadlines",        &["dag_run:read"]),
    on(SINCE_3_1, "GET", "/ui/calendar/{dag_id}",                  &["dag_run:read", "task_instance:read"]).any(&[Task]),
];
