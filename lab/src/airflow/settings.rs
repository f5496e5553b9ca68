//! What a component of a deployment runs with beside what every Airflow of the lab does.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::Result;

use super::component::Component;
use super::executor::Executor;
use super::install::{Installation, JWT_SECRET, Release, secret};
use super::package;
use super::redis::Redis;
use crate::paths;

const DATABASE: &str = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN";

/// What a deployment's components know, as Helm's chart gives it to their pods with the values of
/// `examples/helm/`. Workers also know what signs the tokens of tasks, as they did by charts before
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
        // As an image has it that people build on Airflow's.
        let search_path = package::search_path(&Installation::ensure(release)?)?;
        let mut settings = vec![
            ("PYTHONPATH", search_path.to_string_lossy().into_owned()),
            (DATABASE, database),
            ("AIRFLOW__CORE__EXECUTOR", executor.name().to_owned()),
            ("AIRFLOW__CORE__HOSTNAME_CALLABLE", "lab_host.name".to_owned()),
            (JWT_SECRET, secret()?),
        ];
        // Signs the tokens by which logs are read.
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

    /// What signs Airflow's tokens.
    pub(super) fn jwt_secret(&self) -> Option<&str> {
        let mut settings = self.all.iter();
        let (_, secret) = settings.find(|(name, _)| *name == JWT_SECRET)?;
        Some(secret)
    }

    /// Sets the variables of `command`, which runs `component`, but keeps the database from a worker.
    pub(super) fn apply(&self, command: &mut Command, component: Component) {
        command.envs(self.all.iter().map(|(name, value)| (name, value)));
        // Airflow 2's workers do not run without it.
        if matches!(component, Component::Worker(_)) && !self.release.is_airflow_2() {
            command.env_remove(DATABASE);
        }
    }
}

impl Component {
    /// Sets what makes `command` this component: its pod's name, its way into the mesh, and the port of
    /// its own log server, which the others know by the usual number.
    pub(super) fn settings(self, command: &mut Command, log_server: u16, outbound: SocketAddr) {
        command.env("DAGWARD_LAB_HOST", self.name());
        // What iptables does in a pod, this does here.
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
