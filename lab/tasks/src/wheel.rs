//! `cargo xtask wheel`

use anyhow::Result;
use dagward_publish::wheel::{self, Profile};
use dagward_workbench::paths;

/// Builds the wheel and prints its path.
pub(crate) fn run() -> Result<()> {
    let wheel = wheel::build(Profile::Release, &wheel::directory())?;
    let wheel = wheel.strip_prefix(paths::workspace()).unwrap_or(&wheel);
    println!("{}", wheel.display());
    Ok(())
}
