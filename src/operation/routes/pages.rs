//! The web pages of Airflow 2.11. Their paths share no prefix, and a business service may have
//! the same ones, so they are Airflow's only where the policy document says so.
//!
//! Where a form names the DAG, the row stands for any DAG: forms are not read.

use crate::operation::route::{Id::*, Param, Route, V2, on, one};

const DAG: &[Param] = &[one("dag_id", Dag)];
const TASK: &[Param] = &[one("dag_id", Dag), one("task_id", Task)];
const RUN: &[Param] = &[one("dag_id", Dag), one("run_id", Run)];
const TASK_IN_RUN: &[Param] = &[one("dag_id", Dag), one("task_id", Task), one("run_id", Run)];

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // One DAG.
    on(V2, "GET",  "/dags/{dag_id}",               &["dag:read"]),
    on(V2, "GET",  "/dags/{dag_id}/audit_log",     &["audit_log:read"]),
    on(V2, "GET",  "/dags/{dag_id}/calendar",      &["dag_run:read"]),
    on(V2, "GET",  "/dags/{dag_id}/code",          &["dag_code:read"]),
    on(V2, "GET",  "/dags/{dag_id}/details",       &["dag:read"]),
    on(V2, "GET",  "/dags/{dag_id}/duration",      &["task_instance:read"]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/gantt",         &["task_instance:read"]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/graph",         &["task_instance:read"]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/grid",          &["task_instance:read"]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/landing-times", &["task_instance:read"]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/tries",         &["task_instance:read"]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/trigger",       &["dag_run:trigger"]).any(&[Run]),
    on(V2, "POST", "/dags/{dag_id}/trigger",       &["dag_run:trigger"]).any(&[Run]),
    on(V2, "GET",  "/object/next_run_datasets/{dag_id}", &["dag_run:read", "asset:read"]).any(&[Asset]),

    // One DAG or task, named by the query. A page has the run by its date.
    on(V2, "GET",  "/audit_log",                &["audit_log:read"]).query(DAG),
    on(V2, "GET",  "/calendar",                 &["dag_run:read"]).query(DAG),
    on(V2, "GET",  "/code",                     &["dag_code:read"]).query(DAG),
    on(V2, "GET",  "/confirm",                  &["task_instance:update"]).query(&[one("dag_id", Dag), one("dag_run_id", Run)]).any(&[Task]),
    on(V2, "GET",  "/dag_details",              &["dag:read"]).query(DAG),
    on(V2, "GET",  "/dagrun_details",           &["dag_run:read"]).query(RUN),
    on(V2, "GET",  "/duration",                 &["task_instance:read"]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/extra_links",              &["task_instance:read"]).query(TASK),
    on(V2, "GET",  "/gantt",                    &["task_instance:read"]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/get_logs_with_metadata",   &["task_instance:read", "task_log:read"]).query(TASK),
    on(V2, "GET",  "/graph",                    &["task_instance:read"]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/landing_times",            &["task_instance:read"]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/log",                      &["task_log:read"]).query(TASK),
    on(V2, "GET",  "/object/calendar_data",     &["dag_run:read"]).query(DAG),
    on(V2, "GET",  "/object/graph_data",        &["task_instance:read"]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/object/grid_data",         &["task_instance:read"]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/object/rendered-k8s",      &["task_instance:read"]).query(TASK_IN_RUN),
    on(V2, "GET",  "/object/task_instances",    &["task_instance:read"]).query(DAG).any(&[Task]),
    on(V2, "POST", "/paused",                   &["dag:update"]).query(DAG),
    on(V2, "GET",  "/redirect_to_external_log", &["task_log:read"]).query(TASK),
    on(V2, "GET",  "/rendered-k8s",             &["task_instance:read"]).query(TASK),
    on(V2, "GET",  "/rendered-templates",       &["task_instance:read"]).query(TASK),
    on(V2, "GET",  "/task",                     &["task_instance:read"]).query(TASK),
    on(V2, "GET",  "/tree",                     &["task_instance:read"]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/tries",                    &["task_instance:read"]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/xcom",                     &["xcom:read"]).query(TASK).any(&[XcomKey]),

    // DAGs and tasks that a form names.
    on(V2, "POST", "/blocked",        &["dag_run:read"]).any(&[Dag]),
    on(V2, "POST", "/clear",          &["task_instance:clear"]).any(&[Dag, Task]),
    on(V2, "POST", "/dag_stats",      &["dag_run:read"]).any(&[Dag]),
    on(V2, "POST", "/dagrun_clear",   &["dag_run:clear"]).any(&[Dag, Task]),
    on(V2, "POST", "/dagrun_failed",  &["dag_run:update"]).any(&[Dag]),
    on(V2, "POST", "/dagrun_queued",  &["dag_run:update"]).any(&[Dag]),
    on(V2, "POST", "/dagrun_success", &["dag_run:update"]).any(&[Dag]),
    on(V2, "POST", "/delete",         &["dag:delete"]).any(&[Dag]),
    on(V2, "POST", "/failed",         &["task_instance:update"]).any(&[Dag, Task]),
    on(V2, "POST", "/last_dagruns",   &["dag_run:read"]).any(&[Dag]),
    on(V2, "POST", "/next_run_datasets_summary", &["asset:read"]).any(&[Dag, Asset]),
    on(V2, "POST", "/success",        &["task_instance:update"]).any(&[Dag, Task]),
    on(V2, "POST", "/task_stats",     &["task_instance:read"]).any(&[Dag, Task]),

    // All DAGs.
    on(V2, "GET", "/cluster_activity",               &["cluster_activity:read"]).any(&[Dag]),
    on(V2, "GET", "/dag-dependencies",               &["dag:read"]).any(&[Dag, Asset]),
    on(V2, "GET", "/dagmodel/autocomplete",          &["dag:read"]).any(&[Dag]),
    on(V2, "GET", "/datasets",                       &["asset:read"]).any(&[Asset]),
    on(V2, "GET", "/home",                           &["dag:read"]).any(&[Dag]),
    on(V2, "GET", "/object/dataset_dependencies",    &["dag:read", "asset:read"]).any(&[Dag, Asset]),
    on(V2, "GET", "/object/datasets_summary",        &["asset:read"]).any(&[Asset]),
    on(V2, "GET", "/object/historical_metrics_data", &["cluster_activity:read"]).any(&[Dag]),
    on(V2, "GET", "/parseDagFile/{file_token}",      &["dag:update"]).any(&[Dag]),

    // The installation.
    on(V2, "GET", "/",                     &["website:read"]),
    on(V2, "GET", "/back",                 &["website:read"]),
    on(V2, "GET", "/configuration",        &["config:read"]),
    on(V2, "GET", "/dev/{file:path}",      &["website:read"]),
    on(V2, "GET", "/docs",                 &["docs:read"]),
    on(V2, "GET", "/docs/{file:path}",     &["docs:read"]),
    on(V2, "GET", "/lang/{locale}",        &["website:read"]),
    on(V2, "GET", "/plugin",               &["plugin:read"]),
    on(V2, "GET", "/provider",             &["provider:read"]),
    on(V2, "GET", "/redoc",                &["docs:read"]),
    on(V2, "GET", "/robots.txt",           &["website:read"]),
    on(V2, "GET", "/static/{file:path}",   &["website:read"]),

    // The caller's session and user.
    on(V2, "GET",  "/login",                     &["auth:login"]),
    on(V2, "POST", "/login",                     &["auth:login"]),
    on(V2, "GET",  "/login/{provider}",          &["auth:login"]),
    on(V2, "GET",  "/oauth-authorized/{provider}", &["auth:login"]),
    on(V2, "GET",  "/logout",                    &["auth:logout"]),
    on(V2, "POST", "/logout",                    &["auth:logout"]),
    on(V2, "GET",  "/resetmypassword/form",      &["user:read"]),
    on(V2, "POST", "/resetmypassword/form",      &["user:update"]),
    on(V2, "GET",  "/resetpassword/form",        &["user:read"]),
    on(V2, "POST", "/resetpassword/form",        &["user:update"]),
    on(V2, "GET",  "/userinfoeditview/form",     &["user:read"]),
    on(V2, "POST", "/userinfoeditview/form",     &["user:update"]),
    on(V2, "GET",  "/userstatschartview/{page:path}", &["user:read"]),
];
