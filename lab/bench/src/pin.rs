//! CPU affinity: proxies on one CPU, the load and the app on the others.

use std::process::{self, Command};
use std::thread;

use anyhow::{Context, Result, ensure};

/// The CPU of the proxies.
pub(super) const PROXIES: usize = 0;

/// Keeps this process away from the proxies' CPU until it is dropped.
pub(super) struct Apart {
    cpus: usize,
}

/// Moves all threads of this process, and those that they will start, off the proxies' CPU.
pub(super) fn apart() -> Result<Apart> {
    let cpus = thread::available_parallelism()?.get();
    ensure!(cpus > 1, "a measurement needs two CPUs, and this machine has one");
    place(&format!("{}-{}", PROXIES + 1, cpus - 1))?;
    Ok(Apart { cpus })
}

impl Drop for Apart {
    fn drop(&mut self) {
        // If this fails, the process only keeps its affinity.
        let _ = place(&format!("0-{}", self.cpus - 1));
    }
}

fn place(cpus: &str) -> Result<()> {
    let output = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", cpus])
        .arg(process::id().to_string())
        .output()
        .context("cannot start `taskset` (Debian package `util-linux`)")?;
    ensure!(
        output.status.success(),
        "`taskset` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
