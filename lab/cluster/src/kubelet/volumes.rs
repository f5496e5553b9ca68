//! The contents of a pod's volumes, as folders that its containers mount.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::unit::Unit;
use crate::fields::{list, text};

/// Writes all volumes of a pod below `directory`; existing files of an `emptyDir` stay.
pub(super) fn write(unit: &Unit, directory: &Path) -> Result<()> {
    for volume in list(&unit.pod, "/spec/volumes") {
        let name = text(volume, "/name").context("a volume without a name")?;
        if text(volume, "/hostPath/path").is_some() {
            continue;
        }
        let folder = directory.join(name);
        fs::create_dir_all(&folder)?;
        // The container may run as any user.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777))?;
        for source in sources(volume) {
            put(unit, source, &folder).with_context(|| format!("volume `{name}`"))?;
        }
    }
    Ok(())
}

/// The sources and targets of a container's mounts.
pub(super) fn mounts(unit: &Unit, container: &Value, directory: &Path) -> Result<Vec<(PathBuf, String)>> {
    let volumes = list(&unit.pod, "/spec/volumes");
    let mounts = list(container, "/volumeMounts").iter().map(|mount| {
        let name = text(mount, "/name").unwrap_or_default();
        let volume = volumes.iter().find(|volume| text(volume, "/name") == Some(name));
        let volume = volume.with_context(|| format!("no volume `{name}`"))?;
        let source = match text(volume, "/hostPath/path") {
            Some(path) => PathBuf::from(path),
            None => directory.join(name),
        };
        let source = match text(mount, "/subPath") {
            Some(path) => source.join(path),
            None => source,
        };
        let target = text(mount, "/mountPath").context("a mount without a path")?;
        Ok((source, target.to_owned()))
    });
    mounts.collect()
}

/// The sources of a volume: those of a projected one, else the volume itself.
fn sources(volume: &Value) -> Vec<&Value> {
    match volume.pointer("/projected/sources").and_then(Value::as_array) {
        Some(sources) => sources.iter().collect(),
        None => vec![volume],
    }
}

fn put(unit: &Unit, source: &Value, folder: &Path) -> Result<()> {
    if let Some(token) = source.pointer("/serviceAccountToken") {
        let (namespace, account) = (unit.namespace(), unit.account());
        let audience = text(token, "/audience");
        let content = unit.api.token(namespace, account, audience, Some(&unit.pod))?;
        return file(folder, text(token, "/path").unwrap_or("token"), &content);
    }
    for item in list(source, "/downwardAPI/items") {
        let field = text(item, "/fieldRef/fieldPath").unwrap_or_default();
        file(
            folder,
            text(item, "/path").unwrap_or_default(),
            &unit.field(field),
        )?;
    }
    for (kind, field) in [("configmaps", "/configMap"), ("secrets", "/secret")] {
        let Some(object) = source.pointer(field) else {
            continue;
        };
        let name = text(object, "/name").or(text(object, "/secretName"));
        let data = unit.data(kind, name.unwrap_or_default())?;
        let optional = object.pointer("/optional").and_then(Value::as_bool);
        if data.is_empty() && optional != Some(true) {
            bail!("`{}` has no data", name.unwrap_or_default());
        }
        for (key, value) in data {
            let items = list(object, "/items");
            let item = items.iter().find(|item| text(item, "/key") == Some(&key));
            match item {
                Some(item) => file(folder, text(item, "/path").unwrap_or(&key), &value)?,
                None if items.is_empty() => file(folder, &key, &value)?,
                None => {}
            }
        }
    }
    Ok(())
}

/// Writes a file beside the old one and renames it: a process that watches the file never sees half
/// of it.
fn file(folder: &Path, name: &str, content: &str) -> Result<()> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let fresh = folder.join(".fresh");
    fs::write(&fresh, content)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o644))?;
    Ok(fs::rename(fresh, path)?)
}
