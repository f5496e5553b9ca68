//! Paths: everything that the lab makes or installs is under `target/`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::owner::Owner;

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    let workbench = Path::new(env!("CARGO_MANIFEST_DIR"));
    workbench.ancestors().nth(2).unwrap_or(workbench)
}

/// `target/`, whatever `CARGO_TARGET_DIR` says: documentation and examples name files in it.
pub fn target() -> PathBuf {
    workspace().join("target")
}

/// Installed programs, see [`cache`](crate::cache).
pub fn cache() -> Result<PathBuf> {
    made(target().join("lab/cache"))
}

/// The logs of the processes that the lab starts. They stay after a run.
pub fn logs() -> Result<PathBuf> {
    made(target().join("lab/logs"))
}

/// A fresh directory for the files of one run, removed when the handle is dropped. Its name
/// contains its owner.
pub fn scratch(name: &str) -> Result<TempDir> {
    let parent = made(target().join("lab/run"))?;
    tempfile::Builder::new()
        .prefix(&format!("{name}-{}-", Owner::this()?))
        .tempdir_in(&parent)
        .with_context(|| format!("cannot make a directory in `{}`", parent.display()))
}

/// Removes the directories of processes that ended without removing them, and returns their number.
pub fn sweep() -> Result<usize> {
    let mut swept = 0;
    for entry in fs::read_dir(made(target().join("lab/run"))?)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.rsplit('-').nth(1))
            .and_then(Owner::parse);
        if owner.is_some_and(|owner| !owner.lives()) {
            match fs::remove_dir_all(entry.path()) {
                // Another thread removed it at the same time.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => {
                    removed?;
                    swept += 1;
                }
            }
        }
    }
    Ok(swept)
}

/// A fresh directory for Unix sockets, whose paths may not have more than 107 bytes.
pub fn sockets() -> Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("dagward-").tempdir()?)
}

fn made(directory: PathBuf) -> Result<PathBuf> {
    fs::create_dir_all(&directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
    Ok(directory)
}
