//! Programs from Go modules, built once and stored by content.
//!
//! `lab/go/<module>/` holds a `go.mod` that names the programs' module, a `go.sum` with the
//! checksums of everything that goes into them, and the sources of our own programs. A folder
//! `stub/` beside them replaces packages of the programs' module (see `stub`).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{cache, paths, progress};

mod stub;

/// A program that a module of `lab/go/` can build.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The folder in `lab/go/`.
    pub module: &'static str,
    /// The package with the program's `main`; its last element is the program's name.
    pub package: &'static str,
    /// Further arguments of the linker, such as `-X name=value`.
    pub linked: &'static str,
}

impl Program {
    /// The built program; builds it if necessary.
    pub fn ensure(self) -> Result<PathBuf> {
        let (requirements, sums) = description(self.module)?;
        let stubbed = stub::stubbed(self.module)?;
        let name = self.name();
        let (own, toolchain) = (self.own_source()?, toolchain()?);
        let mut inputs = vec![&*requirements, &*sums, self.package, self.linked, &*toolchain];
        inputs.extend(own.as_deref());
        // The file's name contains the digest of its content.
        inputs.extend(
            stubbed
                .as_deref()
                .and_then(Path::file_name)
                .and_then(OsStr::to_str),
        );
        let directory = cache::ensure(&format!("{}-{name}", self.module), &inputs, |directory| {
            let mut build = go(stubbed.as_deref().unwrap_or(&folder(self.module)));
            build
                .args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false"])
                .arg(format!("-ldflags=-s -w {}", self.linked))
                .arg("-o")
                .arg(directory.join(name))
                .arg(self.package);
            progress::run(&format!("building {name} of {}", self.module), &mut build)
        })?;
        Ok(directory.join(name))
    }

    /// The source of a program that `lab/go/` contains itself: `./<name>`, a folder with one file.
    fn own_source(self) -> Result<Option<String>> {
        let Some(name) = self.package.strip_prefix("./") else {
            return Ok(None);
        };
        let file = folder(self.module).join(name).join("main.go");
        let source = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(Some(source))
    }

    fn name(self) -> &'static str {
        self.package.rsplit('/').next().unwrap_or(self.package)
    }
}

/// The folder `lab/go/<module>`.
fn folder(module: &str) -> PathBuf {
    paths::workspace().join("lab/go").join(module)
}

/// The `go.mod` and the `go.sum` of `lab/go/<module>`.
fn description(module: &str) -> Result<(String, String)> {
    let read = |name| fs::read_to_string(folder(module).join(name)).context(module.to_owned());
    Ok((read("go.mod")?, read("go.sum")?))
}

/// The folder of a module that `lab/go/<module>` requires, with its published files.
pub fn source(module: &str, required: &str) -> Result<PathBuf> {
    let mut list = go(&folder(module));
    list.args(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", required]);
    let found = list_folder(&mut list)?;
    if found.is_dir() {
        return Ok(found);
    }
    let mut download = go(&folder(module));
    download.args(["mod", "download", required]);
    progress::run(&format!("downloading {required}"), &mut download)?;
    list_folder(&mut list)
}

/// The folder that `go list` printed; an error if the module is not downloaded.
fn list_folder(list: &mut Command) -> Result<PathBuf> {
    let output = list.output().context("cannot start `go`")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// A sentence that says that Go is missing; `None` if this machine has Go.
pub fn missing() -> Option<String> {
    toolchain().err().map(|error| format!("{error:#}"))
}

/// `go` with the machine's own toolchain and no C compiler.
fn go(directory: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(directory)
        .env("GOTOOLCHAIN", "local")
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-modcacherw");
    go
}

fn toolchain() -> Result<String> {
    let output = go(paths::workspace()).arg("version").output();
    let output =
        output.context("`go` is not on this machine; install Go 1.26 or newer, see go.dev/doc/install")?;
    Ok(String::from_utf8(output.stdout)?)
}
