//! What the Kubernetes executor makes of DAGs, without a cluster; see `lab/airflow/kubernetes/pods_of_dags.py`.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::{Installation, Release};
use crate::paths;

const FILES: &str = "lab/airflow/kubernetes";

/// What became of all DAGs in `lab/airflow/kubernetes/dags`.
#[derive(Debug, Deserialize)]
pub struct Pods {
    /// What the DAG processor shows the authors, by file.
    pub import_errors: BTreeMap<String, String>,
    /// By DAG and task, `sales_daily.load`.
    pub tasks: BTreeMap<String, Outcome>,
    /// Where the scheduler would have each task run, by DAG and task.
    pub places: BTreeMap<String, Place>,
}

/// Where the scheduler would have a task run.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// The queue of the Celery executor.
    pub queue: String,
    /// The executor, where it is not the first.
    pub executor: Option<String>,
    /// Whether the scheduler finds that executor, and starts the task.
    pub starts: bool,
}

/// What the executor makes of a task.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The pod that it would create.
    Pod(Value),
    /// It fails the task.
    Failed(Failure),
}

/// Why the executor fails a task.
#[derive(Debug, Deserialize)]
pub struct Failure {
    /// What the executor says.
    pub reason: String,
    /// What the task's page shows for its `executor_config`.
    pub executor_config: Value,
}

impl Pods {
    /// Airflow 3.3 makes the pods of DAGs from `bundle`, with `policy` for `airflow_local_settings.py`.
    pub fn of_dags(policy: Option<&str>, bundle: &str) -> Result<Self> {
        let installation = Installation::ensure(Release::V3_3)?;
        let home = paths::scratch("pods")?;
        fs::copy(&installation.database, home.path().join("airflow.db"))?;
        if let Some(policy) = policy {
            let config = home.path().join("config");
            fs::create_dir(&config)?;
            fs::write(config.join("airflow_local_settings.py"), policy)?;
        }
        let files = paths::workspace().join(FILES);
        let mut command = Command::new(&installation.python);
        installation.environment(home.path())?.apply(&mut command);
        let output = command
            .arg(files.join("pods_of_dags.py"))
            .arg(files.join("dags"))
            .arg(bundle)
            .env(
                "AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE",
                files.join("pod_template.yaml"),
            )
            .env("AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE", "airflow")
            .output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!("{printed}{}", String::from_utf8_lossy(&output.stderr));
        }
        // Airflow logs to the same output.
        let pods = printed.lines().last().context("nothing printed")?;
        Ok(serde_json::from_str(pods)?)
    }
}
