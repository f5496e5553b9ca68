//! The log servers of workers (8793) and triggerers (8794): files under the default
//! `[logging] log_filename_template`. Any other layout names no DAG.

use crate::operation::route::{EVERY, Id::*, Route, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(EVERY, "GET", "/log/dag_id={dag_id}/run_id={run_id}/task_id={task_id}/attempt={file}",                       &["task_log:read"]),
    on(EVERY, "GET", "/log/dag_id={dag_id}/run_id={run_id}/task_id={task_id}/map_index={map_index}/attempt={file}", &["task_log:read"]),
    on(EVERY, "GET", "/log/{file:path}", &["task_log:read"]).any(&[Dag, Task]),
];
