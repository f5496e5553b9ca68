//! The routes that an installed Airflow serves, and their comparison with dagward's table.
//!
//! `lab/airflow/list_routes.py` reads Airflow's own routers. Its output for each release is stored
//! in `lab/airflow/routes/`, so that tests can compare the table with all releases without
//! installing any.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{fs, io};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{Installation, Release};
use dagward_workbench::{paths, progress};

mod asked;
mod changes;
mod comparison;
mod differences;
mod left_out;
mod newer;
mod questions;
mod row;
mod template;

pub use asked::Asked;
pub use changes::Changes;
pub use comparison::Comparison;
pub use left_out::{LEFT_OUT, LeftOut};
pub use newer::changes_in_newer;
pub use row::{Row, Words};
pub use template::fits;

/// One route, from Airflow's routers and its OpenAPI documents.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Served {
    /// The application that serves it.
    pub app: String,
    /// The method.
    pub method: String,
    /// The path, with Airflow's own names in braces.
    pub path: String,
    /// The names of the query's parameters.
    pub query: Vec<String>,
    /// The positions in a JSON body, such as `actions[].entities[].dag_id`.
    pub body: Vec<String>,
    /// The permissions that Airflow asks its auth manager for before it answers, such as
    /// `dag GET RUN`.
    pub asks: Vec<String>,
}

/// The routes of one release, as text with one object per line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    release: Release,
    text: String,
}

impl Listing {
    /// The routes of the installed release; installs it if necessary.
    pub fn installed(release: Release) -> Result<Self> {
        let installation = Installation::ensure(release)?;
        let home = paths::scratch("routes")?;
        fs::copy(&installation.database, home.path().join("airflow.db"))?;
        let mut command = Command::new(&installation.python);
        command.arg(paths::workspace().join("lab/airflow/list_routes.py"));
        installation.environment(home.path())?.apply(&mut command);
        command.env("_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK", "1");
        let message = format!("listing the routes of Airflow {}", release.version);
        let output = progress::during(&message, |_| command.stdin(Stdio::null()).output())?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{message} failed: {errors}");
        let text = String::from_utf8(output.stdout).context("the list of routes is not UTF-8")?;
        Ok(Self { release, text })
    }

    /// The stored routes of the release.
    pub fn kept(release: Release) -> Result<Self> {
        let file = file(release);
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
        Ok(Self { release, text })
    }

    /// Stores the routes.
    pub fn keep(&self) -> io::Result<()> {
        fs::write(file(self.release), &self.text)
    }

    /// The routes.
    pub fn routes(&self) -> Result<Vec<Served>> {
        let lines = self.text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().context("a line names no route")
    }
}

/// Compares a table with the routes that a release serves; installs the release if necessary.
pub fn check(release: Release, table: impl Iterator<Item = Words>) -> Result<Comparison> {
    let installed = Listing::installed(release)?;
    let mut comparison = Comparison::new(&installed, table)?;
    comparison.kept(installed == Listing::kept(release)?);
    Ok(comparison)
}

fn file(release: Release) -> PathBuf {
    let name = format!("lab/airflow/routes/{}.jsonl", release.version);
    paths::workspace().join(name)
}
