//! The places where bodies name ids that a policy can match, for rows that share a form. Runs come last: if the
//! ids are too many to combine, the request is about any run rather than about any DAG.

use crate::operation::route::{Field, Id, is, is_or_element, widens};

/// DAGs in bulk: an element is a DAG's id, or an object that contains it.
pub(super) const BULK_DAGS: &[Field] = &[is_or_element("actions[].entities[].dag_id", Id::Dag)];

/// Runs by lists of ids.
pub(super) const LIST_RUNS: &[Field] = &[is("dag_ids[]", Id::Dag)];

/// Task instances by lists of ids.
pub(super) const LIST_TASK_INSTANCES: &[Field] = &[
    is("dag_ids[]", Id::Dag),
    is("task_ids[]", Id::Task),
    is("dag_run_ids[]", Id::Run),
];

/// Runs in bulk: an element may be an object whose DAG overrides the path's.
pub(super) const BULK_RUNS: &[Field] = &[
    is("actions[].entities[].dag_id", Id::Dag),
    is_or_element("actions[].entities[].dag_run_id", Id::Run),
];

/// Task instances in bulk: an element is a task's id, or an object whose ids override the path's.
pub(super) const BULK_TASK_INSTANCES: &[Field] = &[
    is("actions[].entities[].dag_id", Id::Dag),
    is_or_element("actions[].entities[].task_id", Id::Task),
    widens("actions[].entities[].include_upstream", Id::Task),
    widens("actions[].entities[].include_downstream", Id::Task),
    is("actions[].entities[].dag_run_id", Id::Run),
    widens("actions[].entities[].include_future", Id::Run),
    widens("actions[].entities[].include_past", Id::Run),
];

/// The fields that extend a change of one task instance to others.
pub(super) const UPDATE_TASK_INSTANCE: &[Field] = &[
    widens("include_upstream", Id::Task),
    widens("include_downstream", Id::Task),
    widens("include_future", Id::Run),
    widens("include_past", Id::Run),
];

/// The fields that extend a change of a group of task instances to other runs.
pub(super) const UPDATE_GROUP: &[Field] =
    &[widens("include_future", Id::Run), widens("include_past", Id::Run)];

/// The task instances of a DAG to clear. UUIDs and groups (3.4) count as tasks without a name here. Airflow
/// accepts only UUIDs of the DAG in the path.
pub(super) const CLEAR_TASK_INSTANCES: &[Field] = &[
    is("task_ids[]", Id::Task),
    widens("include_upstream", Id::Task),
    widens("include_downstream", Id::Task),
    widens("include_later_loop_iterations", Id::Task),
    widens("task_group_id", Id::Task),
    widens("task_instance_ids[]", Id::Task),
    widens("whole_expansion_ids[]", Id::Task),
    is("dag_run_id", Id::Run),
    widens("include_future", Id::Run),
    widens("include_past", Id::Run),
    widens("task_instance_ids[]", Id::Run),
    widens("whole_expansion_ids[]", Id::Run),
];

/// The same in Airflow 2, where the request can reach upstream and downstream DAGs.
pub(super) const CLEAR_TASK_INSTANCES_2: &[Field] = &[
    is("task_ids[]", Id::Task),
    widens("include_upstream", Id::Task),
    widens("include_downstream", Id::Task),
    widens("include_subdags", Id::Dag),
    widens("include_parentdag", Id::Dag),
    is("dag_run_id", Id::Run),
    widens("include_future", Id::Run),
    widens("include_past", Id::Run),
    widens("include_subdags", Id::Run),
    widens("include_parentdag", Id::Run),
];

/// Task instances whose state to set, in Airflow 2.
pub(super) const SET_STATE: &[Field] = &[
    is("task_id", Id::Task),
    widens("include_upstream", Id::Task),
    widens("include_downstream", Id::Task),
    is("dag_run_id", Id::Run),
    widens("include_future", Id::Run),
    widens("include_past", Id::Run),
];

/// Runs to clear. A DAG here must be the path's, unless that is `~`.
pub(super) const CLEAR_RUNS: &[Field] = &[
    is("dag_runs[].dag_id", Id::Dag),
    is("dag_runs[].dag_run_id", Id::Run),
    widens("partition_key", Id::Run),
    widens("partition_date_start", Id::Run),
    widens("partition_date_end", Id::Run),
];

/// A run to start. Without an id Airflow picks one.
pub(super) const TRIGGER: &[Field] = &[is("dag_run_id", Id::Run)];

/// A DAG to backfill.
pub(super) const BACKFILL: &[Field] = &[is("dag_id", Id::Dag)];

/// An asset of an event.
pub(super) const ASSET: &[Field] = &[is("asset_id", Id::AssetNumber)];

/// The assets that a finishing task reports. Each DAG that waits for one of them may start, whatever outlets
/// the task's own DAG declares: Airflow does not compare them.
pub(super) const OUTLETS: &[Field] = &[
    is("task_outlets[].name", Id::Asset),
    is("task_outlets[].uri", Id::Asset),
    is("outlet_events[].dest_asset_key.name", Id::Asset),
    is("outlet_events[].dest_asset_key.uri", Id::Asset),
];

/// The same in Airflow 2, which calls assets datasets.
pub(super) const DATASET: &[Field] = &[is("dataset_uri", Id::Asset)];

/// An XCom to create.
pub(super) const XCOM: &[Field] = &[is("key", Id::XcomKey)];

/// A connection to create, test or change.
pub(super) const CONNECTION: &[Field] = &[is("connection_id", Id::Connection)];

/// Connections in bulk. Those to delete are named by their ids alone.
pub(super) const BULK_CONNECTIONS: &[Field] = &[is_or_element(
    "actions[].entities[].connection_id",
    Id::Connection,
)];

/// A variable to create or change.
pub(super) const VARIABLE: &[Field] = &[is("key", Id::Variable)];

/// Variables in bulk.
pub(super) const BULK_VARIABLES: &[Field] = &[is_or_element("actions[].entities[].key", Id::Variable)];

/// A pool to create or change. Airflow 3 reads either name, and refuses both at once.
pub(super) const POOL: &[Field] = &[is("name|pool", Id::Pool)];

/// Pools in bulk.
pub(super) const BULK_POOLS: &[Field] = &[is_or_element("actions[].entities[].name|pool", Id::Pool)];
