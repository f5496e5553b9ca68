//! `cargo xtask routes`: the route table against the Airflows that are installed.

mod actions;

use std::fs;

use anyhow::Result;
use dagward::operation::rows_of;
use dagward_lab::airflow::Release;
use dagward_lab::airflow::routes::{Asked, Listing, check};
use dagward_lab::paths;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The releases to look at, such as `3.3.2`; all if none is named.
    #[arg(value_parser = release)]
    releases: Vec<Release>,
    /// Keep what the releases serve for the tests, and write `docs/actions.md` anew.
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

/// Prints a table for each release. Gives whether all routes are classified, and as they are kept.
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
        if release == Release::V3_4 {
            for route in Listing::new_in_pre_release()? {
                println!("new: {route}");
            }
        }
        complete &= comparison.complete();
    }
    let asked = Asked::of_all(|release| rows_of(release.version).map(|row| row.words()))?;
    print!("{asked}");
    Ok(complete && asked.is_complete())
}
