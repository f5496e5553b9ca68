//! Python: finds an interpreter, and makes virtual environments with pinned requirements.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::{cache, progress};

/// The oldest minor version of Python 3 that Airflow 3 runs on.
const OLDEST_MINOR: u32 = 10;

const CANDIDATES: [&str; 6] = [
    "python3",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python",
];

/// The requirements in the text of a file, without its comments.
pub fn requirements(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

/// `pip install` of an interpreter, without prompts and without the check for a newer pip.
pub fn pip_install(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
    ]);
    pip
}

/// A virtual environment with its requirements installed.
#[derive(Debug, Clone)]
pub struct Venv {
    root: PathBuf,
}

impl Venv {
    /// The environment `name` with exactly `requirements` (arguments of `pip install`).
    pub fn ensure(name: &str, requirements: &[&str]) -> Result<Self> {
        let interpreter = Interpreter::find()?;
        let mut inputs = vec![interpreter.version.as_str()];
        inputs.extend(requirements);
        let root = cache::ensure(name, &inputs, |root| {
            let venv = Self::make(name, root, &interpreter)?;
            let mut pip = pip_install(&venv.python());
            pip.args(requirements);
            progress::run(&format!("installing {name} with pip"), &mut pip)
        })?;
        Ok(Self { root })
    }

    /// The environment `name` with the requirements in the text of a file, which may contain
    /// hashes.
    pub fn from_file(name: &str, text: &str) -> Result<Self> {
        let interpreter = Interpreter::find()?;
        let root = cache::ensure(name, &[&interpreter.version, text], |root| {
            let venv = Self::make(name, root, &interpreter)?;
            let file = root.join("requirements.txt");
            fs::write(&file, text)?;
            let mut pip = pip_install(&venv.python());
            pip.arg("--requirement").arg(file);
            progress::run(&format!("installing {name} with pip"), &mut pip)
        })?;
        Ok(Self { root })
    }

    /// Makes an empty environment.
    fn make(name: &str, root: &Path, interpreter: &Interpreter) -> Result<Self> {
        let message = format!("making the Python environment `{name}`");
        progress::run(
            &message,
            Command::new(&interpreter.program).args(["-m", "venv"]).arg(root),
        )?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// The directory of the environment.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The interpreter of the environment.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// The folder of the environment's packages.
    pub fn packages(&self) -> Result<PathBuf> {
        let code = "import sysconfig; print(sysconfig.get_path('platlib'), end='')";
        let output = Command::new(self.python()).args(["-c", code]).output()?;
        ensure!(
            output.status.success(),
            "`{}` does not say where its packages are",
            self.python().display()
        );
        Ok(String::from_utf8(output.stdout)?.into())
    }

    /// A program that a package of the environment installed.
    pub fn program(&self, name: &str) -> PathBuf {
        self.root.join("bin").join(name)
    }
}

/// An interpreter of the machine.
#[derive(Debug, Clone)]
pub struct Interpreter {
    /// Its name, as found on the search path.
    pub program: String,
    /// `3.N`.
    pub version: String,
}

impl Interpreter {
    /// The first interpreter on the search path that is new enough and can make environments.
    pub fn find() -> Result<Self> {
        for program in CANDIDATES {
            let Some(version) = version(program) else {
                continue;
            };
            if !new_enough(&version) {
                continue;
            }
            if !can_make_environments(program) {
                bail!(
                    "`{program}` cannot make virtual environments: its modules `venv` and `ensurepip` are \
                     missing; install them, on Debian and Ubuntu with: sudo apt-get install python3-venv"
                );
            }
            return Ok(Self {
                program: program.to_owned(),
                version,
            });
        }
        bail!(
            "no Python 3.{OLDEST_MINOR} or newer is on the search path; install it, on Debian and Ubuntu \
             with: sudo apt-get install python3 python3-venv"
        )
    }
}

fn version(program: &str) -> Option<String> {
    let code = "import sys; print('%d.%d' % sys.version_info[:2])";
    let output = Command::new(program).args(["-c", code]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    matches!((parts.next(), parts.next()), (Some(Ok(3)), Some(Ok(minor))) if minor >= OLDEST_MINOR)
}

fn can_make_environments(program: &str) -> bool {
    let output = Command::new(program)
        .args(["-c", "import venv, ensurepip"])
        .output();
    output.is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_are_refused() {
        for (version, expected) in [
            ("3.10", true),
            ("3.14", true),
            ("3.9", false),
            ("2.7", false),
            ("", false),
        ] {
            assert_eq!(new_enough(version), expected, "{version}");
        }
    }
}
