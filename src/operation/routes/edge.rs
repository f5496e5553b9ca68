//! The Edge executor's worker API and the data of its pages, and Airflow 2's internal API.

use crate::operation::route::{EVERY, Id::*, Route, V2, V3, beside, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    // A task instance's UUID, in the query or the body, overrides the path where logs are. Bodies with logs
    // are too long to be read.
    on(V3, "POST",  "/edge_worker/v1/jobs/fetch/{worker_name}", &["edge_job:run"]).any(&[Dag, Task]),
    on(V3, "PATCH", "/edge_worker/v1/jobs/state/{dag_id}/{task_id}/{run_id}/{try_number}/{map_index}/{state}", &["task_instance:state"]),
    on(V3, "GET",   "/edge_worker/v1/logs/logfile_path/{dag_id}/{task_id}/{run_id}/{try_number}/{map_index}", &["task_log:read"]).query(&[beside("task_instance_id", Dag), beside("task_instance_id", Task)]),
    on(V3, "POST",  "/edge_worker/v1/logs/push/{dag_id}/{task_id}/{run_id}/{try_number}/{map_index}", &["task_log:create"]).beyond(&[Dag, Task]),
    on(V3, "POST",  "/edge_worker/v1/worker/{worker_name}",        &["edge_worker:update"]),
    on(V3, "PATCH", "/edge_worker/v1/worker/{worker_name}",        &["edge_worker:update"]),
    on(V3, "PATCH", "/edge_worker/v1/worker/queues/{worker_name}", &["edge_worker:update"]),
    on(V2, "POST",  "/edge_worker/v1/rpcapi",                      &["internal_api:call"]).any(&[Dag, Task]),
    on(V2, "POST",  "/internal_api/v1/rpcapi",                     &["internal_api:call"]).any(&[Dag, Task]),

    on(V3, "GET",    "/edge_worker/ui/worker", &["edge_worker:read"]),
    on(V3, "GET",    "/edge_worker/ui/jobs",   &["edge_job:read"]).any(&[Dag, Task]),
    on(V3, "DELETE", "/edge_worker/ui/worker/{worker_name}",                     &["edge_worker:delete"]),
    on(V3, "POST",   "/edge_worker/ui/worker/{worker_name}/maintenance",         &["edge_worker:update"]),
    on(V3, "PATCH",  "/edge_worker/ui/worker/{worker_name}/maintenance",         &["edge_worker:update"]),
    on(V3, "DELETE", "/edge_worker/ui/worker/{worker_name}/maintenance",         &["edge_worker:update"]),
    on(V3, "POST",   "/edge_worker/ui/worker/{worker_name}/shutdown",            &["edge_worker:update"]),
    on(V3, "PUT",    "/edge_worker/ui/worker/{worker_name}/queues/{queue_name}", &["edge_worker:update"]),
    on(V3, "DELETE", "/edge_worker/ui/worker/{worker_name}/queues/{queue_name}", &["edge_worker:update"]),
    on(V3, "PATCH",  "/edge_worker/ui/worker/{worker_name}/concurrency",         &["edge_worker:update"]),

    on(V2, "GET", "/internal_api/v1/openapi.json",        &["docs:read"]),
    on(V2, "GET", "/internal_api/v1/openapi.yaml",        &["docs:read"]),
    on(V2, "GET", "/internal_api/v1/ui",                  &["docs:read"]),
    on(V2, "GET", "/internal_api/v1/ui/{file:path}",      &["docs:read"]),
    on(EVERY, "GET", "/edge_worker/openapi.json",         &["docs:read"]),
    on(EVERY, "GET", "/edge_worker/docs",                 &["docs:read"]),
    on(EVERY, "GET", "/edge_worker/docs/oauth2-redirect", &["docs:read"]),
    on(EVERY, "GET", "/edge_worker/redoc",                &["docs:read"]),
    on(EVERY, "GET", "/edge_worker/static/{file:path}",   &["website:read"]),
    on(EVERY, "GET", "/edge_worker/res/{file:path}",      &["website:read"]),
];
