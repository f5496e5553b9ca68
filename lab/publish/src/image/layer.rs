//! The layer of the image form: `plugin.wasm` in a compressed archive.

use std::io::Write;

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use oci_client::manifest::IMAGE_LAYER_GZIP_MEDIA_TYPE;
use tar::{Builder, EntryType, Header};

use super::blob::{self, Blob};

/// The name that Istio's agent looks for in the last layer.
pub(super) const FILE: &str = "plugin.wasm";

/// A layer, and the digest of its unpacked content, which the image's config repeats.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) blob: Blob,
    pub(super) diff_id: String,
}

impl Layer {
    /// The module in its archive. Neither the archive nor the compression contains a date, an owner
    /// or a host.
    pub(super) fn of(module: &[u8]) -> Result<Self> {
        let archive = archive(module)?;
        let mut compressed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        compressed.write_all(&archive)?;
        Ok(Self {
            blob: Blob::new(IMAGE_LAYER_GZIP_MEDIA_TYPE, compressed.finish()?),
            diff_id: blob::digest(&archive),
        })
    }
}

fn archive(module: &[u8]) -> Result<Vec<u8>> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_size(module.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    let mut archive = Builder::new(Vec::new());
    archive.append_data(&mut header, FILE, module)?;
    Ok(archive.into_inner()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use tar::Archive;

    use super::*;

    #[test]
    fn it_holds_the_module_and_nothing_of_the_machine() {
        let layer = Layer::of(b"\0asm").unwrap();
        let mut gzip = GzDecoder::new(layer.blob.bytes().as_ref());
        let mut unpacked = Vec::new();
        gzip.read_to_end(&mut unpacked).unwrap();
        let header = gzip.header().unwrap();
        assert_eq!((header.mtime(), header.filename()), (0, None));
        assert_eq!(layer.diff_id, blob::digest(&unpacked));

        let mut archive = Archive::new(unpacked.as_slice());
        let mut entries = archive.entries().unwrap();
        let mut entry = entries.next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some(FILE));
        let header = entry.header();
        let numbers = [header.uid(), header.gid(), header.mtime()].map(Result::unwrap);
        assert_eq!((numbers, header.mode().unwrap()), ([0; 3], 0o644));
        let mut module = Vec::new();
        entry.read_to_end(&mut module).unwrap();
        assert_eq!(module, b"\0asm");
        assert!(entries.next().is_none());
    }
}
