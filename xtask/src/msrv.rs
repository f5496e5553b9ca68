//! `cargo xtask msrv`: checks that the oldest Rust that Cargo.toml names compiles everything.

use std::process::Command;

use anyhow::{Context, Result};
use dagward_build::TARGET;
use dagward_workbench::{paths, progress};

/// Checks all packages and the module with that Rust; installs it if necessary.
pub(crate) fn run() -> Result<bool> {
    // Cargo accepts `1.90` as `1.90.0`.
    let version = format!("{}.0", env!("CARGO_PKG_RUST_VERSION"));
    let mut rustup = Command::new("rustup");
    rustup
        .args(["toolchain", "install", &version])
        .args(["--profile", "minimal", "--target", TARGET]);
    progress::run(&format!("installing Rust {version}"), &mut rustup)?;
    let every_package = ["--workspace", "--all-targets"];
    let module = ["--package", "dagward-module", "--target", TARGET];
    Ok(compiles(&version, &every_package)? && compiles(&version, &module)?)
}

/// Runs `cargo check` in a directory of its own, as it cannot reuse another compiler's output.
fn compiles(version: &str, arguments: &[&str]) -> Result<bool> {
    println!("\n== Rust {version}: cargo check {}", arguments.join(" "));
    let mut check = Command::new("rustup");
    check
        .current_dir(paths::workspace())
        .args(["run", version, "cargo", "check", "--locked"])
        .args(arguments)
        .arg("--target-dir")
        .arg(paths::target().join("msrv"));
    let status = check.status().context("cannot start `rustup`")?;
    Ok(status.success())
}
