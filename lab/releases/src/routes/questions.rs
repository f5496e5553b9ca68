//! Translates the permissions that Airflow asks its auth manager for into dagward's actions.
//!
//! `lab/airflow/asked.py` writes the permissions: a resource, a method and, for a DAG, the entity:
//! `dag GET RUN`. Resources and entities are those of `resource_details.py`; pages of
//! Flask-AppBuilder have permissions of their own, `fab can_read Connections`.

/// The actions for a permission: a route must have one of each group. `None` for a permission that
/// this table does not know.
pub(super) fn actions_for(method: &str, question: &str) -> Option<Vec<Vec<String>>> {
    let words: Vec<&str> = question.splitn(3, ' ').collect();
    match words.as_slice() {
        // A list contains only those objects that the caller may read.
        [
            "dags" | "assets" | "connections" | "variables" | "pools" | "teams" | "menu_items",
            "GET",
        ] => Some(Vec::new()),
        // The kind of token that a route of the Execution API accepts, and its owner. `ti:self` is
        // checked separately.
        ["scope", _] | ["token"] => Some(Vec::new()),
        ["dags", "PUT"] => groups(&["dag"], "PUT"),
        ["dag", method] => groups(&["dag"], method),
        ["dag", method, entity] => of_dag(method, entity),
        ["asset" | "asset_alias" | "dataset", method] => groups(&["asset", "asset_state"], method),
        ["backfill", method] => groups(&["backfill"], method),
        ["connection", "POST"] => Some(vec![one_of(&["connection:create", "connection:test"])]),
        [resource @ ("connection" | "variable" | "pool"), method] => groups(&[resource], method),
        ["configuration", "GET"] => groups(&["config"], "GET"),
        ["hitl_task", _] => groups(&["hitl_detail"], "PUT"),
        ["view", view] => of_view(view),
        ["custom_view", method, resource] => of_security(resource, method),
        ["fab", permission, resource] => of_page(method, permission, resource),
        _ => None,
    }
}

/// A method's action on any of the given resources. `*` stands for all changes.
fn groups(resources: &[&str], method: &str) -> Option<Vec<Vec<String>>> {
    let verbs: &[&str] = match method {
        "GET" => &["read"],
        "POST" => &["create"],
        "PUT" => &["update"],
        "DELETE" => &["delete"],
        "*" => &["create", "update", "delete"],
        _ => return None,
    };
    let named = |verb: &&str| {
        resources
            .iter()
            .map(|resource| format!("{resource}:{verb}"))
            .collect()
    };
    Some(verbs.iter().map(named).collect())
}

/// Entities of a DAG. If dagward has a more specific action for a method, that action is enough.
fn of_dag(method: &str, entity: &str) -> Option<Vec<Vec<String>>> {
    let run_changes = one_of(&["dag_run:update", "dag_run:clear", "backfill:update"]);
    let run_ends = one_of(&["dag_run:delete"]);
    // Clearing a run clears its tasks.
    let task_changes = one_of(&[
        "task_instance:update",
        "task_instance:clear",
        "task_state:update",
        "dag_run:clear",
    ]);
    Some(match (entity, method) {
        ("RUN", "GET") => vec![one_of(&["dag_run:read", "backfill:read"])],
        ("RUN", "POST") => vec![one_of(&["dag_run:trigger", "backfill:create"])],
        ("RUN", "PUT") => vec![run_changes],
        ("RUN", "DELETE") => vec![run_ends],
        ("RUN", "*") => vec![run_changes, run_ends],
        ("TASK_INSTANCE", "PUT") => vec![task_changes],
        ("TASK_INSTANCE", "*") => vec![task_changes, one_of(&["task_instance:delete"])],
        ("SLA_MISS", "PUT") => vec![task_changes],
        ("TASK_INSTANCE" | "SLA_MISS", method) => return groups(&["task_instance", "task_state"], method),
        // The dependencies between DAGs.
        ("DEPENDENCIES", method) => return groups(&["dag"], method),
        ("AUDIT_LOG", method) => return groups(&["audit_log"], method),
        ("CODE", method) => return groups(&["dag_code"], method),
        ("HITL_DETAIL", method) => return groups(&["hitl_detail"], method),
        ("TASK", method) => return groups(&["task"], method),
        ("TASK_LOGS", method) => return groups(&["task_log"], method),
        ("VERSION", method) => return groups(&["dag_version"], method),
        ("WARNING", method) => return groups(&["dag_warning"], method),
        ("XCOM", method) => return groups(&["xcom"], method),
        _ => return None,
    })
}

fn of_view(view: &str) -> Option<Vec<Vec<String>>> {
    let actions: &[&str] = match view {
        "CLUSTER_ACTIVITY" => &["cluster_activity:read"],
        "IMPORT_ERRORS" => &["import_error:read"],
        // The Edge executor's pages ask for it, whatever they do.
        "JOBS" => &[
            "job:read",
            "edge_job:read",
            "edge_worker:read",
            "edge_worker:update",
            "edge_worker:delete",
        ],
        "PLUGINS" => &["plugin:read"],
        "PROVIDERS" => &["provider:read"],
        "WEBSITE" => &["website:read"],
        _ => return None,
    };
    Some(vec![one_of(actions)])
}

/// Users, roles and permissions. A permission is not an object of its own in dagward: every change
/// of one updates it.
fn of_security(resource: &str, method: &str) -> Option<Vec<Vec<String>>> {
    match resource {
        "Users" | "My Password" | "Passwords" | "My Profile" | "User Stats Chart" => {
            groups(&["user"], method)
        }
        "Roles" => groups(&["role"], method),
        "Permissions" | "View Menus" | "Permission Views" => {
            groups(&["permission"], if method == "GET" { "GET" } else { "PUT" })
        }
        _ => None,
    }
}

/// A page of Flask-AppBuilder. With GET, a page that creates or changes something only shows its
/// form.
fn of_page(method: &str, permission: &str, resource: &str) -> Option<Vec<Vec<String>>> {
    let asked = match permission.trim_start_matches("can_") {
        "read" | "list" | "show" | "download" => "GET",
        "add" | "create" | "edit" if method == "GET" => "GET",
        "add" | "create" => "POST",
        "delete" => "DELETE",
        _ => "PUT",
    };
    match resource {
        "Connections" => groups(&["connection"], asked),
        "Variables" => groups(&["variable"], asked),
        "Pools" => groups(&["pool"], asked),
        "XComs" => groups(&["xcom"], asked),
        "DAG Runs" => of_dag(asked, "RUN"),
        "Task Instances" | "SLA Misses" | "Task Reschedules" | "Triggers" => {
            of_dag(if asked == "POST" { "PUT" } else { asked }, "TASK_INSTANCE")
        }
        "Audit Logs" => groups(&["audit_log"], if asked == "GET" { "GET" } else { "PUT" }),
        "Jobs" => groups(&["job"], if asked == "GET" { "GET" } else { "PUT" }),
        _ => of_security(resource, asked),
    }
}

fn one_of(actions: &[&str]) -> Vec<String> {
    actions.iter().map(|&action| action.to_owned()).collect()
}
