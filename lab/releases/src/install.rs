//! Airflow from PyPI, with every package pinned, and an empty database with its schema.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use dagward_workbench::python::{Venv, requirements};
use dagward_workbench::{cache, paths, progress};

const DATABASE: &str = "airflow.db";

/// HS512 needs a key as long as its digest.
const SECRET_BYTES: usize = 64;

/// The variable with the key that signs the tokens of Airflow 3.
pub const JWT_SECRET: &str = "AIRFLOW__API_AUTH__JWT_SECRET";

/// A release of Airflow, with a tested version of every package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// `3.3.2`, …
    pub version: &'static str,
    /// Every package with its version, in pip's format.
    pub requirements: &'static str,
}

/// An installed Airflow.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The command `airflow`.
    pub program: PathBuf,
    /// The Python interpreter of the environment with Airflow.
    pub python: PathBuf,
    /// An SQLite database with Airflow's empty tables, to be copied.
    pub database: PathBuf,
}

/// The environment variables of Airflow's processes.
#[derive(Debug, Clone)]
pub struct Environment(Vec<(&'static str, String)>);

impl Release {
    /// The last release of each line that the project tests, oldest first. The last one may be a
    /// pre-release.
    pub const ALL: [Self; 6] = [
        Self::V2_11,
        Self::V3_0,
        Self::V3_1,
        Self::V3_2,
        Self::V3_3,
        Self::V3_4,
    ];
    /// The last release of Airflow 2.
    pub const V2_11: Self = Self {
        version: "2.11.2",
        requirements: include_str!("../../airflow/requirements-2.11.2.txt"),
    };
    /// The last release of 3.0.
    pub const V3_0: Self = Self {
        version: "3.0.6",
        requirements: include_str!("../../airflow/requirements-3.0.6.txt"),
    };
    /// The last release of 3.1.
    pub const V3_1: Self = Self {
        version: "3.1.8",
        requirements: include_str!("../../airflow/requirements-3.1.8.txt"),
    };
    /// The last release of 3.2.
    pub const V3_2: Self = Self {
        version: "3.2.2",
        requirements: include_str!("../../airflow/requirements-3.2.2.txt"),
    };
    /// The last release of 3.3.
    pub const V3_3: Self = Self {
        version: "3.3.2",
        requirements: include_str!("../../airflow/requirements-3.3.2.txt"),
    };
    /// The newest pre-release of 3.4.
    pub const V3_4: Self = Self {
        version: "3.4.0b2",
        requirements: include_str!("../../airflow/requirements-3.4.0b2.txt"),
    };

    /// Whether this is Airflow 2, which has other components, and whose tasks use the database and
    /// no API.
    pub fn is_airflow_2(self) -> bool {
        self == Self::V2_11
    }
}

impl Installation {
    /// Installs a release of Airflow unless it is installed: about 300 MB, a minute or two.
    pub fn ensure(release: Release) -> Result<Self> {
        let name = format!("airflow-{}", release.version);
        let venv = Venv::ensure(&name, &requirements(release.requirements))?;
        let program = venv.program("airflow");
        let directory = cache::ensure(
            &format!("{name}-database"),
            &[release.requirements],
            |directory| {
                let mut migrate = Command::new(&program);
                migrate.args(["db", "migrate"]);
                Environment::new(directory)?.apply(&mut migrate);
                // With SQLite, Airflow 2 would allow only its own executor; none runs here.
                migrate.env("_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK", "1");
                progress::run("making Airflow's database", &mut migrate)
            },
        )?;
        Ok(Self {
            program,
            python: venv.python(),
            database: directory.join(DATABASE),
        })
    }

    /// The variables that the processes of one run share; their files are in `home`.
    pub fn environment(&self, home: &Path) -> Result<Environment> {
        Environment::new(home)
    }
}

impl Environment {
    fn new(home: &Path) -> Result<Self> {
        let files = paths::workspace().join("lab/airflow");
        let text = |path: PathBuf| path.display().to_string();
        // Airflow waits up to `timeout` seconds while another of its processes writes.
        let database = format!("sqlite:///{}?timeout=60", home.join(DATABASE).display());
        Ok(Self(vec![
            ("AIRFLOW_HOME", text(home.to_owned())),
            ("AIRFLOW_CONFIG", text(files.join("airflow.cfg"))),
            ("PYTHONPATH", text(files.clone())),
            ("AIRFLOW__CORE__DAGS_FOLDER", text(files.join("dags"))),
            ("AIRFLOW__CORE__PLUGINS_FOLDER", text(home.join("plugins"))),
            ("AIRFLOW__LOGGING__BASE_LOG_FOLDER", text(home.join("logs"))),
            ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", database),
            (JWT_SECRET, secret()?),
        ]))
    }

    /// The key that signs Airflow's tokens.
    pub fn jwt_secret(&self) -> Option<&str> {
        let mut settings = self.0.iter();
        let (_, secret) = settings.find(|(name, _)| *name == JWT_SECRET)?;
        Some(secret)
    }

    /// Sets the variables of `command`, and removes Airflow's settings in the caller's environment.
    pub fn apply(&self, command: &mut Command) {
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("AIRFLOW_") {
                command.env_remove(name);
            }
        }
        command.envs(self.0.iter().map(|(name, value)| (name, value)));
    }
}

/// A new key for the tokens of one run.
///
/// # Errors
/// The machine provides no random numbers.
pub fn secret() -> Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).context("no random numbers")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
