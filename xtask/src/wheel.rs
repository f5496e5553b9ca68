//! `cargo xtask wheel`

use anyhow::Result;
use dagward_lab::paths;
use dagward_lab::wheel::{self, Profile};

/// Builds the wheel and says where it is.
pub(crate) fn run() -> Result<()> {
    let wheel = wheel::build(Profile::Release, &wheel::directory())?;
    let wheel = wheel.strip_prefix(paths::workspace()).unwrap_or(&wheel);
    println!("{}", wheel.display());
    Ok(())
}
