//! Providers beside those that every Airflow of the lab has: a folder for the search path of Python.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::install::Installation;
use crate::{cache, progress};

const REQUIREMENTS: &str = include_str!("../../airflow/requirements-providers.txt");

/// The folder that has them, installed for `installation`'s Python if need be.
pub fn providers(installation: &Installation) -> Result<PathBuf> {
    let python = installation.python.display().to_string();
    cache::ensure("airflow-providers", &[REQUIREMENTS, &python], |directory| {
        let mut pip = Command::new(&installation.python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "--no-deps",
            "--target",
        ]);
        pip.arg(directory);
        pip.args(REQUIREMENTS.lines().filter(|line| !line.starts_with('#')));
        progress::run("installing Airflow's providers with pip", &mut pip)
    })
}
