//! The filter as an OCI image, in the two forms that Istio's agent pulls.
//!
//! | form | tag | manifest |
//! |---|---|---|
//! | image | `0.1.0` | one gzip layer with `plugin.wasm`, like an image from any builder |
//! | artifact | `0.1.0-artifact` | two layers: the bare module, and its bill of materials |
//!
//! Users should take the image: every registry, mirror and Istio supports it. The artifact is for
//! tools that need the module without unpacking. Istio requires exactly two layers there, so the
//! second one contains the bill of materials, which also lies beside the layout. The bill is not
//! attached as a referrer, as not every registry stores referrers; its main component has the
//! digest of `plugin.wasm`, which ties it to both forms.
//!
//! **Reproducible**: the same commit and the same Rust give the same digests, in any folder and for
//! any user. The layer depends only on the module; the date is the commit's, or
//! `SOURCE_DATE_EPOCH`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use dagward_build as module;
use dagward_workbench::paths;

mod blob;
mod command;
mod form;
mod labels;
mod layer;
mod layout;
mod package;
mod provenance;
mod push;
mod sbom;
mod sign;

pub use blob::Blob;
pub use form::Form;
pub use labels::Labels;
pub use push::{Pushed, Scheme};
pub use sign::{PASSWORD, Signer, cosign};

use package::Package;

/// A module in both forms.
#[derive(Debug, Clone)]
pub struct Image {
    /// The default tag: the package's version.
    pub version: String,
    /// The module's size in bytes.
    pub module_size: usize,
    /// The labels of both forms.
    pub labels: Labels,
    /// An image with one layer.
    pub image: Form,
    /// An artifact with two layers.
    pub artifact: Form,
    /// The bill of materials: CycloneDX, in JSON.
    pub sbom: Vec<u8>,
}

impl Image {
    /// Builds the filter from the working tree and makes its image.
    pub fn build() -> Result<Self> {
        Self::of(&module::build()?.path)
    }

    /// Makes the image of another module, for tests.
    pub fn of(module: &Path) -> Result<Self> {
        let bytes = fs::read(module).with_context(|| format!("cannot read `{}`", module.display()))?;
        let package = Package::read()?;
        let labels = labels::of(&package)?;
        let sbom = sbom::of(&bytes, &labels)?;
        Ok(Self {
            version: package.version,
            module_size: bytes.len(),
            image: Form::image(&bytes, &labels)?,
            artifact: Form::artifact(bytes, sbom.clone(), &labels)?,
            labels,
            sbom,
        })
    }

    /// Both forms; the recommended one first.
    pub fn forms(&self) -> [&Form; 2] {
        [&self.image, &self.artifact]
    }

    /// Writes both forms as an OCI image layout into `directory`, in place of its old content, and
    /// the bill of materials beside them.
    pub fn write(&self, directory: &Path) -> Result<()> {
        layout::write(self, directory).with_context(|| format!("cannot write `{}`", directory.display()))
    }

    /// Pushes both forms to a registry; the artifact's tag gets the suffix `-artifact`. A
    /// `reference` without a tag gets the version.
    pub fn push(&self, reference: &str, scheme: Scheme) -> Result<Pushed> {
        push::push(self, reference, scheme).with_context(|| format!("cannot push to `{reference}`"))
    }

    /// Signs both forms in their registry, and attests their origin.
    pub fn sign(&self, reference: &str, scheme: Scheme, signer: &Signer) -> Result<()> {
        let named = push::with_tag(reference, &self.version)?;
        sign::sign(self, &named, scheme, signer).with_context(|| format!("cannot sign `{reference}`"))
    }
}

/// The folder that `cargo xtask image` writes to.
pub fn directory() -> PathBuf {
    paths::target().join("image")
}
