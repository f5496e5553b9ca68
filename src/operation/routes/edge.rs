//! The Edge executor's worker API and the data of its pages, and Airflow 2's internal API.

use crate::operation::Action::*;
use crate::operation::route::{EVERY, Id::*, Route, V2, V3, beside, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // On the routes of logs, a task instance's UUID in the query or the body overrides the path. Bodies with
    // logs are too long to read.
    on(V3, "POST",  "/edge_worker/v1/jobs/fetch/{worker_name}", &[EdgeJobRun]).any(&[Dag, Task]),
    on(V3, "PATCH", "/edge_worker/v1/jobs/state/{dag_id}/{task_id}/{run_id}/{try_number}/{map_index}/{state}", &[TaskInstanceState]),
    on(V3, "GET",   "/edge_worker/v1/logs/logfile_path/{dag_id}/{task_id}/{run_id}/{try_number}/{map_index}", &[TaskLogRead]).query(&[beside("task_instance_id", Dag), beside("task_instance_id", Task)]),
    on(V3, "POST",  "/edge_worker/v1/logs/push/{dag_id}/{task_id}/{run_id}/{try_number}/{map_index}", &[TaskLogCreate]).beyond(&[Dag, Task]),
    on(V3, "POST",  "/edge_worker/v1/worker/{worker_name}",        &[EdgeWorkerUpdate]),
    on(V3, "PATCH", "/edge_worker/v1/worker/{worker_name}",        &[EdgeWorkerUpdate]),
    on(V3, "PATCH", "/edge_worker/v1/worker/queues/{worker_name}", &[EdgeWorkerUpdate]),
    on(V2, "POST",  "/edge_worker/v1/rpcapi",                      &[InternalApiCall]).any(&[Dag, Task]),
    on(V2, "POST",  "/internal_api/v1/rpcapi",                     &[InternalApiCall]).any(&[Dag, Task]),

    on(V3, "GET",    "/edge_worker/ui/worker", &[EdgeWorkerRead]),
    on(V3, "GET",    "/edge_worker/ui/jobs",   &[EdgeJobRead]).any(&[Dag, Task]),
    on(V3, "DELETE", "/edge_worker/ui/worker/{worker_name}",                     &[EdgeWorkerDelete]),
    on(V3, "POST",   "/edge_worker/ui/worker/{worker_name}/maintenance",         &[EdgeWorkerUpdate]),
    on(V3, "PATCH",  "/edge_worker/ui/worker/{worker_name}/maintenance",         &[EdgeWorkerUpdate]),
    on(V3, "DELETE", "/edge_worker/ui/worker/{worker_name}/maintenance",         &[EdgeWorkerUpdate]),
    on(V3, "POST",   "/edge_worker/ui/worker/{worker_name}/shutdown",            &[EdgeWorkerUpdate]),
    on(V3, "PUT",    "/edge_worker/ui/worker/{worker_name}/queues/{queue_name}", &[EdgeWorkerUpdate]),
    on(V3, "DELETE", "/edge_worker/ui/worker/{worker_name}/queues/{queue_name}", &[EdgeWorkerUpdate]),
    on(V3, "PATCH",  "/edge_worker/ui/worker/{worker_name}/concurrency",         &[EdgeWorkerUpdate]),

    on(V2, "GET", "/internal_api/v1/openapi.json",        &[DocsRead]),
    on(V2, "GET", "/internal_api/v1/openapi.yaml",        &[DocsRead]),
    on(V2, "GET", "/internal_api/v1/ui",                  &[DocsRead]),
    on(V2, "GET", "/internal_api/v1/ui/{file:path}",      &[DocsRead]),
    on(EVERY, "GET", "/edge_worker/openapi.json",         &[DocsRead]),
    on(EVERY, "GET", "/edge_worker/docs",                 &[DocsRead]),
    on(EVERY, "GET", "/edge_worker/docs/oauth2-redirect", &[DocsRead]),
    on(EVERY, "GET", "/edge_worker/redoc",                &[DocsRead]),
    on(EVERY, "GET", "/edge_worker/static/{file:path}",   &[WebsiteRead]),
    on(EVERY, "GET", "/edge_worker/res/{file:path}",      &[WebsiteRead]),
];
