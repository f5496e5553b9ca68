//! Finds a release or pre-release of Airflow on PyPI that is newer than all known ones.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{Changes, Listing};
use crate::{Installation, Release};
use dagward_workbench::{progress, python};

/// The package that each release of Airflow publishes.
const PACKAGE: &str = "apache-airflow";

/// Packages whose versions follow from that of [`PACKAGE`].
const FOLLOWING: [&str; 2] = ["apache-airflow-core==", "apache-airflow-task-sdk=="];

/// The number of requirements that a file asks for directly. All other lines follow from these.
const ASKED_FOR: usize = 11;

/// The changes from the newest known release to the newest one on PyPI; `None` if they are the
/// same. Installs the release if necessary.
pub fn changes_in_newer() -> Result<Option<Changes>> {
    let [.., known] = Release::ALL;
    let index = index(known)?;
    let Some(version) = newer(&index, known.version)? else {
        return Ok(None);
    };
    let newer = Listing::installed(release(known, version))?;
    Changes::between(&Listing::kept(known)?, &newer).map(Some)
}

/// pip's list of the versions on PyPI.
fn index(known: Release) -> Result<String> {
    let python = Installation::ensure(known)?.python;
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "index",
        "versions",
        "--pre",
        "--disable-pip-version-check",
        PACKAGE,
    ]);
    let output = progress::during("asking PyPI for newer releases of Airflow", |_| {
        pip.stdin(Stdio::null()).output()
    })?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "pip cannot ask PyPI: {errors}");
    String::from_utf8(output.stdout).context("pip's answer is not UTF-8")
}

/// The newest version in pip's answer, if it is newer than `known`. pip lists the newest first.
fn newer<'i>(index: &'i str, known: &str) -> Result<Option<&'i str>> {
    let mut lines = index.lines();
    let versions = lines
        .find_map(|line| line.strip_prefix("Available versions: "))
        .context("pip names no versions")?;
    let versions: Vec<_> = versions.split(", ").map(str::trim).collect();
    let position = versions.iter().position(|version| *version == known);
    let position =
        position.with_context(|| format!("PyPI has no {PACKAGE} {known}, which the table knows"))?;
    Ok(versions.first().filter(|_| position > 0).copied())
}

/// That version, together with the direct requirements of the newest known release; lives as long
/// as this process.
fn release(known: Release, version: &str) -> Release {
    let lines = python::requirements(known.requirements);
    let beside = lines.into_iter().take(ASKED_FOR).filter(|line| {
        let own = line
            .strip_prefix(PACKAGE)
            .is_some_and(|rest| rest.starts_with("=="));
        !own && !FOLLOWING.iter().any(|package| line.starts_with(package))
    });
    let own = format!("{PACKAGE}=={version}");
    let requirements: Vec<_> = std::iter::once(own.as_str()).chain(beside).collect();
    Release {
        version: version.to_owned().leak(),
        requirements: requirements.join("\n").leak(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_counts_if_the_table_does_not_know_it() {
        let index =
            |versions: &str| format!("apache-airflow (9)\nAvailable versions: {versions}\n  INSTALLED: 1\n");
        for (versions, expected) in [
            ("3.4.0b2, 3.4.0b1, 3.3.2", None),
            ("3.4.0rc1, 3.4.0b2, 3.3.2", Some("3.4.0rc1")),
            ("3.5.0b1, 3.4.0, 3.4.0b2", Some("3.5.0b1")),
        ] {
            assert_eq!(newer(&index(versions), "3.4.0b2").unwrap(), expected);
        }
        assert!(newer(&index("3.3.2, 3.3.1"), "3.4.0b2").is_err());
        assert!(newer("", "3.4.0b2").is_err());
    }

    #[test]
    fn its_requirements_are_those_of_the_known_one_but_for_its_own_packages() {
        let release = release(Release::V3_4, "3.5.0b1");
        let lines: Vec<_> = release.requirements.lines().collect();
        assert_eq!(lines[0], "apache-airflow==3.5.0b1");
        assert_eq!(lines.len(), ASKED_FOR - FOLLOWING.len());
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with("apache-airflow-providers-fab=="))
        );
        assert!(
            !lines[1..].iter().any(|line| line.contains("3.4.0b2")),
            "{lines:?}"
        );
    }
}
