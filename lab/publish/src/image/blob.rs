//! Content under its digest, in the form that registries store.

use anyhow::Result;
use bytes::Bytes;
use oci_client::manifest::OciDescriptor;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A layer, a config or a manifest.
#[derive(Debug, Clone)]
pub struct Blob {
    media_type: &'static str,
    bytes: Bytes,
    digest: String,
}

impl Blob {
    pub(super) fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            media_type,
            digest: digest(&bytes),
            bytes: bytes.into(),
        }
    }

    pub(super) fn json(media_type: &'static str, value: &impl Serialize) -> Result<Self> {
        Ok(Self::new(media_type, serde_json::to_vec(value)?))
    }

    pub(super) fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// Its content.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// `sha256:` and its checksum.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The descriptor by which a manifest refers to it.
    pub(super) fn descriptor(&self) -> OciDescriptor {
        OciDescriptor {
            media_type: self.media_type.to_owned(),
            digest: self.digest.clone(),
            size: self.bytes.len() as i64,
            ..OciDescriptor::default()
        }
    }
}

/// `sha256:` and the checksum of `bytes`.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", checksum(bytes))
}

/// The SHA-256 checksum in lower case.
pub(super) fn checksum(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}
