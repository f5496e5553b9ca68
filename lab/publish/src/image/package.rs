//! The filter's metadata in `Cargo.toml`.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::command::output;

/// The package that describes the filter: its engine.
const NAME: &str = "dagward";

/// The package whose library is the module.
pub(super) const MODULE: &str = "dagward-module";

/// Its metadata.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) description: Option<String>,
    pub(super) license: Option<String>,
    pub(super) repository: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

impl Package {
    pub(super) fn read() -> Result<Self> {
        let metadata = output("cargo", &["metadata", "--no-deps", "--format-version", "1"])?;
        let metadata: Metadata = serde_json::from_str(&metadata)?;
        let mut packages = metadata.packages.into_iter();
        packages
            .find(|package| package.name == NAME)
            .context("the workspace lacks the filter's package")
    }
}
