//! A published Go module with some of its packages replaced by stubs.
//!
//! A module can import packages that the Go module proxy does not serve, for a feature that the lab
//! does not use. Go cannot overlay files of its module cache. So the code copies the module,
//! replaces the packages that have a folder under `lab/go/<module>/stub/`, and builds programs from
//! the copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{description, folder, go, source};
use crate::{cache, progress};

/// The copy's folder, beside the `go.mod` that refers to it.
const COPY: &str = "module";

/// A package of the module, by its folder in `stub/`, and the stub's files.
struct Package {
    folder: PathBuf,
    files: Vec<PathBuf>,
}

/// The folder in which programs of `lab/go/<module>` are built from the copy; `None` without stubs.
pub(super) fn stubbed(module: &str) -> Result<Option<PathBuf>> {
    let stub = folder(module).join("stub");
    if !stub.is_dir() {
        return Ok(None);
    }
    let packages = packages(&stub)?;
    let (requirements, sums) = description(module)?;
    let mut inputs = vec![requirements.clone(), sums.clone()];
    for package in &packages {
        inputs.push(package.folder.to_string_lossy().into_owned());
        for file in &package.files {
            inputs.push(fs::read_to_string(file)?);
        }
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let directory = cache::ensure(&format!("{module}-stubbed"), &inputs, |directory| {
        let original = required(module)?;
        let copy = directory.join(COPY);
        // Go keeps its module cache read-only.
        let mut command = Command::new("cp");
        command
            .args(["--recursive", "--no-preserve=mode"])
            .arg(source(module, &original)?)
            .arg(&copy);
        progress::run(&format!("copying {original}"), &mut command)?;
        for package in &packages {
            replace(&copy.join(&package.folder), &package.files)?;
        }
        let requirements = format!("{requirements}\nreplace {original} => ./{COPY}\n");
        fs::write(directory.join("go.mod"), requirements)?;
        Ok(fs::write(directory.join("go.sum"), &sums)?)
    })?;
    Ok(Some(directory))
}

/// The one module that `lab/go/<module>` requires itself.
fn required(module: &str) -> Result<String> {
    let mut edit = go(&folder(module));
    let output = edit.args(["mod", "edit", "-json"]).output()?;
    let parsed: Value = serde_json::from_slice(&output.stdout)?;
    let required = parsed.pointer("/Require").and_then(Value::as_array);
    let mut direct = required
        .into_iter()
        .flatten()
        .filter(|required| required.pointer("/Indirect").is_none());
    match (direct.next(), direct.next()) {
        (Some(one), None) => {
            let path = one.pointer("/Path").and_then(Value::as_str);
            Ok(path.context("a requirement without a path")?.to_owned())
        }
        _ => bail!("`lab/go/{module}/go.mod` has stubs, so it must require one module without `// indirect`"),
    }
}

/// The folders below `stub` that have files.
fn packages(stub: &Path) -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        let mut files = Vec::new();
        for entry in fs::read_dir(stub.join(&folder))? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => waiting.push(folder.join(entry.file_name())),
                false => files.push(entry.path()),
            }
        }
        // In a fixed order, as they are part of a key.
        files.sort();
        if !files.is_empty() {
            packages.push(Package { folder, files });
        }
    }
    packages.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(packages)
}

/// Replaces a package's files. The package must exist; if it does not, the stub is for another
/// version.
fn replace(package: &Path, files: &[PathBuf]) -> Result<()> {
    let own = fs::read_dir(package).with_context(|| format!("no package `{}`", package.display()))?;
    for file in own {
        let file = file?;
        if file.file_type()?.is_file() {
            fs::remove_file(file.path())?;
        }
    }
    for file in files {
        let name = file.file_name().context("a file without a name")?;
        fs::copy(file, package.join(name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stub_replaces_all_files_of_its_package() {
        let root = tempfile::tempdir().unwrap();
        let (stub, module) = (root.path().join("stub"), root.path().join("module"));
        for (folder, file) in [(&stub, "new.go"), (&module, "old.go"), (&module, "old_test.go")] {
            fs::create_dir_all(folder.join("pkg/a")).unwrap();
            fs::write(folder.join("pkg/a").join(file), file).unwrap();
        }
        let packages = packages(&stub).unwrap();
        let [package] = packages.as_slice() else {
            panic!("{} packages", packages.len());
        };
        assert_eq!(package.folder, Path::new("pkg/a"));
        replace(&module.join(&package.folder), &package.files).unwrap();
        let left: Vec<_> = fs::read_dir(module.join("pkg/a")).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].file_name(), "new.go");

        let missing = replace(&module.join("pkg/b"), &package.files).unwrap_err();
        assert!(missing.to_string().contains("pkg/b"), "{missing}");
    }
}
