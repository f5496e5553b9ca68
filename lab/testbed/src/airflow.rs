//! Airflow as separate processes: api-server, scheduler and dag-processor on a database of their
//! own.
//!
//! Each task is one more process, behind the sidecar of its pod; see
//! `lab/airflow/pod_process_executor.py`. The settings are in `lab/airflow/airflow.cfg`.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;
use dagward_releases::{Installation, Release};
use dagward_workbench::process::Process;
use dagward_workbench::{paths, progress};

mod component;
mod deployment;
mod executor;
mod health;
mod mesh;
pub mod oracle;
mod own_teams;
pub mod package;
mod passage;
pub mod pods;
pub mod postgres;
mod printed;
mod providers;
mod redis;
mod rest;
mod settings;
pub mod task_tokens;
pub mod theft;
mod waiting;

pub use component::{Component, TEAMS};
pub use deployment::{Deployment, Setup};
pub use executor::Executor;

pub use mesh::{Mesh, Pod};
pub use passage::Passage;
pub use providers::providers;
pub use rest::Rest;
pub use waiting::Awaited;

/// The time to start. The api-server needs ten seconds on an idle machine.
const READY: Duration = Duration::from_secs(180);

/// uvicorn's message after it has bound its port.
const BOUND: &str = "Uvicorn running on http://";

/// A running Airflow. It ends with its handle.
#[derive(Debug)]
pub struct Airflow {
    processes: Vec<Process>,
    address: SocketAddr,
    jwt_secret: String,
    home: TempDir,
}

impl Airflow {
    /// Starts Airflow, installing it if necessary, and waits until its api-server takes requests.
    pub fn start() -> Result<Self> {
        Self::with(&[])
    }

    /// Like [`start`](Self::start), with further variables for all processes, such as settings of
    /// Airflow.
    pub fn with(further: &[(&str, String)]) -> Result<Self> {
        Self::of(Release::V3_3, further, false)
    }

    /// Like [`start`](Self::start), but of this release, and with Airflow's own teams and their
    /// DAGs, which are in `lab/airflow/teams/`.
    pub fn with_own_teams(release: Release) -> Result<Self> {
        Self::of(release, &own_teams::settings(), true)
    }

    fn of(release: Release, further: &[(&str, String)], own_teams: bool) -> Result<Self> {
        let installation = Installation::ensure(release)?;
        let home = paths::scratch("airflow")?;
        fs::copy(&installation.database, home.path().join("airflow.db"))?;
        fs::write(pods_file(home.path()), "{}")?;
        let environment = installation.environment(home.path())?;
        let command = |component: &str, arguments: &[&str]| {
            let mut command = Command::new(&installation.program);
            command.arg(component).args(arguments);
            environment.apply(&mut command);
            command.envs(further.iter().map(|(name, value)| (name, value)));
            command.env("DAGWARD_LAB_PODS", pods_file(home.path()));
            command
        };
        let start = |component: &str, arguments: &[&str]| {
            Process::start(&format!("airflow-{component}"), &command(component, arguments))
        };

        if own_teams {
            own_teams::create(|team| command("teams", &["create", team]))?;
        }

        let bind = ["--host", "127.0.0.1", "--port", "0", "--workers", "1"];
        let mut api_server = start("api-server", &bind)?;
        let others = [
            start("scheduler", &["--skip-serve-logs"])?,
            start("dag-processor", &[])?,
        ];
        let log = api_server.log().to_owned();
        let address = progress::during("starting Airflow", |_| {
            api_server.ready(READY, || bound_address(&fs::read_to_string(&log).ok()?))
        })?;
        Ok(Self {
            processes: [api_server].into_iter().chain(others).collect(),
            address,
            jwt_secret: environment.jwt_secret().context("no secret")?.to_owned(),
            home,
        })
    }

    /// The api-server's address, in plaintext, like an app in its pod.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key that signs its tokens: `[api_auth] jwt_secret`.
    pub fn jwt_secret(&self) -> &str {
        &self.jwt_secret
    }

    /// The REST API, called without a sidecar in between, as through a port-forward.
    pub fn rest(&self) -> Result<Rest> {
        Rest::connect(Client::plain(self.address))
    }

    /// The api-server's log lines so far about requests that have an id.
    pub fn request_log(&self) -> Result<Vec<Value>> {
        let api_server = self.processes.first().context("no api-server")?;
        let output = api_server.output()?;
        let lines = output.lines().filter_map(|line| serde_json::from_str(line).ok());
        Ok(lines
            .filter(|line: &Value| line.get("request_id").is_some())
            .collect())
    }

    /// Tells the executor which sidecar handles the requests of which pod; replaces the previous
    /// assignment.
    fn assign(&self, pods: &[(&Pod, SocketAddr)]) -> Result<()> {
        let map: Value = pods
            .iter()
            .map(|(pod, sidecar)| (pod.key(), Value::from(sidecar.to_string())))
            .collect();
        let file = pods_file(self.home.path());
        let fresh = file.with_extension("new");
        fs::write(&fresh, map.to_string())?;
        Ok(fs::rename(fresh, file)?)
    }
}

impl Drop for Airflow {
    fn drop(&mut self) {
        // Each process may need time to end; in parallel, all need no longer than one.
        thread::scope(|scope| {
            for process in &mut self.processes {
                scope.spawn(|| process.stop());
            }
        });
    }
}

fn pods_file(home: &Path) -> PathBuf {
    home.join("pods.json")
}

fn bound_address(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once(BOUND)?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_log() {
        let log = "{\"event\":\"Waiting\"}\n{\"event\":\"Uvicorn running on http://127.0.0.1:41067 (Press CTRL+C)\"}\n";
        assert_eq!(bound_address(log), "127.0.0.1:41067".parse().ok());
        assert_eq!(bound_address("Uvicorn running on http://127.0.0.1:"), None);
    }
}
