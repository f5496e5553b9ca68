//! The origin of an image: the predicate of SLSA's provenance, version 1
//! (slsa.dev/spec/v1.0/provenance).
//!
//! It contains no times, so the same commit gives the same predicate.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::labels::DIRTY;
use super::{Image, blob, sbom};
use dagward_build::TARGET;
use dagward_workbench::paths;

/// cosign's name for this type of predicate.
pub(super) const TYPE: &str = "slsaprovenance1";

/// The label with the commit.
pub(super) const REVISION: &str = "org.opencontainers.image.revision";

const SOURCE: &str = "org.opencontainers.image.source";

/// The build process, for readers of the predicate: `cargo xtask image`.
const BUILD_TYPE: &str = "urn:dagward:build:cargo-xtask-image:v1";

/// The builder if the signer does not name one.
const UNNAMED: &str = "urn:dagward:builder:unnamed";

/// The predicate of both forms of an image.
pub(super) fn of(image: &Image, builder: Option<&str>) -> Result<Value> {
    let revision = image.labels.get(REVISION);
    let Some(commit) = revision.filter(|commit| !commit.ends_with(DIRTY)) else {
        bail!(
            "the provenance names a commit, and the image was not built from one: commit your changes first"
        );
    };
    let mut source = BTreeMap::from([
        ("name", json!("source")),
        ("digest", json!({"gitCommit": commit})),
    ]);
    let repository = image.labels.get(SOURCE);
    source.extend(repository.map(|repository| ("uri", json!(format!("git+{repository}")))));
    let lock = paths::workspace().join("Cargo.lock");
    let lock = fs::read(&lock).with_context(|| format!("cannot read `{}`", lock.display()))?;
    Ok(json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"command": "cargo xtask image", "target": TARGET},
            "resolvedDependencies": [
                source,
                {"name": "Cargo.lock", "digest": {"sha256": blob::checksum(&lock)}},
                {"name": "rust", "uri": sbom::standard_library()?.url},
            ],
        },
        "runDetails": {
            "builder": {"id": builder.unwrap_or(UNNAMED)},
            "byproducts": [{"name": sbom::FILE, "digest": {"sha256": blob::checksum(&image.sbom)}}],
        },
    }))
}
