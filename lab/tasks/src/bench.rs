//! `cargo xtask bench`

use anyhow::Result;
use dagward_bench as bench;
use dagward_bench::Effort;
use dagward_workbench::paths;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Check that every measurement runs; the numbers mean nothing.
    #[arg(long)]
    quick: bool,
}

/// Measures, prints the tables, and prints the path of the numbers.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let effort = if arguments.quick {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    let (findings, path) = bench::run(effort)?;
    println!("{findings}");
    let path = path.strip_prefix(paths::workspace()).unwrap_or(&path);
    println!("written to {}", path.display());
    Ok(())
}
