//! `cargo xtask build`

use anyhow::Result;
use dagward_build as module;
use dagward_workbench::paths;

/// Builds the module and prints its path and size.
pub(crate) fn run() -> Result<()> {
    let module = module::build()?;
    let path = module
        .path
        .strip_prefix(paths::workspace())
        .unwrap_or(&module.path);
    println!("{}: {} bytes", path.display(), module.size);
    Ok(())
}
