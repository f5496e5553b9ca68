//! The web pages of Airflow 2.11. Their paths share no prefix, and a business service may have the same ones.
//! So they count as Airflow's only if the policy document enables them.
//!
//! If a form names the DAG, the row stands for any DAG: the filter does not read forms.

use crate::operation::Action::*;
use crate::operation::route::{Id::*, Param, Route, V2, on, one};

const DAG: &[Param] = &[one("dag_id", Dag)];
const TASK: &[Param] = &[one("dag_id", Dag), one("task_id", Task)];
const RUN: &[Param] = &[one("dag_id", Dag), one("run_id", Run)];
const TASK_IN_RUN: &[Param] = &[one("dag_id", Dag), one("task_id", Task), one("run_id", Run)];

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // One DAG.
    on(V2, "GET",  "/dags/{dag_id}",               &[DagRead]),
    on(V2, "GET",  "/dags/{dag_id}/audit_log",     &[AuditLogRead]),
    on(V2, "GET",  "/dags/{dag_id}/calendar",      &[DagRunRead]),
    on(V2, "GET",  "/dags/{dag_id}/code",          &[DagCodeRead]),
    on(V2, "GET",  "/dags/{dag_id}/details",       &[DagRead]),
    on(V2, "GET",  "/dags/{dag_id}/duration",      &[TaskInstanceRead]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/gantt",         &[TaskInstanceRead]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/graph",         &[TaskInstanceRead]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/grid",          &[TaskInstanceRead]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/landing-times", &[TaskInstanceRead]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/tries",         &[TaskInstanceRead]).any(&[Task]),
    on(V2, "GET",  "/dags/{dag_id}/trigger",       &[DagRunTrigger]).any(&[Run]),
    on(V2, "POST", "/dags/{dag_id}/trigger",       &[DagRunTrigger]).any(&[Run]),
    on(V2, "GET",  "/object/next_run_datasets/{dag_id}", &[DagRunRead, AssetRead]).any(&[Asset]),

    // One DAG or task, named in the query. A page identifies the run by its date.
    on(V2, "GET",  "/audit_log",                &[AuditLogRead]).query(DAG),
    on(V2, "GET",  "/calendar",                 &[DagRunRead]).query(DAG),
    on(V2, "GET",  "/code",                     &[DagCodeRead]).query(DAG),
    on(V2, "GET",  "/confirm",                  &[TaskInstanceUpdate]).query(&[one("dag_id", Dag), one("dag_run_id", Run)]).any(&[Task]),
    on(V2, "GET",  "/dag_details",              &[DagRead]).query(DAG),
    on(V2, "GET",  "/dagrun_details",           &[DagRunRead]).query(RUN),
    on(V2, "GET",  "/duration",                 &[TaskInstanceRead]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/extra_links",              &[TaskInstanceRead]).query(TASK),
    on(V2, "GET",  "/gantt",                    &[TaskInstanceRead]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/get_logs_with_metadata",   &[TaskInstanceRead, TaskLogRead]).query(TASK),
    on(V2, "GET",  "/graph",                    &[TaskInstanceRead]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/landing_times",            &[TaskInstanceRead]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/log",                      &[TaskLogRead]).query(TASK),
    on(V2, "GET",  "/object/calendar_data",     &[DagRunRead]).query(DAG),
    on(V2, "GET",  "/object/graph_data",        &[TaskInstanceRead]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/object/grid_data",         &[TaskInstanceRead]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/object/rendered-k8s",      &[TaskInstanceRead]).query(TASK_IN_RUN),
    on(V2, "GET",  "/object/task_instances",    &[TaskInstanceRead]).query(DAG).any(&[Task]),
    on(V2, "POST", "/paused",                   &[DagUpdate]).query(DAG),
    on(V2, "GET",  "/redirect_to_external_log", &[TaskLogRead]).query(TASK),
    on(V2, "GET",  "/rendered-k8s",             &[TaskInstanceRead]).query(TASK),
    on(V2, "GET",  "/rendered-templates",       &[TaskInstanceRead]).query(TASK),
    on(V2, "GET",  "/task",                     &[TaskInstanceRead]).query(TASK),
    on(V2, "GET",  "/tree",                     &[TaskInstanceRead]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/tries",                    &[TaskInstanceRead]).query(DAG).any(&[Task]),
    on(V2, "GET",  "/xcom",                     &[XcomRead]).query(TASK).any(&[XcomKey]),

    // DAGs and tasks that a form names.
    on(V2, "POST", "/blocked",        &[DagRunRead]).any(&[Dag]),
    on(V2, "POST", "/clear",          &[TaskInstanceClear]).any(&[Dag, Task]),
    on(V2, "POST", "/dag_stats",      &[DagRunRead]).any(&[Dag]),
    on(V2, "POST", "/dagrun_clear",   &[DagRunClear]).any(&[Dag, Task]),
    on(V2, "POST", "/dagrun_failed",  &[DagRunUpdate]).any(&[Dag]),
    on(V2, "POST", "/dagrun_queued",  &[DagRunUpdate]).any(&[Dag]),
    on(V2, "POST", "/dagrun_success", &[DagRunUpdate]).any(&[Dag]),
    on(V2, "POST", "/delete",         &[DagDelete]).any(&[Dag]),
    on(V2, "POST", "/failed",         &[TaskInstanceUpdate]).any(&[Dag, Task]),
    on(V2, "POST", "/last_dagruns",   &[DagRunRead]).any(&[Dag]),
    on(V2, "POST", "/next_run_datasets_summary", &[AssetRead]).any(&[Dag, Asset]),
    on(V2, "POST", "/success",        &[TaskInstanceUpdate]).any(&[Dag, Task]),
    on(V2, "POST", "/task_stats",     &[TaskInstanceRead]).any(&[Dag, Task]),

    // All DAGs.
    on(V2, "GET", "/cluster_activity",               &[ClusterActivityRead]).any(&[Dag]),
    on(V2, "GET", "/dag-dependencies",               &[DagRead]).any(&[Dag, Asset]),
    on(V2, "GET", "/dagmodel/autocomplete",          &[DagRead]).any(&[Dag]),
    on(V2, "GET", "/datasets",                       &[AssetRead]).any(&[Asset]),
    on(V2, "GET", "/home",                           &[DagRead]).any(&[Dag]),
    on(V2, "GET", "/object/dataset_dependencies",    &[DagRead, AssetRead]).any(&[Dag, Asset]),
    on(V2, "GET", "/object/datasets_summary",        &[AssetRead]).any(&[Asset]),
    on(V2, "GET", "/object/historical_metrics_data", &[ClusterActivityRead]).any(&[Dag]),
    on(V2, "GET", "/parseDagFile/{file_token}",      &[DagUpdate]).any(&[Dag]),

    // The installation.
    on(V2, "GET", "/",                     &[WebsiteRead]),
    on(V2, "GET", "/back",                 &[WebsiteRead]),
    on(V2, "GET", "/configuration",        &[ConfigRead]),
    on(V2, "GET", "/dev/{file:path}",      &[WebsiteRead]),
    on(V2, "GET", "/docs",                 &[DocsRead]),
    on(V2, "GET", "/docs/{file:path}",     &[DocsRead]),
    on(V2, "GET", "/lang/{locale}",        &[WebsiteRead]),
    on(V2, "GET", "/plugin",               &[PluginRead]),
    on(V2, "GET", "/provider",             &[ProviderRead]),
    on(V2, "GET", "/redoc",                &[DocsRead]),
    on(V2, "GET", "/robots.txt",           &[WebsiteRead]),
    on(V2, "GET", "/static/{file:path}",   &[WebsiteRead]),

    // The caller's session and user.
    on(V2, "GET",  "/login",                     &[AuthLogin]),
    on(V2, "POST", "/login",                     &[AuthLogin]),
    on(V2, "GET",  "/login/{provider}",          &[AuthLogin]),
    on(V2, "GET",  "/oauth-authorized/{provider}", &[AuthLogin]),
    on(V2, "GET",  "/logout",                    &[AuthLogout]),
    on(V2, "POST", "/logout",                    &[AuthLogout]),
    on(V2, "GET",  "/resetmypassword/form",      &[UserRead]),
    on(V2, "POST", "/resetmypassword/form",      &[UserUpdate]),
    on(V2, "GET",  "/resetpassword/form",        &[UserRead]),
    on(V2, "POST", "/resetpassword/form",        &[UserUpdate]),
    on(V2, "GET",  "/userinfoeditview/form",     &[UserRead]),
    on(V2, "POST", "/userinfoeditview/form",     &[UserUpdate]),
    on(V2, "GET",  "/userstatschartview/{page:path}", &[UserRead]),
];
