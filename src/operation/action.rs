//! The vocabulary of actions: `resource:verb`.
//!
//! Resources are those of Airflow's auth managers
//! (`airflow/api_fastapi/auth/managers/models/resource_details.py`: `DagAccessEntity`, `AccessView` and the
//! resource classes), in singular. The verbs `read`, `create`, `update` and `delete` are their GET, POST, PUT
//! and DELETE. Another verb stands for an operation of Airflow's API that a policy may want to tell apart. A
//! route that is not in the table has the action `unclassified` of its surface, such as `ui:unclassified`.

use std::fmt;

macro_rules! actions {
    ($($(#[doc = $why:literal])* $name:ident = $resource:literal $verb:literal;)+) => {
        /// The kind of object that a request accesses, and the operation on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $(
                #[doc = concat!("`", $resource, ":", $verb, "`.")]
                $(#[doc = $why])*
                $name,
            )+
        }

        impl Action {
            /// Every action, in alphabetical order.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The words of all actions, in the same order. A policy searches them for each of its patterns.
            pub const WORDS: &[&'static str] = &[$(Self::$name.as_str(),)+];

            /// The word for the action in policies, metrics and logs, `resource:verb`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($resource, ":", $verb),)+
                }
            }

            /// The kind of object.
            pub const fn resource(self) -> &'static str {
                match self {
                    $(Self::$name => $resource,)+
                }
            }

            /// The operation on the object.
            pub const fn verb(self) -> &'static str {
                match self {
                    $(Self::$name => $verb,)+
                }
            }
        }
    };
}

actions! {
    AssetCreate = "asset" "create";
    AssetDelete = "asset" "delete";
    AssetRead = "asset" "read";
    /// Values that tasks store with an asset (3.3).
    AssetStateDelete = "asset_state" "delete";
    AssetStateRead = "asset_state" "read";
    AssetStateUpdate = "asset_state" "update";
    AuditLogRead = "audit_log" "read";
    AuditLogUpdate = "audit_log" "update";
    /// Starts or ends a session, or issues a token. Any caller with a password can use these routes.
    AuthLogin = "auth" "login";
    AuthLogout = "auth" "logout";
    /// The caller's own permissions and identity.
    AuthRead = "auth" "read";
    AuthUnclassified = "auth" "unclassified";
    BackfillCreate = "backfill" "create";
    BackfillRead = "backfill" "read";
    BackfillUpdate = "backfill" "update";
    /// Starts a deadline's callback (3.4).
    CallbackRun = "callback" "run";
    ClusterActivityRead = "cluster_activity" "read";
    ConfigRead = "config" "read";
    ConnectionCreate = "connection" "create";
    ConnectionDelete = "connection" "delete";
    ConnectionRead = "connection" "read";
    ConnectionTest = "connection" "test";
    ConnectionUpdate = "connection" "update";
    DagDelete = "dag" "delete";
    DagRead = "dag" "read";
    /// Pauses a DAG, marks it as a favourite, or parses it again.
    DagUpdate = "dag" "update";
    DagCodeRead = "dag_code" "read";
    DagRunClear = "dag_run" "clear";
    DagRunDelete = "dag_run" "delete";
    DagRunRead = "dag_run" "read";
    DagRunTrigger = "dag_run" "trigger";
    DagRunUpdate = "dag_run" "update";
    DagVersionRead = "dag_version" "read";
    /// Starts a version of a DAG's code other than the newest (3.4).
    DagVersionRun = "dag_version" "run";
    DagWarningRead = "dag_warning" "read";
    DocsRead = "docs" "read";
    EdgeUnclassified = "edge" "unclassified";
    /// The Edge executor's queue. A caller that takes a job gets its task's token.
    EdgeJobRead = "edge_job" "read";
    EdgeJobRun = "edge_job" "run";
    EdgeWorkerDelete = "edge_worker" "delete";
    EdgeWorkerRead = "edge_worker" "read";
    EdgeWorkerUpdate = "edge_worker" "update";
    ExecutionUnclassified = "execution" "unclassified";
    HealthRead = "health" "read";
    HitlDetailCreate = "hitl_detail" "create";
    HitlDetailRead = "hitl_detail" "read";
    HitlDetailUpdate = "hitl_detail" "update";
    ImportErrorRead = "import_error" "read";
    /// Airflow 2's remote procedure calls, which can do anything to any DAG.
    InternalApiCall = "internal_api" "call";
    JobRead = "job" "read";
    JobUpdate = "job" "update";
    LogsUnclassified = "logs" "unclassified";
    MetricsRead = "metrics" "read";
    PermissionRead = "permission" "read";
    PermissionUpdate = "permission" "update";
    PluginRead = "plugin" "read";
    PoolCreate = "pool" "create";
    PoolDelete = "pool" "delete";
    PoolRead = "pool" "read";
    PoolUpdate = "pool" "update";
    ProviderRead = "provider" "read";
    RestUnclassified = "rest" "unclassified";
    RoleCreate = "role" "create";
    RoleDelete = "role" "delete";
    RoleRead = "role" "read";
    RoleUpdate = "role" "update";
    TaskRead = "task" "read";
    TaskInstanceClear = "task_instance" "clear";
    TaskInstanceDelete = "task_instance" "delete";
    TaskInstanceHeartbeat = "task_instance" "heartbeat";
    TaskInstanceRead = "task_instance" "read";
    TaskInstanceRun = "task_instance" "run";
    TaskInstanceState = "task_instance" "state";
    TaskInstanceUpdate = "task_instance" "update";
    TaskLogCreate = "task_log" "create";
    TaskLogRead = "task_log" "read";
    /// Values that a task stores across its tries (3.3).
    TaskStateDelete = "task_state" "delete";
    TaskStateRead = "task_state" "read";
    TaskStateUpdate = "task_state" "update";
    TeamRead = "team" "read";
    /// Tells the triggerer which class to run, with which arguments.
    TriggerCreate = "trigger" "create";
    UiUnclassified = "ui" "unclassified";
    UserCreate = "user" "create";
    UserDelete = "user" "delete";
    UserRead = "user" "read";
    UserUpdate = "user" "update";
    VariableCreate = "variable" "create";
    VariableDelete = "variable" "delete";
    VariableRead = "variable" "read";
    VariableUpdate = "variable" "update";
    VersionRead = "version" "read";
    /// Pages and their files.
    WebsiteRead = "website" "read";
    XcomCreate = "xcom" "create";
    XcomDelete = "xcom" "delete";
    XcomRead = "xcom" "read";
    XcomUpdate = "xcom" "update";
}

