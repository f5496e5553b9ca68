//! What the Kubernetes executor makes of DAGs, without a cluster; see `lab/airflow/kubernetes/pods_of_dags.py`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Installation, Release};
use crate::istio::kubernetes::output_of;
use crate::paths;

const FILES: &str = "lab/airflow/kubernetes";

/// Where the cluster policy finds the map of teams.
const MOUNTED: &str = "/etc/dagward/teams";

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

/// A cluster policy, and the map of teams that it reads.
#[derive(Debug, Clone, Copy)]
pub struct ClusterPolicy<'a> {
    /// The text of `airflow_local_settings.py`.
    pub text: &'a str,
    /// Service accounts by team; `None` where the map is not mounted.
    pub teams: Option<&'a [(&'a str, &'a str)]>,
}

impl ClusterPolicy<'_> {
    /// The service account that it gives each of these DAGs.
    pub fn accounts(&self, dag_ids: &[String]) -> Result<Vec<Option<String>>> {
        let installation = Installation::ensure(Release::V3_3)?;
        let home = paths::scratch("accounts")?;
        self.write(home.path())?;
        let mut command = Command::new(&installation.python);
        installation.environment(home.path())?.apply(&mut command);
        command
            .arg(paths::workspace().join(FILES).join("accounts_of_dags.py"))
            .env("PYTHONPATH", home.path().join("config"));
        let printed = output_of(command, &serde_json::to_string(dag_ids)?)?;
        last_line(&printed)
    }

    /// Writes it into Airflow's home, with its map beside it.
    fn write(&self, home: &Path) -> Result<()> {
        let (config, map) = (home.join("config"), home.join("teams"));
        let text = self.text.replace(MOUNTED, &map.display().to_string());
        fs::create_dir(&config)?;
        fs::write(config.join("airflow_local_settings.py"), text)?;
        if let Some(teams) = self.teams {
            fs::create_dir(&map)?;
            for (team, accounts) in teams {
                fs::write(map.join(team), accounts)?;
            }
        }
        Ok(())
    }
}

impl Pods {
    /// Airflow 3.3 makes the pods of DAGs from `bundle`, under `policy`.
    pub fn of_dags(policy: Option<ClusterPolicy<'_>>, bundle: &str) -> Result<Self> {
        let installation = Installation::ensure(Release::V3_3)?;
        let home = paths::scratch("pods")?;
        fs::copy(&installation.database, home.path().join("airflow.db"))?;
        if let Some(policy) = policy {
            policy.write(home.path())?;
        }
        let files = paths::workspace().join(FILES);
        let mut command = Command::new(&installation.python);
        installation.environment(home.path())?.apply(&mut command);
        command
            .arg(files.join("pods_of_dags.py"))
            .arg(files.join("dags"))
            .arg(bundle)
            .env(
                "AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE",
                files.join("pod_template.yaml"),
            )
            .env("AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE", "airflow");
        last_line(&output_of(command, "")?)
    }
}

/// Airflow logs to the same output.
fn last_line<T: DeserializeOwned>(printed: &str) -> Result<T> {
    let line = printed.lines().last().context("nothing printed")?;
    Ok(serde_json::from_str(line)?)
}
