//! The executors of Airflow that the lab supports.

/// The place where tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executor {
    /// In the scheduler's pod.
    Local,
    /// In the pods of workers, one for each team.
    Celery,
}

impl Executor {
    /// Airflow's `[core] executor`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Local => "LocalExecutor",
            Self::Celery => "CeleryExecutor",
        }
    }
}
