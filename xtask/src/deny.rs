//! cargo-deny, which checks the rules in deny.toml.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use dagward_workbench::{cache, paths, progress};

use crate::cargo::cargo;

/// The release from the Rust registry; its own lock file pins all of its dependencies.
const VERSION: &str = "0.20.2";

/// The installed program.
pub(crate) struct Deny {
    program: PathBuf,
}

impl Deny {
    /// Installs it unless it is installed. It is compiled without optimization, which saves
    /// minutes.
    pub(crate) fn ensure() -> Result<Self> {
        let root = cache::ensure("cargo-deny", &[VERSION], |root| {
            let mut install = cargo(&["install", "cargo-deny", "--locked", "--debug"]);
            install
                .args(["--version", &format!("={VERSION}"), "--root"])
                .arg(root);
            progress::run(&format!("compiling cargo-deny {VERSION}"), &mut install)
        })?;
        Ok(Self {
            program: root.join("bin/cargo-deny"),
        })
    }

    /// Fetches the database of advisories.
    pub(crate) fn fetch(&self) -> Result<()> {
        progress::run(
            "fetching the RustSec database",
            &mut self.command(&["fetch", "db"]),
        )
        .context("cannot fetch the RustSec database")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(paths::workspace()).args(arguments);
        command
    }
}
