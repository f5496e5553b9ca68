//! The package `dagward-airflow`, installed as a folder for Python's search path.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result};

use serde_json::Value;

use super::printed::last_line;
use dagward_releases::{Installation, Release};
use dagward_workbench::output::output_of;
use dagward_workbench::python::pip_install;
use dagward_workbench::{cache, paths, progress};

/// The package's folder.
pub const SOURCE: &str = "airflow";

/// The search path of an Airflow that uses the package.
pub fn search_path(installation: &Installation) -> Result<OsString> {
    let own = paths::workspace().join("lab/airflow");
    Ok(env::join_paths([own, installed(installation)?])?)
}

/// The parts of the package that a release of Airflow finds, and their effect on a task's container
/// with `command`; see `lab/airflow/package.py`.
pub fn found(release: Release, command: &Value) -> Result<Value> {
    let installation = Installation::ensure(release)?;
    let home = paths::scratch("package")?;
    let teams = home.path().join("teams");
    fs::create_dir(&teams)?;
    fs::write(teams.join("sales"), "airflow-worker-sales")?;
    let mut python = Command::new(&installation.python);
    installation.environment(home.path())?.apply(&mut python);
    python
        .arg(paths::workspace().join("lab/airflow/package.py"))
        .env("PYTHONPATH", search_path(&installation)?)
        .env("AIRFLOW__DAGWARD__TEAMS", &teams);
    last_line(&output_of(python, &command.to_string())?)
}

/// Whether a release of Airflow starts with these settings in the environment; the error says why not.
pub fn starts(release: Release, settings: &[(&str, &str)]) -> Result<()> {
    let installation = Installation::ensure(release)?;
    let home = paths::scratch("package")?;
    let mut python = Command::new(&installation.python);
    installation.environment(home.path())?.apply(&mut python);
    python
        .args(["-c", "from airflow import settings; settings.initialize()"])
        .env("PYTHONPATH", search_path(&installation)?)
        .envs(settings.iter().copied());
    output_of(python, "").map(drop)
}

/// The package's installed folder for `installation`'s Python; installs it if necessary.
fn installed(installation: &Installation) -> Result<PathBuf> {
    let source = paths::workspace().join(SOURCE);
    let mut files = vec![source.join("pyproject.toml")];
    for entry in fs::read_dir(source.join("src/dagward_airflow"))? {
        files.push(entry?.path());
    }
    // Without byte code that Python may have left.
    files.retain(|file| file.is_file());
    files.sort();
    let read = |file: &PathBuf| fs::read_to_string(file).with_context(|| file.display().to_string());
    let mut inputs = files.iter().map(read).collect::<Result<Vec<_>>>()?;
    inputs.push(installation.python.display().to_string());
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    cache::ensure("dagward-airflow", &inputs, |directory| {
        let mut pip = pip_install(&installation.python);
        pip.args(["--no-deps", "--target"]).arg(directory).arg(&source);
        progress::run("installing dagward-airflow with pip", &mut pip)
    })
}
