//! Providers beside those that every Airflow of the lab has: a folder for the search path of Python.

use std::path::PathBuf;

use anyhow::Result;

use super::install::Installation;
use crate::python::{pip_install, requirements};
use crate::{cache, progress};

const REQUIREMENTS: &str = include_str!("../../airflow/requirements-providers.txt");

/// The folder that has them, installed for `installation`'s Python if need be.
pub fn providers(installation: &Installation) -> Result<PathBuf> {
    let python = installation.python.display().to_string();
    cache::ensure("airflow-providers", &[REQUIREMENTS, &python], |directory| {
        let mut pip = pip_install(&installation.python);
        pip.args(["--no-deps", "--target"]).arg(directory);
        pip.args(requirements(REQUIREMENTS));
        progress::run("installing Airflow's providers with pip", &mut pip)
    })
}
