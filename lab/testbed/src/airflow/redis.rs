//! Redis from Debian's packages: Celery's broker, on a Unix socket that only its owner reaches.

use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use dagward_workbench::debian::Program;
use dagward_workbench::paths;
use dagward_workbench::process::Process;

const READY: Duration = Duration::from_secs(300);

/// A running server that stores nothing on disk. It ends with its handle.
#[derive(Debug)]
pub(super) struct Redis {
    _process: Process,
    directory: TempDir,
}

impl Redis {
    pub(super) fn start() -> Result<Self> {
        let program = Program::ensure("redis-server", "redis-server")?;
        let directory = paths::sockets()?;
        let socket = directory.path().join("redis.sock");
        let mut command = program.command();
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]);
        command.arg(&socket).arg("--dir").arg(directory.path());
        let mut process = Process::start("redis", &command)?;
        process.ready(READY, || socket.exists().then_some(()))?;
        Ok(Self {
            _process: process,
            directory,
        })
    }

    /// Airflow's `[celery] broker_url`.
    pub(super) fn uri(&self) -> String {
        format!("redis+socket://{}/redis.sock", self.directory.path().display())
    }
}
