//! The vocabulary of actions: `resource:verb`.
//!
//! Resources are those of Airflow's auth managers (`airflow/api_fastapi/auth/managers/models/
//! resource_details.py`: `DagAccessEntity`, `AccessView` and the resource classes), in singular.
//! Verbs are `read`, `create`, `update`, `delete`, as their GET, POST, PUT and DELETE, and a
//! word of its own where Airflow's API has one and a policy wants to tell it apart. A route that the
//! table lacks has the action `unclassified` of its surface, such as `ui:unclassified`.

/// Every action that a route can ask for, in alphabetical order.
const ACTIONS: &[&str] = &[
    "asset:create",
    "asset:delete",
    "asset:read",
    // Values that tasks keep with an asset (3.3).
    "asset_state:delete",
    "asset_state:read",
    "asset_state:update",
    "audit_log:read",
    "audit_log:update",
    // Getting or ending a session or token; the routes are open to whoever has a password.
    "auth:login",
    "auth:logout",
    // What the caller itself may see and is.
    "auth:read",
    "auth:unclassified",
    "backfill:create",
    "backfill:read",
    "backfill:update",
    // A deadline's callback, which starts with it (3.4).
    "callback:run",
    "cluster_activity:read",
    "config:read",
    "connection:create",
    "connection:delete",
    "connection:read",
    "connection:test",
    "connection:update",
    "dag:delete",
    "dag:read",
    // Pausing, tagging as favourite, parsing anew.
    "dag:update",
    "dag_code:read",
    "dag_run:clear",
    "dag_run:delete",
    "dag_run:read",
    "dag_run:trigger",
    "dag_run:update",
    "dag_version:read",
    // Starting another version of a DAG's code than the newest (3.4).
    "dag_version:run",
    "dag_warning:read",
    "docs:read",
    "edge:unclassified",
    // The Edge executor's queue: whoever runs a job gets its task's token.
    "edge_job:read",
    "edge_job:run",
    "edge_worker:delete",
    "edge_worker:read",
    "edge_worker:update",
    "execution:unclassified",
    "health:read",
    "hitl_detail:create",
    "hitl_detail:read",
    "hitl_detail:update",
    "import_error:read",
    // Airflow 2's remote procedure calls, which can do anything to any DAG.
    "internal_api:call",
    "job:read",
    "job:update",
    "logs:unclassified",
    "metrics:read",
    "permission:read",
    "permission:update",
    "plugin:read",
    "pool:create",
    "pool:delete",
    "pool:read",
    "pool:update",
    "provider:read",
    "rest:unclassified",
    "role:create",
    "role:delete",
    "role:read",
    "role:update",
    "task:read",
    "task_instance:clear",
    "task_instance:delete",
    "task_instance:heartbeat",
    "task_instance:read",
    "task_instance:run",
    "task_instance:state",
    "task_instance:update",
    "task_log:create",
    "task_log:read",
    // Values that a task keeps over its tries (3.3).
    "task_state:delete",
    "task_state:read",
    "task_state:update",
    "team:read",
    // Telling the triggerer which class to run, with which arguments.
    "trigger:create",
    "ui:unclassified",
    "user:create",
    "user:delete",
    "user:read",
    "user:update",
    "variable:create",
    "variable:delete",
    "variable:read",
    "variable:update",
    "version:read",
    // Pages and their files.
    "website:read",
    "xcom:create",
    "xcom:delete",
    "xcom:read",
    "xcom:update",
];

/// Every action that a route can ask for, in alphabetical order.
pub fn actions() -> impl Iterator<Item = &'static str> + Clone {
    ACTIONS.iter().copied()
}

/// Whether `action` is that of the routes of a surface that are not known.
pub fn is_unclassified(action: &str) -> bool {
    action.ends_with(":unclassified")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Surface, deferral, routes};
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
            .chain(deferral::ACTIONS.iter().copied())
            .chain(Surface::ALL.into_iter().filter_map(Surface::unclassified))
            .collect();
        let known: BTreeSet<_> = actions().collect();
        assert_eq!(used, known);
        assert!(ACTIONS.is_sorted());
    }
}
