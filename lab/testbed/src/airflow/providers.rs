//! Providers beside those that every Airflow of the lab has: a folder for the search path of Python.

use std::path::PathBuf;

use anyhow::Result;

use dagward_releases::{Installation, Release};
use dagward_workbench::python::{pip_install, requirements};
use dagward_workbench::{cache, progress};

const REQUIREMENTS: &str = include_str!("../../../airflow/requirements-providers.txt");

/// What of them Airflow 2 does not load.
const OF_AIRFLOW_3: &str = "apache-airflow-providers-git==";

/// The folder that has them, installed for the Python of this release if need be.
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
