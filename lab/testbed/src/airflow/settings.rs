//! The settings of a deployment's components, in addition to those of every Airflow in the lab.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::Result;

use super::component::Component;
use super::executor::Executor;
use super::package;
use super::redis::Redis;
use dagward_releases::{Installation, JWT_SECRET, Release, secret};
use dagward_workbench::paths;

const DATABASE: &str = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN";

/// The values that a deployment's components get, as from Helm's chart with the values of
/// `examples/helm/`. Workers also get the key that signs the tokens of tasks, as with charts before
/// 1.20.
#[derive(Debug)]
pub(super) struct Settings {
    all: Vec<(&'static str, String)>,
    release: Release,
}

impl Settings {
    /// Settings for a deployment on these servers.
    pub(super) fn new(
        release: Release,
        executor: Executor,
        database: String,
        broker: Option<&Redis>,
    ) -> Result<Self> {
        // As in an image that users build on Airflow's image.
        let search_path = package::search_path(&Installation::ensure(release)?)?;
        let mut settings = vec![
            ("PYTHONPATH", search_path.to_string_lossy().into_owned()),
            (DATABASE, database),
            ("AIRFLOW__CORE__EXECUTOR", executor.name().to_owned()),
            ("AIRFLOW__CORE__HOSTNAME_CALLABLE", "lab_host.name".to_owned()),
            (JWT_SECRET, secret()?),
        ];
        // The key that signs the tokens for reading logs.
        if release.is_airflow_2() {
            let files = paths::workspace().join("lab/airflow/airflow-2");
            let text = |name: &str| files.join(name).display().to_string();
            settings.extend([
                ("AIRFLOW__WEBSERVER__SECRET_KEY", secret()?),
                ("AIRFLOW__WEBSERVER__CONFIG_FILE", text("webserver_config.py")),
                ("AIRFLOW__CORE__DAGS_FOLDER", text("dags")),
            ]);
        } else {
            // Applications for Airflow 3.
            let plugins = paths::workspace().join("lab/airflow/plugins");
            settings.push(("AIRFLOW__CORE__PLUGINS_FOLDER", plugins.display().to_string()));
            settings.push(("AIRFLOW__API__SECRET_KEY", secret()?));
        }
        for name in ["AIRFLOW__CELERY__BROKER_URL", "AIRFLOW__CELERY__RESULT_BACKEND"] {
            settings.extend(broker.map(|broker| (name, broker.uri())));
        }
        Ok(Self {
            all: settings,
            release,
        })
    }

    /// The key that signs Airflow's tokens.
    pub(super) fn jwt_secret(&self) -> Option<&str> {
        let mut settings = self.all.iter();
        let (_, secret) = settings.find(|(name, _)| *name == JWT_SECRET)?;
        Some(secret)
    }

    /// Sets the variables of `command`, which runs `component`, but gives no database to a worker.
    pub(super) fn apply(&self, command: &mut Command, component: Component) {
        command.envs(self.all.iter().map(|(name, value)| (name, value)));
        // Airflow 2's workers do not run without a database.
        if matches!(component, Component::Worker(_)) && !self.release.is_airflow_2() {
            command.env_remove(DATABASE);
        }
    }
}

impl Component {
    /// Sets the variables that are specific to this component: its pod's name, its way into the
    /// mesh, and the port of its own log server, which the other components reach by the usual
    /// number.
    pub(super) fn settings(self, command: &mut Command, log_server: u16, outbound: SocketAddr) {
        command.env("DAGWARD_LAB_HOST", self.name());
        // Replaces the iptables rules of a pod.
        command.env("http_proxy", format!("http://{outbound}"));
        command.env("no_proxy", "");
        let name = match self {
            Self::Worker(_) | Self::Scheduler => "WORKER",
            Self::Triggerer => "TRIGGER",
            Self::ApiServer | Self::Replica | Self::DagProcessor => return,
        };
        command.env(
            format!("AIRFLOW__LOGGING__{name}_LOG_SERVER_PORT"),
            log_server.to_string(),
        );
    }
}
