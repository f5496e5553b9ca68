//! `cargo xtask routes`: compares the route table with the installed releases of Airflow.

mod actions;

use std::fs;

use anyhow::Result;
use dagward::operation::rows_of;
use dagward_releases::Release;
use dagward_releases::routes::{Asked, Listing, changes_in_newer, check};
use dagward_workbench::paths;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The releases to compare, such as `3.3.2`; by default all, and then the changes in a newer
    /// one on PyPI.
    #[arg(value_parser = release)]
    releases: Vec<Release>,
    /// Store the routes of the releases for the tests, and rewrite `docs/actions.md`.
    #[arg(long)]
    write: bool,
}

fn release(version: &str) -> Result<Release, String> {
    let found = Release::ALL
        .into_iter()
        .find(|release| release.version == version);
    found.ok_or_else(|| {
        format!(
            "one of {}",
            Release::ALL.map(|release| release.version).join(", ")
        )
    })
}

/// Prints the changes in a release or pre-release that is newer than all that the table knows. They
/// do not make the table incomplete.
fn newer() {
    let [.., known] = Release::ALL;
    match changes_in_newer() {
        Ok(Some(changes)) => println!("The table does not know this release yet.\n{changes}"),
        Ok(None) => println!(
            "PyPI has no release or pre-release newer than {}, which the table knows.\n",
            known.version
        ),
        Err(error) => println!(
            "Cannot tell whether there is a newer release than {}: {error:#}\n",
            known.version
        ),
    }
}

/// Prints a table for each release. Returns whether all routes are classified and equal to the
/// stored ones.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let releases = match arguments.releases.as_slice() {
        [] => &Release::ALL,
        named => named,
    };
    if arguments.write {
        fs::write(paths::workspace().join(actions::FILE), actions::page())?;
    }
    let mut complete = true;
    for &release in releases {
        if arguments.write {
            Listing::installed(release)?.keep()?;
        }
        let comparison = check(release, rows_of(release.version).map(|row| row.words()))?;
        println!("{comparison}");
        complete &= comparison.complete();
    }
    if arguments.releases.is_empty() {
        newer();
    }
    let asked = Asked::of_all(|release| rows_of(release.version).map(|row| row.words()))?;
    print!("{asked}");
    Ok(complete && asked.is_complete())
}
