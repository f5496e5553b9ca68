//! The accepted differences between the table's actions and the permissions that Airflow asks for,
//! each with its reason.

/// One route whose actions differ.
#[derive(Debug)]
pub(super) struct Difference {
    /// The method of the table's row.
    pub(super) method: &'static str,
    /// The path of the table's row.
    pub(super) template: &'static str,
    /// The differences: a permission that Airflow asks for and the table has no action for, or an
    /// action of the table that no release asks for.
    pub(super) of: &'static [&'static str],
    /// The reason why the difference is right.
    pub(super) because: &'static str,
}

const fn on(
    method: &'static str,
    template: &'static str,
    of: &'static [&'static str],
    because: &'static str,
) -> Difference {
    Difference {
        method,
        template,
        of,
        because,
    }
}

const UNTIL_3_2: &str =
    "3.0 to 3.2 only ask for `dag GET`; 3.3 asks for `dag PUT`, as the table does for all releases";
const IMPORT_ERRORS: &str =
    "Airflow decides for each file by the DAGs that the caller may read; the row is about any DAG";
const BACKFILL: &str = "only decides between 404 and 403 after the other question is denied";
const CLUSTER: &str = "2.11 has a separate view for it; the table has one action for all releases";
const FAVORITE: &str =
    "it writes, although only to the caller's own list, so a rule for reading must not allow it";
const PARTITIONED: &str = "it lists future runs";
const TESTED: &str = "Airflow has no permission for a test, and asks for creation";
const VERSION: &str = "Airflow has no permission for code other than the newest";
const BUTTONS: &str = "decides which buttons the page shows";

#[rustfmt::skip]
pub(super) const DIFFERENCES: &[Difference] = &[
    on("GET",    "/execution/task-reschedules/{task_instance_id}/start_date", &["scope ti:self"], "3.0 to 3.2 do not compare them; the filter does, in every release"),

    on("DELETE", "/api/v2/assets/{asset_id}/queuedEvents",                 &["dag GET"], UNTIL_3_2),
    on("DELETE", "/api/v2/dags/{dag_id}/assets/queuedEvents",              &["dag GET"], UNTIL_3_2),
    on("DELETE", "/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents",   &["dag GET"], UNTIL_3_2),
    on("DELETE", "/api/v1/datasets/queuedEvent/{uri:path}",                &["dag:update"], UNTIL_3_2),
    on("DELETE", "/api/v1/dags/{dag_id}/datasets/queuedEvent",             &["dag GET", "dag:update"], UNTIL_3_2),
    on("DELETE", "/api/v1/dags/{dag_id}/datasets/queuedEvent/{uri:path}",  &["dag GET", "dag:update"], UNTIL_3_2),
    on("GET",    "/api/v1/importErrors",                     &["dag GET"], IMPORT_ERRORS),
    on("GET",    "/api/v1/importErrors/{import_error_id}",   &["dag GET"], IMPORT_ERRORS),
    on("GET",    "/api/v2/importErrors",                     &["dag GET"], IMPORT_ERRORS),
    on("GET",    "/api/v2/importErrors/{import_error_id}",   &["dag GET"], IMPORT_ERRORS),
    on("POST",   "/api/v1/dags/~/dagRuns/~/taskInstances/list", &["dag GET"], "asked for each DAG that the body names, besides its task instances"),
    on("POST",   "/api/v2/backfills",                        &["dag GET RUN"], BACKFILL),
    on("POST",   "/api/v2/backfills/dry_run",                &["dag GET RUN"], BACKFILL),
    on("PUT",    "/api/v2/backfills/{backfill_id}/pause",    &["dag GET RUN"], BACKFILL),
    on("PUT",    "/api/v2/backfills/{backfill_id}/unpause",  &["dag GET RUN"], BACKFILL),
    on("PUT",    "/api/v2/backfills/{backfill_id}/cancel",   &["dag GET RUN"], BACKFILL),
    on("GET",    "/api/v2/connections/enqueue-test",         &["connection:test"], TESTED),
    on("POST",   "/api/v2/connections/enqueue-test",         &["connection *", "connection:test"], TESTED),
    on("PATCH",  "/api/v2/dags/bulk",                        &["dag *"], "it only updates: Airflow answers 405 to the other actions"),
    on("POST",   "/api/v2/dags/{dag_id}/dagRuns",            &["dag_version:run"], VERSION),
    on("POST",   "/api/v2/assets/{asset_id}/materialize",    &["dag_version:run"], VERSION),
    on("POST",   "/api/v2/dags/{dag_id}/clearDagRuns",       &["dag * RUN"], "it only clears: the method is PUT for each run"),
    on("POST",   "/api/v2/dags/{dag_id}/favorite",           &["dag GET", "dag:update"], FAVORITE),
    on("POST",   "/api/v2/dags/{dag_id}/unfavorite",         &["dag GET", "dag:update"], FAVORITE),

    on("GET", "/ui/backfills",                               &["dag GET"], "3.0 asks `backfill GET` as well"),
    on("GET", "/ui/dashboard/historical_metrics_data",       &["cluster_activity:read"], CLUSTER),
    on("GET", "/ui/dashboard/dag_stats",                     &["cluster_activity:read"], CLUSTER),
    on("GET", "/ui/grid/structure/{dag_id}",                 &["dag:read"], "it lists the DAG's tasks"),
    on("GET", "/ui/partitioned_dag_runs",                    &["dag_run:read"], PARTITIONED),
    on("GET", "/ui/pending_partitioned_dag_run/{dag_id}",    &["dag_run:read"], PARTITIONED),
    on("GET", "/ui/pending_partitioned_dag_run/{dag_id}/{partition_key}", &["dag_run:read"], PARTITIONED),
    on("GET", "/auth/fab/v1/permissions",                    &["custom_view GET Roles"], "2.11 asks `custom_view GET Permissions`, and lists the same"),
    on("GET", "/auth/{page:path}", &["fab can_read My Password", "fab can_read Passwords", "fab can_edit My Profile", "fab can_read User Stats Chart"], "forms without data, the caller's own page, and a chart"),

    on("GET", "/home", &["configuration GET", "dag DELETE", "dag PUT", "dag POST RUN", "view IMPORT_ERRORS", "view WEBSITE"], BUTTONS),
    on("GET", "/dags/{dag_id}/grid", &["dag PUT TASK_INSTANCE"], BUTTONS),
    on("GET", "/object/dataset_dependencies", &["asset:read"], "it lists the datasets as well"),
];
