//! `cargo xtask check`: the checks that do not run the filter.

use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;
use dagward_build::{TARGET, ensure_target};

use crate::cargo::cargo;
use crate::deny::Deny;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A check to leave out.
    #[arg(long, value_enum, value_name = "CHECK")]
    skip: Vec<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    /// The code is formatted.
    Format,
    /// Clippy reports nothing for any package.
    Lints,
    /// Clippy reports nothing for the filter, compiled for the proxy.
    ModuleLints,
    /// The documentation builds, and its links have targets.
    Documentation,
    /// Licences, banned crates and sources of crates follow deny.toml.
    Dependencies,
    /// No crate has a known vulnerability. It needs the RustSec database, a git repository.
    Advisories,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// This machine cannot run the check, for this reason.
    Impossible(String),
    LeftOut,
}

/// Runs all checks, also after a failure. Returns whether all passed except those that the user
/// left out: a check that cannot run has not passed.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let mut report = Vec::new();
    for check in Check::value_variants() {
        let outcome = if arguments.skip.contains(check) {
            Outcome::LeftOut
        } else {
            println!("\n== {}", check.name());
            check.run()?
        };
        report.push((*check, outcome));
    }
    println!();
    for (check, outcome) in &report {
        println!("{}", line(*check, outcome));
    }
    Ok(report
        .iter()
        .all(|(_, outcome)| matches!(outcome, Outcome::Passed | Outcome::LeftOut)))
}

fn line(check: Check, outcome: &Outcome) -> String {
    let name = check.name();
    match outcome {
        Outcome::Passed => format!("{name}: passed"),
        Outcome::Failed => format!("{name}: failed"),
        Outcome::Impossible(reason) => {
            format!("{name}: not run (`--skip {name}` leaves it out): {reason}")
        }
        Outcome::LeftOut => format!("{name}: left out"),
    }
}

impl Check {
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn run(self) -> Result<Outcome> {
        match self {
            Self::Format => passes(cargo(&["fmt", "--all", "--check"])),
            Self::Lints => passes(cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ])),
            Self::ModuleLints => {
                ensure_target()?;
                let filter = ["clippy", "--package", "dagward-module", "--target", TARGET];
                passes(cargo(&[&filter[..], &["--", "-D", "warnings"]].concat()))
            }
            Self::Documentation => {
                let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
                doc.env("RUSTDOCFLAGS", "-D warnings");
                passes(doc)
            }
            Self::Dependencies => {
                with_deny(|deny| passes(deny.command(&["check", "bans", "licenses", "sources"])))
            }
            Self::Advisories => with_deny(|deny| match deny.fetch() {
                Ok(()) => passes(deny.command(&["check", "--disable-fetch", "advisories"])),
                Err(error) => Ok(Outcome::Impossible(format!("{error:#}"))),
            }),
        }
    }
}

fn passes(mut command: Command) -> Result<Outcome> {
    let status = command.status().context("cannot start `cargo`")?;
    Ok(if status.success() {
        Outcome::Passed
    } else {
        Outcome::Failed
    })
}

/// Runs a check of cargo-deny; installs cargo-deny first if necessary.
fn with_deny(check: impl FnOnce(&Deny) -> Result<Outcome>) -> Result<Outcome> {
    match Deny::ensure() {
        Ok(deny) => check(&deny),
        Err(error) => Ok(Outcome::Impossible(format!("{error:#}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_cannot_run_says_why_and_how_to_leave_it_out() {
        let outcome = Outcome::Impossible("no network".to_owned());
        assert_eq!(
            line(Check::Advisories, &outcome),
            "advisories: not run (`--skip advisories` leaves it out): no network"
        );
    }

    #[test]
    fn a_command_that_fails_is_a_failed_check() {
        assert_eq!(passes(Command::new("true")).unwrap(), Outcome::Passed);
        assert_eq!(passes(Command::new("false")).unwrap(), Outcome::Failed);
    }
}
