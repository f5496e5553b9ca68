//! Airflow 2.11's pages that list, show and change one kind of object: pages of its web framework,
//! Flask-AppBuilder, with the same paths for each kind. What they are about is in keys of the
//! database, forms and filters, so that they stand for any. What changes something asks for every
//! change that the pages of its kind can make.

use crate::operation::route::{Id::*, Route, V2, on};

/// The pages below a path: what reads there, what changes there, and which ids both stand for.
macro_rules! list {
    ($path:literal, $read:literal, $change:expr, $any:expr) => {
        [
            on(V2, "GET", concat!($path, "/{page:path}"), &[$read]).any($any),
            // With a GET too, these two act.
            on(V2, "GET", concat!($path, "/action/{name}/{pk}"), $change).any($any),
            on(V2, "GET", concat!($path, "/delete/{pk}"), $change).any($any),
            on(V2, "POST", concat!($path, "/{page:path}"), $change).any($any),
            on(V2, "PUT", concat!($path, "/{page:path}"), $change).any($any),
            on(V2, "DELETE", concat!($path, "/{page:path}"), $change).any($any),
        ]
    };
}

// Two of the actions on a list read: the export of variables has their values, a duplicate is a copy.
const CONNECTIONS: &[&str] = &[
    "connection:read",
    "connection:create",
    "connection:update",
    "connection:delete",
];
const PERMISSIONS: &[&str] = &["permission:update"];
const POOLS: &[&str] = &["pool:create", "pool:update", "pool:delete"];
const ROLES: &[&str] = &["role:create", "role:update", "role:delete"];
const RUNS: &[&str] = &[
    "dag_run:trigger",
    "dag_run:update",
    "dag_run:clear",
    "dag_run:delete",
];
const TASK_INSTANCES: &[&str] = &[
    "task_instance:update",
    "task_instance:clear",
    "task_instance:delete",
];
const USERS: &[&str] = &["user:create", "user:update", "user:delete"];
const VARIABLES: &[&str] = &[
    "variable:read",
    "variable:create",
    "variable:update",
    "variable:delete",
];
const XCOMS: &[&str] = &["xcom:create", "xcom:update", "xcom:delete"];

#[rustfmt::skip]
pub(super) const ROUTES: &[[Route; 6]] = &[
    list!("/actions",        "permission:read",    PERMISSIONS,    &[]),
    list!("/connection",     "connection:read",    CONNECTIONS,    &[Connection]),
    list!("/dagrun",         "dag_run:read",       RUNS,           &[Dag, Task]),
    list!("/job",            "job:read",           &["job:update"], &[Dag]),
    list!("/permissions",    "permission:read",    PERMISSIONS,    &[]),
    list!("/pool",           "pool:read",          POOLS,          &[Pool]),
    list!("/resources",      "permission:read",    PERMISSIONS,    &[]),
    list!("/roles",          "role:read",          ROLES,          &[]),
    list!("/slamiss",        "task_instance:read", TASK_INSTANCES, &[Dag, Task]),
    list!("/taskinstance",   "task_instance:read", TASK_INSTANCES, &[Dag, Task]),
    list!("/taskreschedule", "task_instance:read", TASK_INSTANCES, &[Dag, Task]),
    list!("/triggerview",    "task_instance:read", TASK_INSTANCES, &[Dag, Task]),
    list!("/users",          "user:read",          USERS,          &[]),
    list!("/variable",       "variable:read",      VARIABLES,      &[Variable]),
    list!("/xcom",           "xcom:read",          XCOMS,          &[Dag, Task, XcomKey]),
];

const LOG: &[&str] = &["audit_log:update"];

/// The pages of the audit log, one by one: the log servers have their files below the same path.
#[rustfmt::skip]
pub(super) const AUDIT_LOG: &[Route] = &[
    on(V2, "GET",    "/log/list",               &["audit_log:read"]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/show/{pk}",          &["audit_log:read"]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/download/{file}",    &["audit_log:read"]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/add",                &["audit_log:read"]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/edit/{pk}",          &["audit_log:read"]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/api",                &["audit_log:read"]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/api/{page:path}",    &["audit_log:read"]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/action/{name}/{pk}", LOG).any(&[Dag, Task]),
    on(V2, "GET",    "/log/delete/{pk}",        LOG).any(&[Dag, Task]),
    on(V2, "POST",   "/log/{page:path}",        LOG).any(&[Dag, Task]),
    on(V2, "PUT",    "/log/{page:path}",        LOG).any(&[Dag, Task]),
    on(V2, "DELETE", "/log/{page:path}",        LOG).any(&[Dag, Task]),
];
