//! Installs each thing once: a directory per content key, used only after its installation has
//! finished.
//!
//! An installation is made at its final place, because a Python virtual environment contains its
//! own path and cannot be renamed. A marker file says that the installation is complete; a
//! directory without the marker is removed and made again. A lock file keeps several test processes
//! from installing the same thing at once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{paths, progress};

const MARKER: &str = ".complete";

/// The directory of `name` installed from exactly `inputs`; calls `install` if it is not there yet.
///
/// `inputs` is everything that the content depends on (versions, requirements).
pub fn ensure(name: &str, inputs: &[&str], install: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    ensure_in(&paths::cache()?, name, inputs, install)
}

fn ensure_in(
    root: &Path,
    name: &str,
    inputs: &[&str],
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let directory = root.join(format!("{name}-{}", digest(inputs)));
    let marker = directory.join(MARKER);
    if marker.exists() {
        return Ok(directory);
    }

    let lock = File::create(root.join(format!("{name}-{}.lock", digest(inputs))))?;
    if lock.try_lock().is_err() {
        progress::during(&format!("waiting for another process to install {name}"), |_| {
            lock.lock()
        })?;
    }
    if marker.exists() {
        return Ok(directory);
    }
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    install(&directory).with_context(|| format!("cannot install `{name}`"))?;
    File::create(marker)?;
    Ok(directory)
}

fn digest(inputs: &[&str]) -> String {
    let mut hash = Sha256::new();
    for input in inputs {
        hash.update((input.len() as u64).to_le_bytes());
        hash.update(input);
    }
    hash.finalize()
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_made_installation_is_made_anew() {
        let root = tempfile::tempdir().unwrap();
        let failed = ensure_in(root.path(), "thing", &["1"], |directory| {
            fs::write(directory.join("half"), "")?;
            anyhow::bail!("interrupted")
        });
        assert!(failed.is_err());

        let directory = ensure_in(root.path(), "thing", &["1"], |directory| {
            assert!(!directory.join("half").exists());
            Ok(fs::write(directory.join("whole"), "")?)
        })
        .unwrap();
        assert!(directory.join("whole").exists());

        ensure_in(root.path(), "thing", &["1"], |_| panic!("installed twice")).unwrap();
    }

    #[test]
    fn other_inputs_are_another_installation() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
