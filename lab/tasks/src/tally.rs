//! The number of passed and failed tests, over all suites.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// The sum over checks and tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    /// Suites that this machine cannot run, each with the reason.
    impossible: Vec<String>,
}

impl Tally {
    /// The number of passed tests.
    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    /// The number of failed tests.
    pub(crate) fn failed(&self) -> u64 {
        self.failed
    }

    /// Adds another tally's counts.
    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Whether everything ran and nothing failed.
    pub(crate) fn clean(&self) -> bool {
        self.failed == 0 && self.impossible.is_empty()
    }

    /// Records a suite that cannot run, for the closing lines.
    pub(crate) fn impossible(&mut self, suite: &str, missing: &[String]) {
        let reasons: String = missing.iter().map(|reason| format!("\n  {reason}")).collect();
        self.impossible.push(format!(
            "not run: {suite} (`--skip {suite}` leaves it out){reasons}"
        ));
    }

    /// Runs a command that passes or fails as a whole.
    pub(crate) fn check(&mut self, what: &str, mut command: Command) -> Result<()> {
        println!("\n== {what}");
        let status = command.status().context("cannot start `cargo`")?;
        *if status.success() {
            &mut self.passed
        } else {
            &mut self.failed
        } += 1;
        Ok(())
    }

    /// Runs `cargo test` and counts its tests.
    pub(crate) fn tests(&mut self, mut command: Command) -> Result<()> {
        let arguments: Vec<_> = command
            .get_args()
            .map(|argument| argument.to_string_lossy())
            .collect();
        println!("\n== cargo {}", arguments.join(" "));
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `cargo`")?;
        let mut sum = Self::default();
        for line in child
            .stdout
            .take()
            .into_iter()
            .flat_map(|output| BufReader::new(output).lines())
        {
            let line = line?;
            println!("{line}");
            sum.read(&line);
        }
        let status = child.wait()?;
        if !status.success() && sum.failed == 0 {
            // It did not compile, or a test program crashed.
            sum.failed = 1;
        }
        self.add(&sum);
        Ok(())
    }

    /// Counts a closing line of a test program: `test result: ok. 3 passed; 0 failed; …`.
    fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let words: Vec<&str> = result.split_whitespace().collect();
        for pair in words.windows(2) {
            match pair {
                [count, "passed;"] => self.passed += count.parse().unwrap_or(0),
                [count, "failed;"] => self.failed += count.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\n{} passed, {} failed", self.passed, self.failed)?;
        self.impossible
            .iter()
            .try_for_each(|suite| write!(formatter, "\n{suite}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_summed() {
        let mut tally = Tally::default();
        tally.read(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        );
        tally.read("test result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.read("test a ... ok, 9 passed; 9 failed;");
        assert_eq!(
            tally,
            Tally {
                passed: 15,
                failed: 2,
                impossible: Vec::new(),
            }
        );
        assert_eq!(tally.to_string(), "\n15 passed, 2 failed");
    }

    #[test]
    fn a_suite_that_cannot_run_is_no_success() {
        let mut tally = Tally::default();
        tally.impossible("istio", &["`go` is missing".to_owned()]);
        assert!(!tally.clean());
        let text = tally.to_string();
        assert!(
            text.contains("not run: istio (`--skip istio` leaves it out)\n  `go` is missing"),
            "{text}"
        );
    }

    #[test]
    fn a_program_that_dies_is_a_failure() {
        let mut tally = Tally::default();
        let mut command = Command::new("sh");
        command.args(["-c", "exit 101"]);
        tally.tests(command).unwrap();
        assert!(!tally.clean());
    }
}
