//! `cargo xtask test matrix`: runs suites on more releases than their default, with a table for
//! each.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use dagward_cluster as istio;
use dagward_cluster::release;
use dagward_testbed::envoy;
use dagward_workbench::table::Table;

use crate::cargo::tests;
use crate::tally::Tally;

/// The tests of the suite `istio` that only need the API server.
const ADMISSION: &str = "admission";

/// Runs the whole matrix, with the suite `istio` if `with_istio` is set.
pub(crate) fn run(tally: &mut Tally, with_istio: bool) -> Result<()> {
    let mut matrix = tests(&["--test", "matrix"]);
    // Shows its table also when it passes.
    matrix.env("RUST_TEST_NOCAPTURE", "1");
    tally.tests(matrix)?;
    every_envoy(tally)?;
    let missing = istio::missing();
    match (with_istio, missing.is_empty()) {
        (false, _) => Ok(()),
        (true, true) => every_istio(tally),
        (true, false) => {
            tally.impossible("istio", &missing);
            Ok(())
        }
    }
}

/// Runs the suite `envoy` on every release of Envoy.
fn every_envoy(tally: &mut Tally) -> Result<()> {
    let mut table = Table::plain(["Envoy", "behind Istio", "tests", "passed", "failed", "seconds"]);
    for release in envoy::Release::ALL {
        let mut suite = tests(&["--test", "envoy"]);
        suite.env(envoy::PINNED, release.version);
        println!("\n== Envoy {}", release.version);
        let counts = counted(tally, suite)?;
        let names = [release.version, release.istio].map(str::to_owned);
        table.row(names.into_iter().chain(counts));
    }
    println!("\n{table}");
    Ok(())
}

/// Runs the suite `istio` on every release of Istio, and its admission tests on every other release
/// of Kubernetes.
fn every_istio(tally: &mut Tally) -> Result<()> {
    let mut table = Table::plain([
        "Istio",
        "Envoy",
        "Kubernetes",
        "of it",
        "tests",
        "passed",
        "failed",
        "seconds",
    ]);
    let [istio, ..] = release::Istio::ALL;
    let [kubernetes, others @ ..] = release::Kubernetes::ALL;
    let whole = release::Istio::ALL.map(|istio| (istio, kubernetes, ""));
    let admission = others.map(|kubernetes| (istio, kubernetes, ADMISSION));
    for (istio, kubernetes, only) in whole.into_iter().chain(admission) {
        let mut suite = tests(&["--test", "istio", "--", only]);
        suite.env(release::ISTIO, istio.version);
        suite.env(release::KUBERNETES, kubernetes.version);
        println!(
            "\n== Istio {} on Kubernetes {}",
            istio.version, kubernetes.version
        );
        let part = if only.is_empty() { "all" } else { only };
        let names = [istio.version, istio.envoy, kubernetes.version, part].map(str::to_owned);
        table.row(names.into_iter().chain(counted(tally, suite)?));
    }
    println!("\n{table}");
    Ok(())
}

/// Runs one suite, and returns the number of its tests, of passed and of failed ones, and the
/// seconds that they took.
fn counted(tally: &mut Tally, suite: Command) -> Result<[String; 4]> {
    let started = Instant::now();
    let mut own = Tally::default();
    own.tests(suite)?;
    tally.add(&own);
    let counts = [
        own.passed() + own.failed(),
        own.passed(),
        own.failed(),
        started.elapsed().as_secs(),
    ];
    Ok(counts.map(|count| count.to_string()))
}
