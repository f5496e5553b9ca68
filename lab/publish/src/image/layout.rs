//! The image as files: an OCI image layout (OCI image specification, `image-layout.md`).

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Result;
use oci_client::manifest::{ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OciImageIndex};
use serde_json::json;

use super::{Form, Image, sbom};

/// Writes all blobs, and the index with the tags last.
pub(super) fn write(image: &Image, directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    for blob in image.forms().into_iter().flat_map(Form::blobs) {
        let path = directory.join("blobs").join(blob.digest().replace(':', "/"));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, blob.bytes())?;
    }
    fs::write(directory.join(sbom::FILE), &image.sbom)?;
    let version = json!({"imageLayoutVersion": "1.0.0"});
    fs::write(directory.join("oci-layout"), version.to_string())?;
    fs::write(
        directory.join("index.json"),
        serde_json::to_vec_pretty(&index(image))?,
    )?;
    Ok(())
}

fn index(image: &Image) -> OciImageIndex {
    let entry = |form: &Form| {
        let tag = (
            "org.opencontainers.image.ref.name".to_owned(),
            form.tag(&image.version),
        );
        let manifest = form.manifest.descriptor();
        ImageIndexEntry {
            media_type: manifest.media_type,
            digest: manifest.digest,
            size: manifest.size,
            platform: None,
            annotations: Some([tag].into()),
            artifact_type: None,
        }
    };
    OciImageIndex {
        schema_version: 2,
        media_type: Some(OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
        manifests: image.forms().map(entry).into(),
        artifact_type: None,
        annotations: None,
    }
}
