//! `cargo xtask test`: runs the suites, and prints one closing line.

use std::env;
use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use clap::ValueEnum;
use dagward_workbench::{descriptors, paths, progress};

use crate::cargo::{cargo, tests};
use crate::matrix;
use crate::tally::Tally;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The suites to run; by default all except the matrix.
    #[arg(value_enum)]
    suites: Vec<Suite>,
    /// A suite to leave out.
    #[arg(long, value_enum, value_name = "SUITE")]
    skip: Vec<Suite>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// Format, lints, documentation, and every test that needs neither Airflow nor Istio.
    Unit,
    /// The filter in real Envoys.
    Envoy,
    /// The filter between the components of a real Airflow.
    Airflow,
    /// The filter in a complete Istio, with the files that users apply, and by func-e. It needs
    /// root and Go.
    Istio,
    /// One run on every release of Airflow, and the suites `envoy` and `istio` on every Envoy,
    /// Istio and Kubernetes. It only runs when it is named.
    Matrix,
}

/// The suites that run by default.
const USUAL: [Suite; 4] = [Suite::Unit, Suite::Envoy, Suite::Airflow, Suite::Istio];

/// The engine's test targets that need no real program.
const PLAIN_TARGETS: [&str; 5] = ["docs", "examples", "fuzz", "policy", "token"];

/// The other packages whose test targets need only Envoy, a registry and an OpenID provider.
const PLAIN_PACKAGES: [&str; 5] = ["cli", "lab/demo", "lab/publish", "lab/tasks", "lab/testbed"];

/// The test targets of the suite `airflow`.
const AIRFLOW_TARGETS: [&str; 2] = ["airflow", "attacks"];

/// The test targets of the suite `istio`.
const ISTIO_TARGETS: [&str; 2] = ["func-e", "istio"];

/// The modules of the lab's own tests that belong to the suite `istio`.
const NEEDS_ROOT: &str = "needs_root";

/// The modules of the command-line tool's own tests that belong to the suite `istio`.
const NEEDS_GO: &str = "needs_go";

/// Runs the suites one after the other, also after a failure. Returns whether all passed.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let named = &arguments.suites;
    let suites = if named.is_empty() { USUAL.as_slice() } else { named };
    let mut tally = Tally::default();
    let (left_out, suites): (Vec<Suite>, Vec<Suite>) =
        suites.iter().partition(|suite| arguments.skip.contains(suite));
    let mut programs = None;
    for suite in &suites {
        let missing = suite.missing();
        if *suite == Suite::Airflow && suites.contains(&Suite::Istio) && Suite::Istio.missing().is_empty() {
            programs = Some(programs_of_istio()?);
        }
        if *suite == Suite::Istio
            && let Some(mut building) = programs.take()
        {
            // If the build fails, the suite fails as well and shows the reason.
            progress::during("building the programs of the suite istio", |_| building.wait())?;
        }
        if missing.is_empty() {
            suite.run(&mut tally, &arguments.skip)?;
        } else {
            tally.impossible(&suite.name(), &missing);
        }
    }
    println!("{tally}");
    for suite in left_out {
        println!("left out: {}", suite.name());
    }
    Ok(tally.clean())
}

impl Suite {
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The suite's requirements that this machine lacks, each with a way to get it.
    fn missing(self) -> Vec<String> {
        match self {
            Self::Istio => dagward_cluster::missing(),
            _ => Vec::new(),
        }
    }

    fn run(self, tally: &mut Tally, skip: &[Self]) -> Result<()> {
        match self {
            Self::Unit => unit(tally),
            Self::Envoy => targets(&["envoy"], tally),
            Self::Airflow => targets(&AIRFLOW_TARGETS, tally),
            Self::Istio => {
                tally.tests(tests(&["--lib", "--bins", "--", NEEDS_ROOT, NEEDS_GO]))?;
                targets(&ISTIO_TARGETS, tally)
            }
            Self::Matrix => matrix::run(tally, !skip.contains(&Self::Istio)),
        }
    }
}

/// Builds the Go programs of the suite `istio` in a process of its own. Without a cache this takes
/// minutes, in which the suite `airflow` leaves the processors idle.
fn programs_of_istio() -> Result<Child> {
    let log = File::create(paths::logs()?.join("programs-of-istio.log"))?;
    // The child continues if this process ends early.
    descriptors::close_on_exec();
    let mut install = Command::new("nice");
    install.arg(env::current_exe()?).args(["lab", "install"]);
    let child = install
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn();
    child.context("cannot start `nice`")
}

/// Runs test targets.
fn targets(names: &[&str], tally: &mut Tally) -> Result<()> {
    names
        .iter()
        .try_for_each(|name| tally.tests(tests(&["--test", name])))
}

fn unit(tally: &mut Tally) -> Result<()> {
    // Not every machine can fetch the RustSec database. Hosted CI checks it.
    let check = ["xtask", "check", "--skip", "advisories"];
    tally.check("cargo xtask check", cargo(&check))?;
    // The suites that need real programs are test targets of the workspace, so the command names
    // all others.
    let targets = plain_targets()?;
    let targets = targets.iter().flat_map(|target| ["--test", target]);
    let all = ["--lib", "--bins"].into_iter().chain(targets);
    let but = ["--", "--skip", NEEDS_ROOT, "--skip", NEEDS_GO];
    tally.tests(tests(&all.chain(but).collect::<Vec<_>>()))?;
    tally.tests(tests(&["--doc"]))
}

/// The test targets of all packages that need no other real program than Envoy, a registry and an
/// OpenID provider.
fn plain_targets() -> Result<Vec<String>> {
    let mut targets: Vec<String> = PLAIN_TARGETS.map(str::to_owned).into();
    for package in PLAIN_PACKAGES {
        for entry in fs::read_dir(paths::workspace().join(package).join("tests"))? {
            let path = entry?.path();
            // A folder contains the modules of a file beside it.
            let name = path.file_stem().filter(|_| path.is_file());
            targets.extend(name.map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_target_is_in_a_suite() {
        let folder = |name| fs::read_dir(paths::workspace().join(name)).unwrap();
        for target in folder("tests").chain(folder("e2e/tests")) {
            let path = target.unwrap().path();
            let target = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let suite = Suite::from_str(&target, false).is_ok();
            let targets = [PLAIN_TARGETS.as_slice(), &AIRFLOW_TARGETS, &ISTIO_TARGETS].concat();
            assert!(
                suite || targets.contains(&target.as_str()),
                "`{target}` is in no suite"
            );
        }
    }
}
