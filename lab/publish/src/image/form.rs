//! The two manifests. Istio's rules for them are in its agent's `pkg/wasm/imagefetcher.go`.

use anyhow::Result;
use oci_client::manifest::{IMAGE_CONFIG_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use serde_json::json;

use super::blob::Blob;
use super::labels::{CREATED, Labels};
use super::layer::{FILE, Layer};

/// The bare module, in the form that Istio calls "oci variant".
const MODULE: &str = "application/vnd.module.wasm.content.layer.v1+wasm";

/// The media type for an artifact without a config (OCI image specification 1.1, `manifest.md`).
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

const SBOM: &str = "application/vnd.cyclonedx+json";

/// A manifest and all blobs that it names.
#[derive(Debug, Clone)]
pub struct Form {
    /// `image` or `artifact`.
    pub name: &'static str,
    /// The suffix of its tag.
    suffix: &'static str,
    /// The manifest; a `WasmPlugin` pins its digest.
    pub manifest: Blob,
    /// The config.
    pub config: Blob,
    /// The layers, in order.
    pub layers: Vec<Blob>,
}

impl Form {
    /// The image. Its last layer must hold `plugin.wasm`; this layer is the only one.
    pub(super) fn image(module: &[u8], labels: &Labels) -> Result<Self> {
        let layer = Layer::of(module)?;
        // A module runs on any platform. If a mirror has put an index around the manifest, Istio's
        // agent picks this platform; `docker pull` also accepts the image with it.
        let config = json!({
            "created": labels.get(CREATED),
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
        });
        let config = Blob::json(IMAGE_CONFIG_MEDIA_TYPE, &config)?;
        let mut annotations = labels.clone();
        // The form's own specification requires this (github.com/solo-io/wasm, `spec-compat.md`).
        annotations.insert("module.wasm.image/variant".to_owned(), "compat".to_owned());
        let manifest = OciImageManifest {
            annotations: Some(annotations),
            ..manifest(&config, vec![layer.blob.descriptor()])
        };
        Ok(Self {
            name: "image",
            suffix: "",
            manifest: Blob::json(OCI_IMAGE_MEDIA_TYPE, &manifest)?,
            config,
            layers: vec![layer.blob],
        })
    }

    /// The artifact. It must have two layers, one of them the module.
    pub(super) fn artifact(module: Vec<u8>, sbom: Vec<u8>, labels: &Labels) -> Result<Self> {
        let config = Blob::new(EMPTY, b"{}".to_vec());
        let module = Blob::new(MODULE, module);
        let sbom = Blob::new(SBOM, sbom);
        let layers = vec![titled(&module, FILE), titled(&sbom, super::sbom::FILE)];
        let manifest = OciImageManifest {
            artifact_type: Some(MODULE.to_owned()),
            annotations: Some(labels.clone()),
            ..manifest(&config, layers)
        };
        Ok(Self {
            name: "artifact",
            suffix: "-artifact",
            manifest: Blob::json(OCI_IMAGE_MEDIA_TYPE, &manifest)?,
            config,
            layers: vec![module, sbom],
        })
    }

    /// The tag of this form for the tag that the user named.
    pub fn tag(&self, tag: &str) -> String {
        format!("{tag}{}", self.suffix)
    }

    /// All of its blobs; the manifest, which names the others, comes last.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        self.layers.iter().chain([&self.config, &self.manifest])
    }
}

fn manifest(config: &Blob, layers: Vec<OciDescriptor>) -> OciImageManifest {
    OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: config.descriptor(),
        layers,
        ..OciImageManifest::default()
    }
}

/// The descriptor with the file name that tools for artifacts use.
fn titled(blob: &Blob, file: &str) -> OciDescriptor {
    let title = ("org.opencontainers.image.title".to_owned(), file.to_owned());
    OciDescriptor {
        annotations: Some([title].into()),
        ..blob.descriptor()
    }
}
