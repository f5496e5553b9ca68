//! Airflow's own routing without its endpoints, to compare with dagward's reading of paths.
//!
//! It is the real app on its real servers, but every endpoint only reports the route and parameters
//! that led to it; see `lab/airflow/routing_oracle_3.py` and its sibling for Airflow 2.

mod credentials;
mod wire;

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use dagward_releases::{Installation, Release};
use dagward_workbench::paths;
use dagward_workbench::process::Process;

pub use credentials::{Credentials, credentials};
pub use wire::{Question, Reply, Route};

/// It imports all of Airflow, and several may start at once on a busy machine.
const READY: Duration = Duration::from_secs(240);

/// An Airflow that only routes. It ends with its handle.
#[derive(Debug)]
pub struct Oracle {
    _process: Process,
    _home: TempDir,
    servers: Vec<Server>,
}

/// One of its servers.
#[derive(Debug, Clone)]
pub struct Server {
    /// The server software that reads requests.
    pub name: &'static str,
    address: SocketAddr,
    /// Whether it takes more than one request on a connection.
    keeps_alive: bool,
}

impl Oracle {
    /// Starts the routing of `release` below `base_path`.
    pub fn start(release: Release, base_path: &str) -> Result<Self> {
        let installation = Installation::ensure(release)?;
        let home = paths::scratch("oracle")?;
        fs::copy(&installation.database, home.path().join("airflow.db"))?;
        let mut command = Command::new(&installation.python);
        command.current_dir(paths::workspace());
        installation.environment(home.path())?.apply(&mut command);
        let base_url = format!("http://airflow{base_path}");
        let names: &[&'static str] = if release.is_airflow_2() {
            command.arg("lab/airflow/routing_oracle_2.py");
            command.env("AIRFLOW__WEBSERVER__BASE_URL", base_url);
            command.env("_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK", "1");
            &["gunicorn"]
        } else {
            // The Edge executor's routes exist only for a command of this name.
            command.args(["lab/airflow/routing_oracle_3.py", "api-server"]);
            command.env("AIRFLOW__API__BASE_URL", base_url);
            command.env("AIRFLOW__EDGE__API_ENABLED", "True");
            let tables = "airflow.providers.edge3.models.db.EdgeDBManager";
            command.env("AIRFLOW__DATABASE__EXTERNAL_DB_MANAGERS", tables);
            &["httptools", "h11"]
        };
        // One line per request would fill the disk.
        command.env("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR");
        let mut process = Process::start("routing-oracle", &command)?;
        let log = process.log().to_owned();
        let servers = process.ready(READY, || {
            let output = fs::read_to_string(&log).ok()?;
            let server = |name: &&'static str| {
                Some(Server {
                    name,
                    address: address_in(&output, name)?,
                    // gunicorn's workers take one request per connection, in the way that Airflow
                    // runs them.
                    keeps_alive: !release.is_airflow_2(),
                })
            };
            names.iter().map(server).collect()
        })?;
        Ok(Self {
            _process: process,
            _home: home,
            servers,
        })
    }

    /// Its servers; the first is what Airflow runs by default.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }
}

/// The address of the server `name` in the output: `name at 127.0.0.1:PORT`.
fn address_in(output: &str, name: &str) -> Option<SocketAddr> {
    let lines = output.lines().filter_map(|line| line.strip_prefix(name));
    let mut addresses = lines.filter_map(|line| line.strip_prefix(" at ")?.parse().ok());
    addresses.next()
}
