//! `cargo xtask notes v1.2.3`: prints the changelog's section for a release.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use dagward_workbench::paths;

const FILE: &str = "CHANGELOG.md";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The tag of the release.
    #[arg(value_name = "vX.Y.Z")]
    tag: String,
}

/// Prints the section, if the tag has the packages' version and the section has a date.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    ensure!(
        arguments.tag == format!("v{version}"),
        "the tag is `{}`, but Cargo.toml has the version {version}: expected `v{version}`",
        arguments.tag
    );
    let changelog = fs::read_to_string(paths::workspace().join(FILE)).context(FILE)?;
    println!("{}", section(&changelog, version)?);
    Ok(())
}

/// The text below the heading `## [version] - date`, up to the next one.
fn section<'a>(changelog: &'a str, version: &str) -> Result<&'a str> {
    let start = format!("## [{version}]");
    let sections = changelog.split("\n## ").skip(1);
    for section in sections {
        let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
        let Some(date) = heading.strip_prefix(&format!("[{version}]")) else {
            continue;
        };
        if !date.strip_prefix(" - ").is_some_and(is_date) {
            bail!("{FILE}: the heading `## {heading}` has no date: expected `{start} - YYYY-MM-DD`");
        }
        return Ok(text.trim());
    }
    bail!("{FILE} has no section for {version}: expected the heading `{start} - YYYY-MM-DD`")
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    parts.iter().map(|part| part.len()).eq([4, 2, 2]) && parts.iter().all(|part| digits(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "# Changelog\n\n## [0.2.0] - unreleased\n\n- New.\n\n\
                             ## [0.1.0] - 2026-12-24\n\n### Added\n\n- All of it.\n\n## [0.0.1] - 2026-1-1\n";

    #[test]
    fn a_release_has_the_text_of_its_section() {
        let text = section(CHANGELOG, "0.1.0").unwrap();
        assert_eq!(text, "### Added\n\n- All of it.");
    }

    #[test]
    fn a_section_without_a_date_is_refused() {
        for (version, expected) in [
            ("0.2.0", "the heading `## [0.2.0] - unreleased` has no date"),
            ("0.0.1", "the heading `## [0.0.1] - 2026-1-1` has no date"),
            ("0.3.0", "no section for 0.3.0"),
        ] {
            let error = section(CHANGELOG, version).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
