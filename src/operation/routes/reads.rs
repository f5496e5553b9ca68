//! The fields of the bodies of changing routes, in any release, beside those that name ids.
//!
//! A body with another field may be for a route that a newer release has in the place of an id. To a table
//! without that route, `PATCH /api/v2/dags/bulk` is about the DAG `bulk`.

use crate::operation::Action::{self, *};

/// The fields of a run to start. `conf` and `note` belong to the new run.
pub(super) const TRIGGER: &[&str] = &[
    "conf",
    "dag_run_id",
    "data_interval_end",
    "data_interval_start",
    "logical_date",
    "note",
    "partition_key",
    "run_after",
];

/// The fields with which a start does more: it pauses the DAG once its runs have ended, or takes other code
/// than the newest.
pub(super) const TRIGGER_MORE: &[(&str, Action)] =
    &[("drain_dag", DagUpdate), ("bundle_version", DagVersionRun)];

/// The same for a backfill, which takes the newest code.
pub(super) const BACKFILL_MORE: &[(&str, Action)] = &[("drain_dag", DagUpdate)];

/// The fields with which a test writes the connection.
pub(super) const TEST_MORE: &[(&str, Action)] = &[
    ("commit_on_success", ConnectionCreate),
    ("commit_on_success", ConnectionUpdate),
];

/// The fields of a run that a task starts. `reset_dag_run` only tells the worker to ask for `clear` next.
pub(super) const TASK_TRIGGERS: &[&str] = &[
    "conf",
    "logical_date",
    "note",
    "partition_key",
    "reset_dag_run",
    "run_after",
];

/// The fields of a DAG.
pub(super) const DAG: &[&str] = &["is_paused", "scheduling_state"];

/// The fields of a run. A run that is queued again runs its tasks again.
pub(super) const RUN: &[&str] = &["note", "state"];

/// The fields of a run to clear. A new run would also take the newest code, so `run_on_latest_version` gives
/// no more rights.
pub(super) const CLEAR_RUN: &[&str] = &[
    "dry_run",
    "note",
    "only_failed",
    "only_new",
    "run_on_latest_version",
];

/// The fields of runs to clear.
pub(super) const CLEAR_RUNS: &[&str] = &[
    "dry_run",
    "note",
    "only_failed",
    "only_new",
    "partition_date_end",
    "partition_date_start",
    "partition_key",
    "run_on_latest_version",
];

/// The fields of partitions to clear.
pub(super) const CLEAR_PARTITIONS: &[&str] = &[
    "clear_task_instances",
    "dry_run",
    "partition_date_end",
    "partition_date_start",
    "partition_key",
    "run_id",
];

/// The fields of task instances to clear, by default with their runs (`reset_dag_runs`).
pub(super) const CLEAR_TASK_INSTANCES: &[&str] = &[
    "dag_run_id",
    "dry_run",
    "end_date",
    "include_future",
    "include_past",
    "keep_task_state",
    "note",
    "only_failed",
    "only_running",
    "prevent_running_task",
    "reset_dag_runs",
    "run_on_latest_version",
    "start_date",
];

/// The fields of a task instance, or of a group of them.
pub(super) const TASK_INSTANCE: &[&str] = &[
    "include_downstream",
    "include_future",
    "include_past",
    "include_upstream",
    "new_state",
    "note",
    "region_id",
    "region_index",
];

/// The fields of an XCom.
pub(super) const XCOM: &[&str] = &["map_index", "region_id", "region_index", "value"];

/// The fields of a value that a task or an asset stores.
pub(super) const STATE: &[&str] = &["value"];

/// The fields of a value that a task stores for some time.
pub(super) const TASK_STATE: &[&str] = &["expires_at", "value"];

/// The fields of a person's answer to a task.
pub(super) const HITL: &[&str] = &["chosen_options", "params_input", "request_created_at"];

/// The fields of a connection.
pub(super) const CONNECTION: &[&str] = &[
    "conn_type",
    "description",
    "extra",
    "host",
    "login",
    "password",
    "port",
    "schema",
    "team_name",
];

/// The fields of a pool.
pub(super) const POOL: &[&str] = &["description", "include_deferred", "slots", "team_name"];

/// The fields of a variable.
pub(super) const VARIABLE: &[&str] = &["description", "team_name", "value"];
