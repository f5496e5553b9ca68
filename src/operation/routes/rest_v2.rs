//! The REST API v2 of Airflow 3, except for the routes below a run.

use super::bodies::{
    ASSET, BACKFILL, BULK_CONNECTIONS, BULK_DAGS, BULK_POOLS, BULK_RUNS, BULK_VARIABLES, CLEAR_RUNS,
    CLEAR_TASK_INSTANCES, CONNECTION, LIST_RUNS, POOL, TRIGGER, VARIABLE,
};
use super::reads;
use crate::operation::Action::*;
use crate::operation::route::{
    Id::*, ONLY_3_0, Route, SINCE_3_1, SINCE_3_3, SINCE_3_4, V3, beside, list, on, one,
};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // DAGs. A PATCH without an id pauses every DAG that its pattern matches.
    on(V3,        "GET",    "/api/v2/dags",                       &[DagRead]).any(&[Dag]),
    on(V3,        "PATCH",  "/api/v2/dags",                       &[DagUpdate]).any(&[Dag]),
    on(SINCE_3_4, "PATCH",  "/api/v2/dags/bulk",                  &[DagUpdate]).body(BULK_DAGS),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}",              &[DagRead]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}",              &[DagUpdate]).reads(reads::DAG),
    on(V3,        "DELETE", "/api/v2/dags/{dag_id}",              &[DagDelete]).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/details",      &[DagRead]),
    on(SINCE_3_1, "POST",   "/api/v2/dags/{dag_id}/favorite",     &[DagUpdate]).reads(&[]),
    on(SINCE_3_1, "POST",   "/api/v2/dags/{dag_id}/unfavorite",   &[DagUpdate]).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/tasks",           &[TaskRead]).any(&[Task]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/tasks/{task_id}", &[TaskRead]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagVersions",                  &[DagVersionRead]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagVersions/{version_number}", &[DagVersionRead]),
    on(SINCE_3_4, "GET",    "/api/v2/dags/{dag_id}/dagVersions/diff",             &[DagVersionRead, DagCodeRead]),
    on(SINCE_3_4, "GET",    "/api/v2/dagBundles",                       &[DagRead, DagVersionRead]).any(&[Dag]),
    on(SINCE_3_4, "GET",    "/api/v2/dagBundles/{bundle_name}",         &[DagRead, DagVersionRead]).any(&[Dag]),
    on(SINCE_3_4, "GET",    "/api/v2/dagBundles/{bundle_name}/files",   &[DagRead]).any(&[Dag]),
    on(V3,        "GET",    "/api/v2/dagSources/{dag_id}",        &[DagCodeRead]),
    on(V3,        "GET",    "/api/v2/dagStats",                   &[DagRunRead]).query(&[list("dag_ids", Dag)]),
    on(V3,        "GET",    "/api/v2/dagWarnings",                &[DagWarningRead]).query(&[one("dag_id", Dag)]),
    on(V3,        "GET",    "/api/v2/dagTags",                    &[DagRead]).any(&[Dag]),
    on(ONLY_3_0,  "GET",    "/api/v2/dagReports",                 &[DagRead]).any(&[Dag]),
    on(V3,        "PUT",    "/api/v2/parseDagFile/{file_token}",  &[DagUpdate]).any(&[Dag]).reads(&[]),

    // Runs. In a bulk update the body's DAG overrides the path's. A caller that waits for a run gets the
    // XComs of its tasks, by default the last one's return value.
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns",                                  &[DagRunRead]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns",                                  &[DagRunTrigger]).body(TRIGGER).reads(reads::TRIGGER).when(reads::TRIGGER_MORE),
    on(SINCE_3_3, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns",                                  &[DagRunUpdate, DagRunDelete]).body(BULK_RUNS).reads(&[]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns/list",                             &[DagRunRead]).body(LIST_RUNS),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}",                     &[DagRunRead]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}",                     &[DagRunUpdate]).reads(reads::RUN),
    on(V3,        "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}",                     &[DagRunDelete]).reads(&[]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear",               &[DagRunClear]).any(&[Task]).reads(reads::CLEAR_RUN),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents", &[DagRunRead, AssetRead]).any(&[Asset]),
    on(SINCE_3_1, "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait",                &[DagRunRead, XcomRead]).any(&[Task, XcomKey]),
    on(SINCE_3_3, "POST",   "/api/v2/dags/{dag_id}/clearDagRuns",                             &[DagRunClear]).any(&[Task]).body(CLEAR_RUNS).reads(reads::CLEAR_RUNS),
    on(SINCE_3_3, "POST",   "/api/v2/dags/{dag_id}/clearPartitions",                          &[DagRunClear]).any(&[Task]).reads(reads::CLEAR_PARTITIONS),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/clearTaskInstances",                       &[TaskInstanceClear]).body(CLEAR_TASK_INSTANCES).reads(reads::CLEAR_TASK_INSTANCES),

    // Backfills. A new backfill also names the runs that it repeats.
    on(V3, "GET",  "/api/v2/backfills",                       &[BackfillRead]).query(&[one("dag_id", Dag)]),
    on(V3, "POST", "/api/v2/backfills",                       &[BackfillCreate]).body(BACKFILL).when(reads::BACKFILL_MORE),
    on(V3, "POST", "/api/v2/backfills/dry_run",               &[BackfillCreate]).body(BACKFILL),
    on(V3, "GET",  "/api/v2/backfills/{backfill_id}",         &[BackfillRead]).any(&[Dag]),
    on(SINCE_3_4, "GET", "/api/v2/backfills/{backfill_id}/dag_runs", &[BackfillRead, DagRunRead]).any(&[Dag]),
    on(V3, "PUT",  "/api/v2/backfills/{backfill_id}/pause",   &[BackfillUpdate]).any(&[Dag]).reads(&[]),
    on(V3, "PUT",  "/api/v2/backfills/{backfill_id}/unpause", &[BackfillUpdate]).any(&[Dag]).reads(&[]),
    on(V3, "PUT",  "/api/v2/backfills/{backfill_id}/cancel",  &[BackfillUpdate]).any(&[Dag]).reads(&[]),

    // Assets. An event may start a run of any DAG that consumes the asset. Deleting the events that a DAG
    // waits for changes when it runs.
    on(V3,        "GET",    "/api/v2/assets",                            &[AssetRead]).query(&[list("dag_ids", Dag)]).any(&[Asset]),
    on(V3,        "GET",    "/api/v2/assets/aliases",                    &[AssetRead]).any(&[Asset]),
    on(V3,        "GET",    "/api/v2/assets/aliases/{asset_alias_id}",   &[AssetRead]).any(&[Asset]),
    on(V3,        "GET",    "/api/v2/assets/events",                     &[AssetRead]).query(&[one("asset_id", AssetNumber), one("source_dag_id", Dag), one("source_run_id", Run), one("source_task_id", Task)]),
    on(V3,        "POST",   "/api/v2/assets/events",                     &[AssetCreate]).any(&[Dag]).body(ASSET),
    on(V3,        "POST",   "/api/v2/assets/{asset_id}/materialize",     &[AssetCreate, DagRunTrigger]).any(&[Dag]).body(TRIGGER).reads(reads::TRIGGER).when(reads::TRIGGER_MORE),
    on(V3,        "GET",    "/api/v2/assets/{asset_id}",                 &[AssetRead]),
    on(V3,        "GET",    "/api/v2/assets/{asset_id}/queuedEvents",    &[AssetRead]).any(&[Dag]),
    on(V3,        "DELETE", "/api/v2/assets/{asset_id}/queuedEvents",    &[AssetDelete, DagUpdate]).any(&[Dag]).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/assets/queuedEvents",            &[AssetRead, DagRead]).any(&[Asset]),
    on(V3,        "DELETE", "/api/v2/dags/{dag_id}/assets/queuedEvents",            &[AssetDelete, DagUpdate]).any(&[Asset]).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents", &[AssetRead, DagRead]),
    on(V3,        "DELETE", "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents", &[AssetDelete, DagUpdate]).reads(&[]),
    on(SINCE_3_3, "GET",    "/api/v2/assets/{asset_id}/state-store",            &[AssetStateRead]),
    on(SINCE_3_3, "DELETE", "/api/v2/assets/{asset_id}/state-store",            &[AssetStateDelete]).reads(&[]),
    on(SINCE_3_3, "GET",    "/api/v2/assets/{asset_id}/state-store/{key:path}", &[AssetStateRead]),
    on(SINCE_3_3, "PUT",    "/api/v2/assets/{asset_id}/state-store/{key:path}", &[AssetStateUpdate]).reads(reads::STATE),
    on(SINCE_3_3, "DELETE", "/api/v2/assets/{asset_id}/state-store/{key:path}", &[AssetStateDelete]).reads(&[]),

    // Connections. For fields that its body leaves out, a test takes the stored connection's values.
    on(V3,        "GET",    "/api/v2/connections",                 &[ConnectionRead]).any(&[Connection]),
    on(V3,        "POST",   "/api/v2/connections",                 &[ConnectionCreate]).body(CONNECTION),
    on(V3,        "PATCH",  "/api/v2/connections",                 &[ConnectionCreate, ConnectionUpdate, ConnectionDelete]).body(BULK_CONNECTIONS),
    on(V3,        "POST",   "/api/v2/connections/test",            &[ConnectionTest, ConnectionRead]).body(CONNECTION),
    on(SINCE_3_3, "GET",    "/api/v2/connections/enqueue-test",    &[ConnectionTest, ConnectionRead]).any(&[Connection]),
    on(SINCE_3_3, "POST",   "/api/v2/connections/enqueue-test",    &[ConnectionTest]).body(CONNECTION).when(reads::TEST_MORE),
    on(V3,        "POST",   "/api/v2/connections/defaults",        &[ConnectionCreate]).any(&[Connection]),
    on(V3,        "GET",    "/api/v2/connections/{connection_id}", &[ConnectionRead]),
    on(V3,        "PATCH",  "/api/v2/connections/{connection_id}", &[ConnectionUpdate]).body(CONNECTION).reads(reads::CONNECTION),
    on(V3,        "DELETE", "/api/v2/connections/{connection_id}", &[ConnectionDelete]).reads(&[]),

    // Variables and pools.
    on(V3, "GET",    "/api/v2/variables",                     &[VariableRead]).any(&[Variable]),
    on(V3, "POST",   "/api/v2/variables",                     &[VariableCreate]).body(VARIABLE),
    on(V3, "PATCH",  "/api/v2/variables",                     &[VariableCreate, VariableUpdate, VariableDelete]).body(BULK_VARIABLES),
    on(V3, "GET",    "/api/v2/variables/{variable_key:path}", &[VariableRead]),
    on(V3, "PATCH",  "/api/v2/variables/{variable_key:path}", &[VariableUpdate]).body(VARIABLE).reads(reads::VARIABLE),
    on(V3, "DELETE", "/api/v2/variables/{variable_key:path}", &[VariableDelete]).reads(&[]),
    on(V3, "GET",    "/api/v2/pools",                  &[PoolRead]).any(&[Pool]),
    on(V3, "POST",   "/api/v2/pools",                  &[PoolCreate]).body(POOL),
    on(V3, "PATCH",  "/api/v2/pools",                  &[PoolCreate, PoolUpdate, PoolDelete]).body(BULK_POOLS),
    on(V3, "GET",    "/api/v2/pools/{pool_name:path}", &[PoolRead]),
    on(V3, "PATCH",  "/api/v2/pools/{pool_name:path}", &[PoolUpdate]).body(POOL).reads(reads::POOL),
    on(V3, "DELETE", "/api/v2/pools/{pool_name:path}", &[PoolDelete]).reads(&[]),

    // The installation.
    on(V3,        "GET", "/api/v2/eventLogs",                       &[AuditLogRead]).query(&[one("dag_id", Dag), one("run_id", Run), one("task_id", Task)]),
    on(V3,        "GET", "/api/v2/eventLogs/{event_log_id}",        &[AuditLogRead]).any(&[Dag, Task]),
    on(V3,        "GET", "/api/v2/importErrors",                    &[ImportErrorRead]).any(&[Dag]),
    on(V3,        "GET", "/api/v2/importErrors/{import_error_id}",  &[ImportErrorRead]).any(&[Dag]),
    on(V3,        "GET", "/api/v2/jobs",                            &[JobRead]).query(&[beside("dag_id", Dag)]).any(&[Dag]),
    on(V3,        "GET", "/api/v2/plugins",                         &[PluginRead]),
    on(SINCE_3_1, "GET", "/api/v2/plugins/importErrors",            &[PluginRead]),
    on(V3,        "GET", "/api/v2/providers",                       &[ProviderRead]),
    on(V3,        "GET", "/api/v2/config",                          &[ConfigRead]),
    on(V3,        "GET", "/api/v2/config/section/{section}/option/{option}", &[ConfigRead]),
    on(V3,        "GET", "/api/v2/version",                         &[VersionRead]),
    on(V3,        "GET", "/api/v2/auth/login",                      &[AuthLogin]),
    on(V3,        "GET", "/api/v2/auth/logout",                     &[AuthLogout]),
];
