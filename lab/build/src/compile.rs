//! Cargo, run for the wasm target.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use dagward_workbench::{paths, progress};

/// The compilation target: WASI, because the filter needs a clock and its environment.
pub const TARGET: &str = "wasm32-wasip1";

/// Runs cargo for the wasm target and returns the module as linked.
pub(crate) fn compile(package: &str, file: &str) -> Result<Vec<u8>> {
    ensure_target()?;
    let directory = paths::target().join("wasm");
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(paths::workspace())
        .args([
            "build",
            "--release",
            "--lib",
            "--target",
            TARGET,
            "--package",
            package,
        ])
        .arg("--target-dir")
        .arg(&directory)
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            // The byte 0x1f separates the flags.
            [
                &format!("--remap-path-prefix={}=cargo", cargo_home()?.display()),
                // SHA-2 with unrolled rounds is 15 kB larger, and tokens gain little from it.
                "--cfg",
                r#"sha2_backend_soft="compact""#,
            ]
            .join("\x1f"),
        );
    progress::run(&format!("building {package} for {TARGET}"), &mut cargo)?;
    let linked = directory.join(TARGET).join("release").join(file);
    fs::read(&linked).with_context(|| format!("cannot read `{}`", linked.display()))
}

/// The folder in which cargo keeps the sources of crates. Panic messages contain its path, so the
/// compiler replaces the path by a fixed name: every machine must build the same module.
fn cargo_home() -> Result<PathBuf> {
    let home = || Some(env::home_dir()?.join(".cargo"));
    let asked = env::var_os("CARGO_HOME").map(PathBuf::from);
    asked.or_else(home).context("this user has no home directory")
}

/// Adds the compilation target if this machine lacks it.
pub fn ensure_target() -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(paths::workspace());
    let output = rustc
        .output()
        .context("cannot start `rustc`; install Rust with rustup")?;
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    if Command::new("rustup").arg("--version").output().is_err() {
        bail!(
            "the Rust target `{TARGET}` is missing and there is no rustup to add it; install rustup, then run: \
             rustup target add {TARGET}"
        );
    }
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", TARGET])
        .current_dir(paths::workspace());
    progress::run(&format!("adding the Rust target {TARGET}"), &mut rustup)
}
