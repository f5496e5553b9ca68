//! Airflow 2.11's pages that list, show and change one kind of object. They are pages of its web framework,
//! Flask-AppBuilder, with the same paths for each kind. They name their objects in keys of the database,
//! forms and filters, so each row stands for any object. A route that changes something needs every action
//! that the pages of its kind can perform.

use crate::operation::Action::{self, *};
use crate::operation::route::{Id::*, Route, V2, on};

/// The pages below a path: the actions to read there, the actions to change there, and the ids that both
/// stand for.
macro_rules! list {
    ($path:literal, $read:ident, $change:expr, $any:expr) => {
        [
            on(V2, "GET", concat!($path, "/{page:path}"), &[$read]).any($any),
            // These two act on a GET, too.
            on(V2, "GET", concat!($path, "/action/{name}/{pk}"), $change).any($any),
            on(V2, "GET", concat!($path, "/delete/{pk}"), $change).any($any),
            on(V2, "POST", concat!($path, "/{page:path}"), $change).any($any),
            on(V2, "PUT", concat!($path, "/{page:path}"), $change).any($any),
            on(V2, "DELETE", concat!($path, "/{page:path}"), $change).any($any),
        ]
    };
}

// Two of the actions on a list read: the export of variables contains their values, and a duplicate is a
// copy.
const CONNECTIONS: &[Action] = &[
    ConnectionRead,
    ConnectionCreate,
    ConnectionUpdate,
    ConnectionDelete,
];
const PERMISSIONS: &[Action] = &[PermissionUpdate];
const POOLS: &[Action] = &[PoolCreate, PoolUpdate, PoolDelete];
const ROLES: &[Action] = &[RoleCreate, RoleUpdate, RoleDelete];
const RUNS: &[Action] = &[DagRunTrigger, DagRunUpdate, DagRunClear, DagRunDelete];
const TASK_INSTANCES: &[Action] = &[TaskInstanceUpdate, TaskInstanceClear, TaskInstanceDelete];
const USERS: &[Action] = &[UserCreate, UserUpdate, UserDelete];
const VARIABLES: &[Action] = &[VariableRead, VariableCreate, VariableUpdate, VariableDelete];
const XCOMS: &[Action] = &[XcomCreate, XcomUpdate, XcomDelete];

#[rustfmt::skip]
pub(super) const ROUTES: &[[Route; 6]] = &[
    list!("/actions",        PermissionRead,    PERMISSIONS,    &[]),
    list!("/connection",     ConnectionRead,    CONNECTIONS,    &[Connection]),
    list!("/dagrun",         DagRunRead,       RUNS,           &[Dag, Task]),
    list!("/job",            JobRead,           &[JobUpdate], &[Dag]),
    list!("/permissions",    PermissionRead,    PERMISSIONS,    &[]),
    list!("/pool",           PoolRead,          POOLS,          &[Pool]),
    list!("/resources",      PermissionRead,    PERMISSIONS,    &[]),
    list!("/roles",          RoleRead,          ROLES,          &[]),
    list!("/slamiss",        TaskInstanceRead, TASK_INSTANCES, &[Dag, Task]),
    list!("/taskinstance",   TaskInstanceRead, TASK_INSTANCES, &[Dag, Task]),
    list!("/taskreschedule", TaskInstanceRead, TASK_INSTANCES, &[Dag, Task]),
    list!("/triggerview",    TaskInstanceRead, TASK_INSTANCES, &[Dag, Task]),
    list!("/users",          UserRead,          USERS,          &[]),
    list!("/variable",       VariableRead,      VARIABLES,      &[Variable]),
    list!("/xcom",           XcomRead,          XCOMS,          &[Dag, Task, XcomKey]),
];

const LOG: &[Action] = &[AuditLogUpdate];

/// The pages of the audit log, one by one, because the log servers have their files below the same path.
#[rustfmt::skip]
pub(super) const AUDIT_LOG: &[Route] = &[
    on(V2, "GET",    "/log/list",               &[AuditLogRead]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/show/{pk}",          &[AuditLogRead]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/download/{file}",    &[AuditLogRead]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/add",                &[AuditLogRead]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/edit/{pk}",          &[AuditLogRead]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/api",                &[AuditLogRead]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/api/{page:path}",    &[AuditLogRead]).any(&[Dag, Task]),
    on(V2, "GET",    "/log/action/{name}/{pk}", LOG).any(&[Dag, Task]),
    on(V2, "GET",    "/log/delete/{pk}",        LOG).any(&[Dag, Task]),
    on(V2, "POST",   "/log/{page:path}",        LOG).any(&[Dag, Task]),
    on(V2, "PUT",    "/log/{page:path}",        LOG).any(&[Dag, Task]),
    on(V2, "DELETE", "/log/{page:path}",        LOG).any(&[Dag, Task]),
];
