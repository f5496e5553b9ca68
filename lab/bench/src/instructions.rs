//! Instructions of the filter's own modules: compiled natively, counted by valgrind's callgrind.
//!
//! A count says nothing about time, but it is nearly the same in every run and on every machine. So
//! it shows the cost of a change even where timing is too noisy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::findings::Instructions;
use super::{directory, scene};
use dagward_workbench::{paths, progress};

/// Cases that depend on rules, and the numbers of rules.
const WITH_RULES: [(&str, &[u32]); 3] = [
    ("load", &[10, 1_000, 10_000]),
    ("decide", &[10, 1_000, 10_000, 100_000]),
    ("authorize", &[10, 10_000]),
];

/// Cases that do not depend on rules.
const PLAIN: [&str; 11] = [
    "read-caller",
    "read-own-route",
    "read-xcom",
    "read-bulk",
    "learned-task",
    "known-token",
    "new-token",
    "record-known-series",
    "record-new-series",
    "load-teams",
    "decide-teams",
];

/// The argument that makes the program list the most expensive requests.
const WORST: &str = "worst";

/// Counts every case, up to `most` rules; `None` without valgrind.
pub(super) fn count(most: u32) -> Result<Option<Vec<Instructions>>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(None);
    }
    let program = build()?;
    progress::during("counting instructions", |bar| {
        let mut counted = Vec::new();
        let mut add = |case: &str, label: String, policy: Option<&Path>, worst: bool| -> Result<()> {
            bar.set_message(format!("counting instructions: {label}"));
            let instructions = run(&program, case, policy)?;
            counted.push(Instructions {
                case: label,
                instructions,
                worst,
            });
            Ok(())
        };
        for case in PLAIN {
            add(case, case.replace('-', " "), None, false)?;
        }
        for (case, sizes) in WITH_RULES {
            for rules in sizes.iter().copied().filter(|rules| *rules <= most) {
                let policy = directory()?.join(format!("{rules}-rules.json"));
                fs::write(&policy, scene::dagward(rules))?;
                add(case, format!("{case}, {rules} rules"), Some(&policy), false)?;
            }
        }
        for case in worst(&program)? {
            add(&case, format!("dearest: {case}"), None, true)?;
        }
        Ok(Some(counted))
    })
}

fn build() -> Result<PathBuf> {
    let target = paths::target().join("native");
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(paths::workspace())
        .args([
            "build",
            "--release",
            "--package",
            "dagward-benches",
            "--target-dir",
        ])
        .arg(&target);
    progress::run("building the native cases", &mut cargo)?;
    Ok(target.join("release/dagward-benches"))
}

/// The names of the most expensive requests.
fn worst(program: &Path) -> Result<Vec<String>> {
    let output = Command::new(program).arg(WORST).output()?;
    ensure!(output.status.success(), "cannot list the cases");
    let names = String::from_utf8(output.stdout)?;
    Ok(names.lines().map(str::to_owned).collect())
}

fn run(program: &Path, case: &str, policy: Option<&Path>) -> Result<u64> {
    let profile = directory()?.join(format!("callgrind.{}.out", case.replace(' ', "-")));
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--toggle-collect=*measured*"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .arg(case)
        .args(policy);
    let output = valgrind.output().context("cannot start `valgrind`")?;
    let report = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the case `{case}` failed:\n{report}");
    collected(&report).with_context(|| format!("callgrind gave no count for `{case}`:\n{report}"))
}

/// The count in callgrind's last line, `==12== Collected : 3456`.
fn collected(report: &str) -> Option<u64> {
    let (_, count) = report.split_once("Collected : ")?;
    count
        .split_whitespace()
        .next()?
        .parse()
        .ok()
        .filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_collected_is_no_count() {
        assert_eq!(
            collected("==7== Events    : Ir\n==7== Collected : 3456\n"),
            Some(3456)
        );
        assert_eq!(collected("==7== Collected : 0\n"), None);
        assert_eq!(collected("==7== \n"), None);
    }
}
