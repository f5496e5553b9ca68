//! The pods that the Kubernetes executor makes from DAGs, without a cluster; see
//! `lab/airflow/kubernetes/pods_of_dags.py`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use super::package;
use super::printed::last_line;
use dagward_releases::{Installation, Release};
use dagward_workbench::output::output_of;
use dagward_workbench::paths;

const FILES: &str = "lab/airflow/kubernetes";

/// The results for all DAGs in `lab/airflow/kubernetes/dags`.
#[derive(Debug, Deserialize)]
pub struct Pods {
    /// The errors that the DAG processor shows to authors, by file.
    pub import_errors: BTreeMap<String, String>,
    /// By DAG and task, `sales_daily.load`.
    pub tasks: BTreeMap<String, Outcome>,
    /// The queue and executor for each task, by DAG and task.
    pub places: BTreeMap<String, Place>,
}

/// The place where the scheduler would run a task.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// The queue of the Celery executor.
    pub queue: String,
    /// The executor, if it is not the first one.
    pub executor: Option<String>,
    /// Whether the scheduler finds that executor, and starts the task.
    pub starts: bool,
}

/// The executor's result for a task.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The pod that it would create.
    Pod(Value),
    /// The executor fails the task.
    Failed(Failure),
}

/// The reason why the executor fails a task.
#[derive(Debug, Deserialize)]
pub struct Failure {
    /// The executor's message.
    pub reason: String,
    /// The `executor_config` that the task's page shows.
    pub executor_config: Value,
}

/// The cluster policy, with its settings and its map of teams.
#[derive(Debug, Clone, Copy)]
pub struct ClusterPolicy<'a> {
    /// The way in which Airflow gets it.
    pub form: Form<'a>,
    /// Lines of the section `[dagward]`.
    pub settings: &'a [(&'a str, &'a str)],
    /// Service accounts by team; `None` if the map is not mounted.
    pub teams: Option<&'a [(&'a str, &'a str)]>,
}

/// The way in which Airflow gets the cluster policy.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// The package is installed.
    Package,
    /// This is the text of `airflow_local_settings.py`.
    File(&'a str),
}

impl ClusterPolicy<'_> {
    /// The service account that the policy gives each of these DAGs.
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

    /// Makes the policy available to `command`, a process of Airflow.
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
    /// Makes the pods of DAGs from `bundle` with Airflow 3.3, under `policy`.
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
