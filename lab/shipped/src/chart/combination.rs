//! The choices that users make in an installation of the chart.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::VALUES;

/// The place where tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Executor {
    /// A pod for each task.
    Kubernetes,
    /// In the pods of workers, one set for each team.
    Celery,
    /// Some tasks in pods of their own, some in workers.
    Both,
    /// In the scheduler.
    Local,
}

/// One combination of all choices. Optional parts, such as PgBouncer, are on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Combination {
    /// The executor.
    pub executor: Executor,
    /// Airflow's release.
    pub airflow: String,
    /// Whether git-sync delivers the DAG files.
    pub git_sync: bool,
    /// Whether there are Celery workers for tasks that name no queue.
    pub default_set: bool,
}

const RELEASES: [&str; 3] = ["3.4.0", "3.3.2", "2.11.2"];

/// Optional parts of an installation.
const OPTIONAL: [&str; 5] = [
    "flower.enabled=true",
    "pgbouncer.enabled=true",
    "cleanup.enabled=true",
    "databaseCleanup.enabled=true",
    "otelCollector.tracesEnabled=true",
];

/// Airflow's settings for remote logs, which Helm must pass as strings.
pub(super) const REMOTE_LOGS: [&str; 3] = [
    "config.logging.remote_logging=True",
    "config.logging.remote_base_log_folder=s3://logs/all",
    "config.logging.remote_log_conn_id=remote_logs",
];

impl Executor {
    const ALL: [Self; 4] = [Self::Kubernetes, Self::Celery, Self::Both, Self::Local];

    /// Whether there are Celery workers.
    pub fn has_workers(self) -> bool {
        matches!(self, Self::Celery | Self::Both)
    }

    /// Whether tasks have pods of their own.
    pub fn has_task_pods(self) -> bool {
        matches!(self, Self::Kubernetes | Self::Both)
    }

    /// The chart's `executor`, as `--set` takes it.
    fn value(self) -> &'static str {
        match self {
            Self::Kubernetes => "KubernetesExecutor",
            Self::Celery => "CeleryExecutor",
            Self::Both => r"CeleryExecutor\,KubernetesExecutor",
            Self::Local => "LocalExecutor",
        }
    }
}

impl Combination {
    /// All combinations.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for executor in Executor::ALL {
            for airflow in RELEASES {
                for git_sync in [false, true] {
                    for default_set in [true, false] {
                        if default_set || executor.has_workers() {
                            all.push(Self {
                                executor,
                                airflow: airflow.to_owned(),
                                git_sync,
                                default_set,
                            });
                        }
                    }
                }
            }
        }
        all
    }

    /// Whether this is Airflow 2.
    pub fn is_airflow_2(&self) -> bool {
        self.airflow.starts_with("2.")
    }

    /// The files of values for this combination, as their comments say.
    pub(super) fn values(&self) -> impl Iterator<Item = &'static str> {
        let [common, celery, airflow_2] = VALUES;
        let celery = self.executor.has_workers().then_some(celery);
        let airflow_2 = self.is_airflow_2().then_some(airflow_2);
        [Some(common), celery, airflow_2].into_iter().flatten()
    }

    /// The values that are set in addition to the files.
    pub(super) fn set(&self) -> Vec<String> {
        let mut set = vec![
            format!("executor={}", self.executor.value()),
            format!("airflowVersion={}", self.airflow),
            format!("defaultAirflowTag={}", self.airflow),
            format!("dags.gitSync.enabled={}", self.git_sync),
        ];
        if !self.default_set {
            set.push("workers.celery.enableDefault=false".to_owned());
            set.push("workers.kubernetes.serviceAccount.create=true".to_owned());
            set.push("workers.kubernetes.serviceAccount.name=airflow-worker".to_owned());
        }
        set.extend(OPTIONAL.map(str::to_owned));
        set
    }
}

impl fmt::Display for Combination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} on Airflow {}", self.executor, self.airflow)?;
        if self.git_sync {
            formatter.write_str(" with git-sync")?;
        }
        if !self.default_set {
            formatter.write_str(" without the default set")?;
        }
        Ok(())
    }
}
