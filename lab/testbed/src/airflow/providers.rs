//! Providers in addition to those of every Airflow in the lab: a folder for Python's search path.

use std::path::PathBuf;

use anyhow::Result;

use dagward_releases::{Installation, Release};
use dagward_workbench::python::{pip_install, requirements};
use dagward_workbench::{cache, progress};

const REQUIREMENTS: &str = include_str!("../../../airflow/requirements-providers.txt");

/// The provider that Airflow 2 cannot load.
const OF_AIRFLOW_3: &str = "apache-airflow-providers-git==";

/// The folder with the providers for this release's Python; installs them if necessary.
pub fn providers(release: Release) -> Result<PathBuf> {
    let installation = Installation::ensure(release)?;
    let python = installation.python.display().to_string();
    let wanted = |line: &&str| !release.is_airflow_2() || !line.starts_with(OF_AIRFLOW_3);
    let wanted: Vec<_> = REQUIREMENTS.lines().filter(wanted).collect();
    let wanted = wanted.join("\n");
    cache::ensure("airflow-providers", &[&wanted, &python], |directory| {
        let mut pip = pip_install(&installation.python);
        pip.args(["--no-deps", "--target"]).arg(directory);
        pip.args(requirements(&wanted));
        progress::run("installing Airflow's providers with pip", &mut pip)
    })
}
