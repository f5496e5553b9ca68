//! The command-line tool as a wheel, so that `pip install` works without a Rust toolchain.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use dagward_workbench::python::Venv;
use dagward_workbench::{paths, progress};

/// The build tool; `pyproject.toml` names the versions that pip may use.
const MATURIN: &str = "maturin==1.16.0";

/// A cargo profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// The profile for users.
    Release,
    /// Compiles quickly; for tests.
    Dev,
}

/// Builds the wheel into `directory`, in place of older ones, and returns its path.
pub fn build(profile: Profile, directory: &Path) -> Result<PathBuf> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove `{}`", directory.display()));
        }
        _ => {}
    }
    let mut maturin = Command::new(Venv::ensure("maturin", &[MATURIN])?.program("maturin"));
    let profile = match profile {
        Profile::Release => "release",
        Profile::Dev => "dev",
    };
    maturin
        .current_dir(paths::workspace())
        .args(["build", "--profile", profile, "--out"])
        .arg(directory);
    progress::run("building the wheel", &mut maturin)?;
    let entries = fs::read_dir(directory)?.map(|entry| Ok(entry?.path()));
    match &entries.collect::<Result<Vec<_>>>()?[..] {
        [wheel] => Ok(wheel.clone()),
        others => bail!("maturin made {} files instead of a wheel", others.len()),
    }
}

/// The folder that `cargo xtask wheel` writes to.
pub fn directory() -> PathBuf {
    paths::target().join("wheel")
}
