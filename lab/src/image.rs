//! The filter as an OCI image, in the two forms that Istio's agent pulls.
//!
//! | form | tag | manifest |
//! |---|---|---|
//! | image | `0.1.0` | one gzip layer with `plugin.wasm`, as any builder of images makes it |
//! | artifact | `0.1.0-artifact` | two layers: the bare module, and its bill of materials |
//!
//! The image is the one to use: every registry, mirror and Istio knows it. The artifact is for tools that
//! want the module without unpacking. Istio asks for exactly two layers there, so the second one carries
//! the bill of materials, which lies beside the layout as well. It is not attached as a referrer, as not
//! every registry keeps referrers; its main component has the digest of `plugin.wasm`, which ties it to
//! both forms.
//!
//! **Reproducible**: the same commit and the same Rust give the same digests, in any folder, for any user. The
//! layer depends on the module alone; the date is the commit's, or `SOURCE_DATE_EPOCH`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{module, paths};

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
    /// The tag where none is asked for: the package's version.
    pub version: String,
    /// The module's size in bytes.
    pub module_size: usize,
    /// What both forms say of themselves.
    pub labels: Labels,
    /// An image with one layer.
    pub image: Form,
    /// An artifact with two.
    pub artifact: Form,
    /// CycloneDX, in JSON.
    pub sbom: Vec<u8>,
}

impl Image {
    /// The filter, built from the working tree.
    pub fn build() -> Result<Self> {
        Self::of(&module::build()?.path)
    }

    /// Another module in the filter's place: what a test wants to be pulled.
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

    /// Both forms, the one for use first.
    pub fn forms(&self) -> [&Form; 2] {
        [&self.image, &self.artifact]
    }

    /// Writes both as an OCI image layout into `directory`, in the place of what was there, and
    /// the bill of materials beside them.
    pub fn write(&self, directory: &Path) -> Result<()> {
        layout::write(self, directory).with_context(|| format!("cannot write `{}`", directory.display()))
    }

    /// Pushes both to a registry, the artifact under the tag with `-artifact` behind it. A `reference`
    /// without a tag gets the version.
    pub fn push(&self, reference: &str, scheme: Scheme) -> Result<Pushed> {
        push::push(self, reference, scheme).with_context(|| format!("cannot push to `{reference}`"))
    }

    /// Signs both where they were pushed to, and attests where they come from.
    pub fn sign(&self, reference: &str, scheme: Scheme, signer: &Signer) -> Result<()> {
        let named = push::with_tag(reference, &self.version)?;
        sign::sign(self, &named, scheme, signer).with_context(|| format!("cannot sign `{reference}`"))
    }
}

/// Where `cargo xtask image` writes.
pub fn directory() -> PathBuf {
    paths::target().join("image")
}
