//! The wasm filter, delivered as Istio delivers it: by extension config discovery, here from a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::admin::Admin;
use dagward_workbench::wait;

/// The default name of the resource and of the plugin. Istio's names are longer, and differ in each
/// release; no code may depend on them.
const NAME: &str = "dagward";

/// The `pluginName` of a plugin that refuses every request until its document loads.
const ROOT_ID: &str = "dagward";

const STATS: &str = "extension_config_discovery.http_filter";

const TAKEN: Duration = Duration::from_secs(300);

/// A wasm module with its configuration.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The module's file.
    pub module: PathBuf,
    /// `pluginConfig`; the filter gets this text.
    pub configuration: String,
    /// The resource's name, under which Envoy requests it.
    pub resource: String,
    /// The plugin's name in Envoy.
    pub name: String,
    /// `pluginName`, Envoy's `root_id`.
    pub root_id: String,
}

/// Envoy's response to a new configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// It is in force.
    Taken,
    /// Envoy rejected it and kept the old one.
    Refused,
}

/// Envoy's counters of this resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reloads {
    taken: u64,
    refused: u64,
}

impl Plugin {
    /// A plugin that runs `module` with `configuration`.
    pub fn new(module: &Path, configuration: &str) -> Self {
        Self {
            module: module.to_owned(),
            configuration: configuration.to_owned(),
            resource: NAME.to_owned(),
            name: NAME.to_owned(),
            root_id: ROOT_ID.to_owned(),
        }
    }

    /// The filter's place in the chain.
    pub(super) fn filter(&self, file: &Path) -> Value {
        json!({
            "name": self.resource,
            "config_discovery": {
                "config_source": {
                    "resource_api_version": "V3",
                    "initial_fetch_timeout": "0s",
                    "path_config_source": {
                        "path": file,
                        "watched_directory": {"path": file.parent()},
                    },
                },
                "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
            },
        })
    }

    /// Writes the resource to a file beside `file`, then renames it: Envoy watches for the rename.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        static VERSION: AtomicU64 = AtomicU64::new(1);
        let version = VERSION.fetch_add(1, Ordering::Relaxed);
        let directory = file.parent().context("a file without directory")?;
        fs::create_dir_all(directory)?;
        let fresh = file.with_extension("new");
        fs::write(&fresh, serde_json::to_vec_pretty(&self.document(version))?)?;
        Ok(fs::rename(fresh, file)?)
    }

    /// Writes the resource and waits for Envoy's response.
    pub(super) fn update(&self, file: &Path, admin: &Admin) -> Result<Update> {
        let before = self.reloads(admin)?;
        self.write(file)?;
        wait::until("the new configuration", TAKEN, || {
            let now = self.reloads(admin)?;
            if now.refused > before.refused {
                return Ok(Some(Update::Refused));
            }
            Ok((now.taken > before.taken).then_some(Update::Taken))
        })
    }

    /// Whether Envoy has accepted the plugin at least once.
    pub(super) fn in_force(&self, admin: &Admin) -> Result<bool> {
        Ok(self.reloads(admin)?.taken > 0)
    }

    fn document(&self, version: u64) -> Value {
        json!({
            "version_info": version.to_string(),
            "resources": [{
                "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
                "name": self.resource,
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                    "config": {
                        "name": self.name,
                        "root_id": self.root_id,
                        "failure_policy": "FAIL_RELOAD",
                        "configuration": {
                            "@type": "type.googleapis.com/google.protobuf.StringValue",
                            "value": self.configuration,
                        },
                        // istiod leaves `vm_id` empty.
                        "vm_config": {
                            "runtime": "envoy.wasm.runtime.v8",
                            "code": {"local": {"filename": self.module}},
                        },
                    },
                },
            }],
        })
    }

    /// Envoy's counters of this resource.
    fn reloads(&self, admin: &Admin) -> Result<Reloads> {
        let stats = admin.stats(&format!("{STATS}.{}", self.resource))?;
        let count = |name: &str| {
            let end = format!(".{name}");
            stats
                .iter()
                .filter(|(stat, _)| stat.ends_with(&end))
                .map(|(_, count)| count)
                .sum()
        };
        Ok(Reloads {
            taken: count("update_success"),
            refused: count("update_rejected"),
        })
    }
}
