//! What the Kubernetes executor makes of DAGs, without a cluster; see `lab/airflow/kubernetes/pods_of_dags.py`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Installation, Release, package};
use crate::istio::kubernetes::output_of;
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

/// The cluster policy, its settings and the map of teams that it reads.
#[derive(Debug, Clone, Copy)]
pub struct ClusterPolicy<'a> {
    /// How Airflow gets it.
    pub form: Form<'a>,
    /// Lines of the section `[dagward]`.
    pub settings: &'a [(&'a str, &'a str)],
    /// Service accounts by team; `None` where the map is not mounted.
    pub teams: Option<&'a [(&'a str, &'a str)]>,
}

/// How Airflow gets the cluster policy.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// The package is installed.
    Package,
    /// This is the text of `airflow_local_settings.py`.
    File(&'a str),
}

impl ClusterPolicy<'_> {
    /// The service account that it gives each of these DAGs.
    pub fn accounts(&self, dag_ids: &[String]) -> Result<Vec<Option<String>>> {
        let installation = Installation::ensure(Release::V3_3)?;
        let home = paths::scratch("accounts")?;
        let mut command = Command::new(&installation.python);
        installation.environment(home.path())?.apply(&mut command);
        self.give(&installation, home.path(), &mut command)?;
        command.arg(paths::workspace().join(FILES).join("accounts_of_dags.py"));
        let printed = output_of(command, &serde_json::to_string(dag_ids)?)?;
        last_line(&printed)
    }

    /// Has `command`, a process of Airflow, find it.
    fn give(&self, installation: &Installation, home: &Path, command: &mut Command) -> Result<()> {
        match self.form {
            Form::Package => {
                command.env("PYTHONPATH", package::search_path(installation)?);
            }
            Form::File(text) => {
                let config = home.join("config");
                fs::create_dir(&config)?;
                fs::write(config.join("airflow_local_settings.py"), text)?;
            }
        }
        let map = home.join("teams");
        command.env("AIRFLOW__DAGWARD__TEAMS", &map);
        for (name, value) in self.settings {
            command.env(format!("AIRFLOW__DAGWARD__{}", name.to_uppercase()), value);
        }
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
        let files = paths::workspace().join(FILES);
        let mut command = Command::new(&installation.python);
        installation.environment(home.path())?.apply(&mut command);
        if let Some(policy) = policy {
            policy.give(&installation, home.path(), &mut command)?;
        }
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
pub(super) fn last_line<T: DeserializeOwned>(printed: &str) -> Result<T> {
    let line = printed.lines().last().context("nothing printed")?;
    Ok(serde_json::from_str(line)?)
}
