//! Cargo, run in the workspace.

use std::process::Command;

use dagward_workbench::paths;

/// Cargo with these arguments.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(paths::workspace()).args(arguments);
    cargo
}
