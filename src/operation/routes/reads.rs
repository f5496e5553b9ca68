//! What fields the bodies of changing routes have, in any release, beside those that name ids.
//!
//! A body with another field may be for a route that a newer release has in the place of an id: `PATCH
//! /api/v2/dags/bulk` is, to a table without it, the DAG `bulk`.

use crate::operation::Action::{self, *};

/// Those of a run to start. `conf` and `note` are of the run that is made.
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

/// By which a start does more: pauses the DAG once its runs have ended, takes other code than the newest.
pub(super) const TRIGGER_MORE: &[(&str, Action)] =
    &[("drain_dag", DagUpdate), ("bundle_version", DagVersionRun)];

/// The same of a backfill, which takes the newest code.
pub(super) const BACKFILL_MORE: &[(&str, Action)] = &[("drain_dag", DagUpdate)];

/// By which a test writes the connection.
pub(super) const TEST_MORE: &[(&str, Action)] = &[
    ("commit_on_success", ConnectionCreate),
    ("commit_on_success", ConnectionUpdate),
];

/// Those of a run that a task starts. `reset_dag_run` only tells the worker to ask for `clear` next.
pub(super) const TASK_TRIGGERS: &[&str] = &[
    "conf",
    "logical_date",
    "note",
    "partition_key",
    "reset_dag_run",
    "run_after",
];

/// Those of a DAG.
pub(super) const DAG: &[&str] = &["is_paused", "scheduling_state"];

/// Those of a run. A run that is queued again runs its tasks again.
pub(super) const RUN: &[&str] = &["note", "state"];

/// Those of a run to clear. The newest code is what a new run would take, so that `run_on_latest_version` gives no more.
pub(super) const CLEAR_RUN: &[&str] = &[
    "dry_run",
    "note",
    "only_failed",
    "only_new",
    "run_on_latest_version",
];

/// Those of runs to clear.
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

/// Those of partitions to clear.
pub(super) const CLEAR_PARTITIONS: &[&str] = &[
    "clear_task_instances",
    "dry_run",
    "partition_date_end",
    "partition_date_start",
    "partition_key",
    "run_id",
];

/// Those of task instances to clear, by default with their runs (`reset_dag_runs`).
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

/// Those of a task instance, or a group of them.
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

/// Those of an XCom.
pub(super) const XCOM: &[&str] = &["map_index", "region_id", "region_index", "value"];

/// Those of a value that a task or an asset keeps.
pub(super) const STATE: &[&str] = &["value"];

/// Those of a value that a task keeps for some time.
pub(super) const TASK_STATE: &[&str] = &["expires_at", "value"];

/// Those of what a person answers to a task.
pub(super) const HITL: &[&str] = &["chosen_options", "params_input", "request_created_at"];

/// Those of a connection.
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

/// Those of a pool.
pub(super) const POOL: &[&str] = &["description", "include_deferred", "slots", "team_name"];

/// Those of a variable.
pub(super) const VARIABLE: &[&str] = &["description", "team_name", "value"];
