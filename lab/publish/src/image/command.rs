//! Runs programs of the machine, in the workspace.

use std::process::Command;

use anyhow::{Context, Result, bail};

use dagward_workbench::paths;

/// The output of `program`; if it fails, an error that quotes its messages.
pub(super) fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    command.current_dir(paths::workspace()).args(arguments);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{program}`"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{program}` ended with {}: {}", output.status, errors.trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}
