//! The log servers of workers (8793) and triggerers (8794): files under the default
//! `[logging] log_filename_template`. Any other layout names no DAG.

use crate::operation::Action::*;
use crate::operation::route::{EVERY, Id::*, Route, SINCE_3_4, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(EVERY, "GET", "/log/dag_id={dag_id}/run_id={run_id}/task_id={task_id}/attempt={file}",                       &[TaskLogRead]),
    on(EVERY, "GET", "/log/dag_id={dag_id}/run_id={run_id}/task_id={task_id}/map_index={map_index}/attempt={file}", &[TaskLogRead]),
    // The log of a deadline's callback, which is not a task.
    on(SINCE_3_4, "GET", "/log/executor_callbacks/{dag_id}/{run_id}/{file}",                     &[TaskLogRead]).any(&[Task]),
    on(SINCE_3_4, "GET", "/log/triggerer_callbacks/{dag_id}/{run_id}/{callback_id}/callback.log", &[TaskLogRead]).any(&[Task]),
    on(EVERY, "GET", "/log/{file:path}", &[TaskLogRead]).any(&[Dag, Task]),
];
