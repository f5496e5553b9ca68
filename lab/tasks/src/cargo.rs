//! Commands of cargo.

use std::process::Command;

use dagward_workbench::paths;

/// `cargo test`, always for the whole workspace: with fewer packages some dependencies have fewer
/// features, and cargo rebuilds everything that depends on them. It also continues after the first
/// failure, where cargo would skip the remaining test programs.
pub(crate) fn tests(arguments: &[&str]) -> Command {
    cargo(&[&["test", "--workspace", "--no-fail-fast"], arguments].concat())
}

pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(paths::workspace()).args(arguments);
    cargo
}
