//! The REST API v2 of Airflow 3: everything but what lies below a run.

use super::bodies::{
    ASSET, BACKFILL, BULK_CONNECTIONS, BULK_DAGS, BULK_POOLS, BULK_RUNS, BULK_VARIABLES, CLEAR_RUNS,
    CLEAR_TASK_INSTANCES, CONNECTION, LIST_RUNS, POOL, VARIABLE,
};
use super::reads;
use crate::operation::route::{
    Id::*, ONLY_3_0, Route, SINCE_3_1, SINCE_3_3, SINCE_3_4, V3, beside, list, on, one,
};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // DAGs. A PATCH without an id pauses every DAG that its pattern matches.
    on(V3,        "GET",    "/api/v2/dags",                       &["dag:read"]).any(&[Dag]),
    on(V3,        "PATCH",  "/api/v2/dags",                       &["dag:update"]).any(&[Dag]),
    on(SINCE_3_4, "PATCH",  "/api/v2/dags/bulk",                  &["dag:update"]).body(BULK_DAGS),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}",              &["dag:read"]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}",              &["dag:update"]).reads(reads::DAG),
    on(V3,        "DELETE", "/api/v2/dags/{dag_id}",              &["dag:delete"]).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/details",      &["dag:read"]),
    on(SINCE_3_1, "POST",   "/api/v2/dags/{dag_id}/favorite",     &["dag:update"]).reads(&[]),
    on(SINCE_3_1, "POST",   "/api/v2/dags/{dag_id}/unfavorite",   &["dag:update"]).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/tasks",           &["task:read"]).any(&[Task]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/tasks/{task_id}", &["task:read"]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagVersions",                  &["dag_version:read"]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagVersions/{version_number}", &["dag_version:read"]),
    on(SINCE_3_4, "GET",    "/api/v2/dags/{dag_id}/dagVersions/diff",             &["dag_version:read", "dag_code:read"]),
    on(SINCE_3_4, "GET",    "/api/v2/dagBundles",                       &["dag:read", "dag_version:read"]).any(&[Dag]),
    on(SINCE_3_4, "GET",    "/api/v2/dagBundles/{bundle_name}",         &["dag:read", "dag_version:read"]).any(&[Dag]),
    on(SINCE_3_4, "GET",    "/api/v2/dagBundles/{bundle_name}/files",   &["dag:read"]).any(&[Dag]),
    on(V3,        "GET",    "/api/v2/dagSources/{dag_id}",        &["dag_code:read"]),
    on(V3,        "GET",    "/api/v2/dagStats",                   &["dag_run:read"]).query(&[list("dag_ids", Dag)]),
    on(V3,        "GET",    "/api/v2/dagWarnings",                &["dag_warning:read"]).query(&[one("dag_id", Dag)]),
    on(V3,        "GET",    "/api/v2/dagTags",                    &["dag:read"]).any(&[Dag]),
    on(ONLY_3_0,  "GET",    "/api/v2/dagReports",                 &["dag:read"]).any(&[Dag]),
    on(V3,        "PUT",    "/api/v2/parseDagFile/{file_token}",  &["dag:update"]).any(&[Dag]).reads(&[]),

    // Runs. In a bulk update the body's DAG overrides the path's. Whoever waits for a run gets the XComs of its
    // tasks, by default what the last one returned.
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns",                                  &["dag_run:read"]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns",                                  &["dag_run:trigger"]).reads(reads::TRIGGER).when(reads::TRIGGER_MORE),
    on(SINCE_3_3, "PATCH",  "/api/v2/dags/{dag_id}/dagRuns",                                  &["dag_run:update", "dag_run:delete"]).body(BULK_RUNS).reads(&[]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns/list",                             &["dag_run:read"]).body(LIST_RUNS),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}",                     &["dag_run:read"]),
    on(V3,        "PATCH",  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}",                     &["dag_run:update"]).reads(reads::RUN),
    on(V3,        "DELETE", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}",                     &["dag_run:delete"]).reads(&[]),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear",               &["dag_run:clear"]).any(&[Task]).reads(reads::CLEAR_RUN),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents", &["dag_run:read", "asset:read"]).any(&[Asset]),
    on(SINCE_3_1, "GET",    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait",                &["dag_run:read", "xcom:read"]).any(&[Task, XcomKey]),
    on(SINCE_3_3, "POST",   "/api/v2/dags/{dag_id}/clearDagRuns",                             &["dag_run:clear"]).any(&[Task]).body(CLEAR_RUNS).reads(reads::CLEAR_RUNS),
    on(SINCE_3_3, "POST",   "/api/v2/dags/{dag_id}/clearPartitions",                          &["dag_run:clear"]).any(&[Task]).reads(reads::CLEAR_PARTITIONS),
    on(V3,        "POST",   "/api/v2/dags/{dag_id}/clearTaskInstances",                       &["task_instance:clear"]).body(CLEAR_TASK_INSTANCES).reads(reads::CLEAR_TASK_INSTANCES),

    // Backfills. One that is made names the runs that are run again, too.
    on(V3, "GET",  "/api/v2/backfills",                       &["backfill:read"]).query(&[one("dag_id", Dag)]),
    on(V3, "POST", "/api/v2/backfills",                       &["backfill:create"]).body(BACKFILL).when(reads::BACKFILL_MORE),
    on(V3, "POST", "/api/v2/backfills/dry_run",               &["backfill:create"]).body(BACKFILL),
    on(V3, "GET",  "/api/v2/backfills/{backfill_id}",         &["backfill:read"]).any(&[Dag]),
    on(SINCE_3_4, "GET", "/api/v2/backfills/{backfill_id}/dag_runs", &["backfill:read", "dag_run:read"]).any(&[Dag]),
    on(V3, "PUT",  "/api/v2/backfills/{backfill_id}/pause",   &["backfill:update"]).any(&[Dag]).reads(&[]),
    on(V3, "PUT",  "/api/v2/backfills/{backfill_id}/unpause", &["backfill:update"]).any(&[Dag]).reads(&[]),
    on(V3, "PUT",  "/api/v2/backfills/{backfill_id}/cancel",  &["backfill:update"]).any(&[Dag]).reads(&[]),

    // Assets. An event may start a run of any DAG that consumes the asset, and to delete those that a DAG waits for
    // changes when it runs.
    on(V3,        "GET",    "/api/v2/assets",                            &["asset:read"]).query(&[list("dag_ids", Dag)]).any(&[Asset]),
    on(V3,        "GET",    "/api/v2/assets/aliases",                    &["asset:read"]).any(&[Asset]),
    on(V3,        "GET",    "/api/v2/assets/aliases/{asset_alias_id}",   &["asset:read"]).any(&[Asset]),
    on(V3,        "GET",    "/api/v2/assets/events",                     &["asset:read"]).query(&[one("asset_id", AssetNumber), one("source_dag_id", Dag), one("source_run_id", Run), one("source_task_id", Task)]),
    on(V3,        "POST",   "/api/v2/assets/events",                     &["asset:create"]).any(&[Dag]).body(ASSET),
    on(V3,        "POST",   "/api/v2/assets/{asset_id}/materialize",     &["asset:create", "dag_run:trigger"]).any(&[Dag]).reads(reads::TRIGGER).when(reads::TRIGGER_MORE),
    on(V3,        "GET",    "/api/v2/assets/{asset_id}",                 &["asset:read"]),
    on(V3,        "GET",    "/api/v2/assets/{asset_id}/queuedEvents",    &["asset:read"]).any(&[Dag]),
    on(V3,        "DELETE", "/api/v2/assets/{asset_id}/queuedEvents",    &["asset:delete", "dag:update"]).any(&[Dag]).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/assets/queuedEvents",            &["asset:read", "dag:read"]).any(&[Asset]),
    on(V3,        "DELETE", "/api/v2/dags/{dag_id}/assets/queuedEvents",            &["asset:delete", "dag:update"]).any(&[Asset]).reads(&[]),
    on(V3,        "GET",    "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents", &["asset:read", "dag:read"]),
    on(V3,        "DELETE", "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents", &["asset:delete", "dag:update"]).reads(&[]),
    on(SINCE_3_3, "GET",    "/api/v2/assets/{asset_id}/state-store",            &["asset_state:read"]),
    on(SINCE_3_3, "DELETE", "/api/v2/assets/{asset_id}/state-store",            &["asset_state:delete"]).reads(&[]),
    on(SINCE_3_3, "GET",    "/api/v2/assets/{asset_id}/state-store/{key:path}", &["asset_state:read"]),
    on(SINCE_3_3, "PUT",    "/api/v2/assets/{asset_id}/state-store/{key:path}", &["asset_state:update"]).reads(reads::STATE),
    on(SINCE_3_3, "DELETE", "/api/v2/assets/{asset_id}/state-store/{key:path}", &["asset_state:delete"]).reads(&[]),

    // Connections. A test takes from the stored connection what its body leaves out.
    on(V3,        "GET",    "/api/v2/connections",                 &["connection:read"]).any(&[Connection]),
    on(V3,        "POST",   "/api/v2/connections",                 &["connection:create"]).body(CONNECTION),
    on(V3,        "PATCH",  "/api/v2/connections",                 &["connection:create", "connection:update", "connection:delete"]).body(BULK_CONNECTIONS),
    on(V3,        "POST",   "/api/v2/connections/test",            &["connection:test", "connection:read"]).body(CONNECTION),
    on(SINCE_3_3, "GET",    "/api/v2/connections/enqueue-test",    &["connection:test", "connection:read"]).any(&[Connection]),
    on(SINCE_3_3, "POST",   "/api/v2/connections/enqueue-test",    &["connection:test"]).body(CONNECTION).when(reads::TEST_MORE),
    on(V3,        "POST",   "/api/v2/connections/defaults",        &["connection:create"]).any(&[Connection]),
    on(V3,        "GET",    "/api/v2/connections/{connection_id}", &["connection:read"]),
    on(V3,        "PATCH",  "/api/v2/connections/{connection_id}", &["connection:update"]).body(CONNECTION).reads(reads::CONNECTION),
    on(V3,        "DELETE", "/api/v2/connections/{connection_id}", &["connection:delete"]).reads(&[]),

    // Variables and pools.
    on(V3, "GET",    "/api/v2/variables",                     &["variable:read"]).any(&[Variable]),
    on(V3, "POST",   "/api/v2/variables",                     &["variable:create"]).body(VARIABLE),
    on(V3, "PATCH",  "/api/v2/variables",                     &["variable:create", "variable:update", "variable:delete"]).body(BULK_VARIABLES),
    on(V3, "GET",    "/api/v2/variables/{variable_key:path}", &["variable:read"]),
    on(V3, "PATCH",  "/api/v2/variables/{variable_key:path}", &["variable:update"]).body(VARIABLE).reads(reads::VARIABLE),
    on(V3, "DELETE", "/api/v2/variables/{variable_key:path}", &["variable:delete"]).reads(&[]),
    on(V3, "GET",    "/api/v2/pools",                  &["pool:read"]).any(&[Pool]),
    on(V3, "POST",   "/api/v2/pools",                  &["pool:create"]).body(POOL),
    on(V3, "PATCH",  "/api/v2/pools",                  &["pool:create", "pool:update", "pool:delete"]).body(BULK_POOLS),
    on(V3, "GET",    "/api/v2/pools/{pool_name:path}", &["pool:read"]),
    on(V3, "PATCH",  "/api/v2/pools/{pool_name:path}", &["pool:update"]).body(POOL).reads(reads::POOL),
    on(V3, "DELETE", "/api/v2/pools/{pool_name:path}", &["pool:delete"]).reads(&[]),

    // The installation.
    on(V3,        "GET", "/api/v2/eventLogs",                       &["audit_log:read"]).query(&[one("dag_id", Dag), one("run_id", Run), one("task_id", Task)]),
    on(V3,        "GET", "/api/v2/eventLogs/{event_log_id}",        &["audit_log:read"]).any(&[Dag, Task]),
    on(V3,        "GET", "/api/v2/importErrors",                    &["import_error:read"]).any(&[Dag]),
    on(V3,        "GET", "/api/v2/importErrors/{import_error_id}",  &["import_error:read"]).any(&[Dag]),
    on(V3,        "GET", "/api/v2/jobs",                            &["job:read"]).query(&[beside("dag_id", Dag)]).any(&[Dag]),
    on(V3,        "GET", "/api/v2/plugins",                         &["plugin:read"]),
    on(SINCE_3_1, "GET", "/api/v2/plugins/importErrors",            &["plugin:read"]),
    on(V3,        "GET", "/api/v2/providers",                       &["provider:read"]),
    on(V3,        "GET", "/api/v2/config",                          &["config:read"]),
    on(V3,        "GET", "/api/v2/config/section/{section}/option/{option}", &["config:read"]),
    on(V3,        "GET", "/api/v2/version",                         &["version:read"]),
    on(V3,        "GET", "/api/v2/auth/login",                      &["auth:login"]),
    on(V3,        "GET", "/api/v2/auth/logout",                     &["auth:logout"]),
];