impl Action {
    /// Whether the action is about DAG runs, or about parts of them. A request for such an action that names no
    /// run is about any.
    pub(super) fn is_of_runs(self) -> bool {
        matches!(
            self,
            Self::AuditLogRead
                | Self::AuditLogUpdate
                | Self::BackfillCreate
                | Self::BackfillRead
                | Self::BackfillUpdate
                | Self::CallbackRun
                | Self::ClusterActivityRead
                | Self::DagDelete
                | Self::DagRunClear
                | Self::DagRunDelete
                | Self::DagRunRead
                | Self::DagRunTrigger
                | Self::DagRunUpdate
                | Self::EdgeJobRead
                | Self::EdgeJobRun
                | Self::HitlDetailCreate
                | Self::HitlDetailRead
                | Self::HitlDetailUpdate
                | Self::InternalApiCall
                | Self::TaskInstanceClear
                | Self::TaskInstanceDelete
                | Self::TaskInstanceHeartbeat
                | Self::TaskInstanceRead
                | Self::TaskInstanceRun
                | Self::TaskInstanceState
                | Self::TaskInstanceUpdate
                | Self::TaskLogCreate
                | Self::TaskLogRead
                | Self::TaskStateDelete
                | Self::TaskStateRead
                | Self::TaskStateUpdate
                | Self::TriggerCreate
                | Self::XcomCreate
                | Self::XcomDelete
                | Self::XcomRead
                | Self::XcomUpdate
        )
    }

    /// Whether this is the action of a surface's unknown routes.
    pub fn is_unclassified(self) -> bool {
        self.verb() == "unclassified"
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether `text` is, or ends as, the action of a surface's unknown routes.
pub fn is_unclassified(text: &str) -> bool {
    text.ends_with(":unclassified")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Surface, route, routes};
    use std::collections::BTreeSet;

    #[test]
    fn the_table_uses_every_action_and_no_other() {
        let used: BTreeSet<_> = routes::all()
            .chain(routes::single_page())
            .chain(routes::web_pages())
            .flat_map(|(_, route)| {
                let by_fields = route.when.iter().map(|(_, action)| *action);
                route.actions.iter().copied().chain(by_fields)
            })
            .chain(route::DEFERRAL)
            .chain(Surface::ALL.into_iter().filter_map(Surface::unclassified))
            .collect();
        let known: BTreeSet<_> = Action::ALL.iter().copied().collect();
        assert_eq!(used, known);
        assert!(Action::ALL.is_sorted_by_key(|action| action.as_str()));
    }
}
