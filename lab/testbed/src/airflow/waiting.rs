//! Tasks that leave their process to wait, and the time at which they may continue.
//!
//! Such a task is deferred to the triggerer or rescheduled, and another process continues it. If
//! the scheduler sees the end of the first process late, it takes it for the end of the other
//! (`process_executor_events` in `airflow/jobs/scheduler_job_runner.py`): it fails the task, and
//! the api-server answers the other process's `run` with 409. LocalExecutor does not count the
//! processes of a task, so this happens on any busy machine. In the lab, a task continues only
//! after the scheduler has seen the end of its first process.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::component::Component;
use super::deployment::Deployment;
use dagward_workbench::{paths, wait};

/// The longest time that a process of a task may take on a busy machine.
const ENDED: Duration = Duration::from_secs(300);

/// The file that tasks wait for.
#[derive(Debug)]
pub struct Awaited {
    directory: TempDir,
}

impl Awaited {
    /// A file that does not exist yet.
    pub fn new() -> Result<Self> {
        Ok(Self {
            directory: paths::scratch("awaited")?,
        })
    }

    /// The `conf` of a run that waits for the file.
    pub fn conf(&self) -> Value {
        json!({"file": self.file()})
    }

    /// Makes the file, so that the tasks that wait for it continue.
    pub fn make(&self) -> Result<()> {
        Ok(fs::write(self.file(), "")?)
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("file")
    }
}

impl Deployment {
    /// Makes the waiting tasks of `sales_features` continue, with `awaited` for one of them.
    pub fn go_on(&self, run: &str, awaited: &Awaited) -> Result<()> {
        let dag = "sales_features";
        self.sees_end(dag, run, "wait_for_file")?;
        awaited.make()?;
        self.sees_end(dag, run, "arrived")?;
        self.make_due(dag, run, "arrived")
    }

    /// Waits until the scheduler has seen the end of a task's first process.
    pub fn sees_end(&self, dag: &str, run: &str, task: &str) -> Result<()> {
        let said = format!("TaskInstance Finished: dag_id={dag}, task_id={task}, run_id={run},");
        let scheduler = self.process(Component::Scheduler)?;
        wait::until(&format!("the first process of `{task}` to end"), ENDED, || {
            Ok(scheduler.output()?.contains(&said).then_some(()))
        })
    }

    /// Makes a rescheduled task continue now.
    fn make_due(&self, dag: &str, run: &str, task: &str) -> Result<()> {
        let of_task = format!("dag_id = '{dag}' and run_id = '{run}' and task_id = '{task}'");
        self.change(&format!(
            "update task_reschedule set reschedule_date = now() \
             where ti_id in (select id from task_instance where {of_task})"
        ))
    }
}
