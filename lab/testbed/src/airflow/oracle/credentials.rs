//! The credentials that Airflow 3 reads from headers; see `lab/airflow/credential_oracle_3.py`.

use std::fmt::Write;
use std::fs::{self, File};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use dagward_releases::{Installation, Release};
use dagward_workbench::paths;

/// The credentials in the headers of one request, read with any of the supported releases of
/// Airflow's dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Credentials {
    /// The task instances for which the Execution API accepts the token.
    pub tasks: Vec<String>,
    /// Whether there is a user's token.
    pub user: bool,
}

/// The credentials that Airflow reads from the headers of each request.
pub fn credentials(requests: &[Vec<(&str, Vec<u8>)>]) -> Result<Vec<Credentials>> {
    let installation = Installation::ensure(Release::V3_3)?;
    let home = paths::scratch("oracle")?;
    let [questions, answers, log] = ["questions", "answers", "log"].map(|name| home.path().join(name));
    let requests: Vec<Vec<_>> = requests
        .iter()
        .map(|headers| headers.iter().map(|(name, value)| (name, hex(value))).collect())
        .collect();
    fs::write(&questions, serde_json::to_vec(&requests)?)?;
    let mut command = Command::new(&installation.python);
    command.current_dir(paths::workspace());
    installation.environment(home.path())?.apply(&mut command);
    command
        .arg("lab/airflow/credential_oracle_3.py")
        .args([&questions, &answers]);
    let status = command
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?)
        .status()?;
    ensure!(status.success(), "{}", fs::read_to_string(&log)?);
    serde_json::from_slice(&fs::read(&answers)?).context("the oracle's answers")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
