//! A pod as the API server stores it, and the objects that its fields refer to.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::api::Api;
use crate::fields::text;

/// The node's name.
pub(crate) const NODE: &str = "lab";

/// A pod with its network.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub(super) pod: Value,
    pub(super) api: Api,
    pub(super) address: Ipv4Addr,
    pub(super) node: Ipv4Addr,
    /// The files that resolve the mesh's names for its containers, and their mount points.
    pub(super) names: Vec<(PathBuf, String)>,
}

impl Unit {
    pub(super) fn name(&self) -> &str {
        text(&self.pod, "/metadata/name").unwrap_or_default()
    }

    pub(super) fn uid(&self) -> &str {
        text(&self.pod, "/metadata/uid").unwrap_or_default()
    }

    pub(super) fn namespace(&self) -> &str {
        text(&self.pod, "/metadata/namespace").unwrap_or_default()
    }

    pub(super) fn account(&self) -> &str {
        text(&self.pod, "/spec/serviceAccountName").unwrap_or("default")
    }

    /// Its path in the API.
    pub(super) fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/pods/{}", self.namespace(), self.name())
    }

    /// A field, by its path in the downward API.
    pub(super) fn field(&self, path: &str) -> String {
        match path {
            "status.podIP" | "status.podIPs" => self.address.to_string(),
            "status.hostIP" | "status.hostIPs" => self.node.to_string(),
            "spec.nodeName" => NODE.to_owned(),
            "spec.serviceAccountName" => self.account().to_owned(),
            "metadata.labels" | "metadata.annotations" => self.lines(path),
            _ => match path.strip_suffix("']").and_then(|path| path.split_once("['")) {
                Some((field, key)) => self.entry(field, key),
                None => self.plain(path),
            },
        }
    }

    fn plain(&self, path: &str) -> String {
        let pointer = format!("/{}", path.replace('.', "/"));
        text(&self.pod, &pointer).unwrap_or_default().to_owned()
    }

    fn entry(&self, field: &str, key: &str) -> String {
        let pointer = format!("/{}", field.replace('.', "/"));
        let found = self.pod.pointer(&pointer).and_then(|map| map.get(key));
        found.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Labels or annotations in the downward API's format: `name="value"`, the value quoted as in
    /// Go.
    fn lines(&self, path: &str) -> String {
        let pointer = format!("/{}", path.replace('.', "/"));
        let entries = self.pod.pointer(&pointer).and_then(Value::as_object);
        let lines = entries
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}={value}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The entries of a config map or secret of the pod's namespace; empty if it does not exist.
    pub(super) fn data(&self, kind: &str, name: &str) -> Result<Vec<(String, String)>> {
        let path = format!("/api/v1/namespaces/{}/{kind}/{name}", self.namespace());
        let object = self.api.find(&path)?.unwrap_or_default();
        let entries = object.pointer("/data").and_then(Value::as_object);
        let decoded = entries.into_iter().flatten().map(|(key, value)| {
            let value = value.as_str().context("a value that is not a text")?;
            let value = match kind {
                "secrets" => String::from_utf8(BASE64_STANDARD.decode(value)?)?,
                _ => value.to_owned(),
            };
            Ok((key.clone(), value))
        });
        decoded.collect()
    }
}
