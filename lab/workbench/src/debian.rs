//! Programs from Debian's packages: the machine's own if it has them, else unpacked under
//! `target/`.
//!
//! The code changes nothing in the system and does not need root: apt keeps its lists and archives
//! in the cache, and the packages are unpacked there, not installed.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{cache, progress};

/// Debian keeps PostgreSQL's programs out of the search path, in a folder for each version.
const VERSIONED: &str = "/usr/lib/postgresql";

/// A program and the files that it needs to run.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    libraries: Vec<PathBuf>,
    root: Option<PathBuf>,
}

impl Program {
    /// The program `name`: the machine's own, or unpacked from Debian's `package` and its
    /// dependencies.
    pub fn ensure(name: &str, package: &str) -> Result<Self> {
        if let Some(path) = on_this_machine(name) {
            return Ok(Self {
                path,
                libraries: Vec::new(),
                root: None,
            });
        }
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let root = cache::ensure(package, &[&release], |root| unpack(package, root)).with_context(|| {
            format!(
                "`{name}` is not on this machine; install it, on Debian and Ubuntu with: \
                 sudo apt-get install {package}"
            )
        })?;
        let files = files(&root);
        let path = files.iter().find(|file| is_program(file, name));
        let path = path.with_context(|| format!("the package `{package}` has no `{name}`"))?;
        let mut libraries: Vec<PathBuf> = files
            .iter()
            .filter(|file| file.to_string_lossy().contains(".so"))
            .filter_map(|file| Some(file.parent()?.to_owned()))
            .collect();
        libraries.sort();
        libraries.dedup();
        Ok(Self {
            path: path.clone(),
            libraries,
            root: Some(root),
        })
    }

    /// The folder that the packages were unpacked in; `None` for the machine's own program.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Another program in the same folder.
    pub fn sibling(&self, name: &str) -> Self {
        Self {
            path: self.path.with_file_name(name),
            libraries: self.libraries.clone(),
            root: self.root.clone(),
        }
    }

    /// The program's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command that runs the program.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if let Ok(libraries) = env::join_paths(&self.libraries)
            && !libraries.is_empty()
        {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }
}

fn on_this_machine(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir(VERSIONED).into_iter().flatten().flatten();
    let versioned = versions.map(|version| version.path().join("bin"));
    let mut directories = versioned.chain(env::split_paths(&path));
    directories.find_map(|directory| Some(directory.join(name)).filter(|path| path.is_file()))
}

fn is_program(file: &Path, name: &str) -> bool {
    let folder = file.parent().and_then(Path::file_name);
    file.file_name() == Some(OsStr::new(name))
        && folder.is_some_and(|folder| folder == "bin" || folder == "sbin")
}

/// All files below `directory`.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            _ => vec![entry.path()],
        })
        .collect()
}

/// Downloads `package` and its dependencies that the machine lacks, and unpacks them in `root`.
fn unpack(package: &str, root: &Path) -> Result<()> {
    let apt = root.join("apt");
    let archives = apt.join("cache/archives");
    fs::create_dir_all(apt.join("state/lists/partial"))?;
    fs::create_dir_all(archives.join("partial"))?;
    let run = |message: &str, arguments: &[&str]| {
        let mut command = apt_get(&apt);
        progress::run(message, command.args(arguments))
    };
    run("reading the list of Debian's packages", &["update"])?;
    let install = ["install", "--yes", "--download-only", "--no-install-recommends"];
    run(
        &format!("downloading Debian's package {package}"),
        &[install.as_slice(), &[package]].concat(),
    )?;
    for archive in fs::read_dir(&archives)? {
        let archive = archive?.path();
        if archive.extension() == Some(OsStr::new("deb")) {
            let mut unpack = Command::new("dpkg-deb");
            progress::run(
                &format!("unpacking {package}"),
                unpack.arg("--extract").arg(&archive).arg(root),
            )?;
        }
    }
    Ok(fs::remove_dir_all(apt)?)
}

/// apt with its state in `directory`. It knows the machine's installed packages, so that it
/// downloads only the missing ones.
fn apt_get(directory: &Path) -> Command {
    let mut apt = Command::new("apt-get");
    for (name, folder) in [("State", "state"), ("Cache", "cache")] {
        apt.arg("-o")
            .arg(format!("Dir::{name}={}", directory.join(folder).display()));
    }
    // The system's lock protects installations; a user other than root could not write it. And
    // apt's download user could not write to `directory`.
    apt.args(["-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root"]);
    apt
}
