//! Developer commands: `cargo xtask help`.
//!
//! This program compiles in seconds. The commands that start real programs (Envoy, Airflow, Istio,
//! a registry) need a hundred more crates. They are in a program of their own, `dagward-tasks`,
//! which cargo builds on demand.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

mod build;
mod cargo;
mod check;
mod deny;
mod msrv;
mod notes;

use cargo::cargo;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Build, try and test dagward",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the wasm module as `target/dagward.wasm`.
    Build,
    /// Check format, lints, documentation, licences and known vulnerabilities.
    Check(check::Arguments),
    /// Check that the oldest Rust that Cargo.toml names compiles everything.
    Msrv,
    /// Print the changelog's section for a release, or the parts that are missing for its tag.
    Notes(notes::Arguments),
    /// Make the OCI image that Istio pulls, as `target/image/`, and push it.
    Image(Passed),
    /// Make the command-line tool as a Python wheel, in `target/wheel/`.
    Wheel(Passed),
    /// Show the filter at work.
    Demo(Passed),
    /// Run a cluster with Istio on this machine, to try things by hand. It needs root and Go.
    Lab(Passed),
    /// Build the documentation as a book in `target/book/`.
    Book(Passed),
    /// Count phrases that make the prose hard to read, against limits.
    Prose(Passed),
    /// Measure the cost of the filter and of its alternatives.
    Bench(Passed),
    /// Compare the route table with releases of Airflow, installing them if necessary.
    Routes(Passed),
    /// Render Airflow's Helm chart with `examples/helm`, and compare with the stored facts.
    Chart(Passed),
    /// Run the tests: all of them, or the named suites.
    Test(Passed),
    /// Print this list, or the options of a command.
    Help {
        /// The command.
        command: Option<OsString>,
    },
}

/// Arguments for `dagward-tasks`, including `--help`.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
struct Passed {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    match run(env::args_os().skip(1).collect()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether the command succeeded.
fn run(arguments: Vec<OsString>) -> Result<bool> {
    let program = OsString::from("xtask");
    match Arguments::parse_from([program].iter().chain(&arguments)).command {
        Task::Build => build::run().map(|()| true),
        Task::Check(arguments) => check::run(&arguments),
        Task::Msrv => msrv::run(),
        Task::Notes(arguments) => notes::run(&arguments).map(|()| true),
        Task::Help { command } => run(command.into_iter().chain(["--help".into()]).collect()),
        Task::Image(_)
        | Task::Wheel(_)
        | Task::Demo(_)
        | Task::Lab(_)
        | Task::Book(_)
        | Task::Prose(_)
        | Task::Bench(_)
        | Task::Routes(_)
        | Task::Chart(_)
        | Task::Test(_) => pass_on(&arguments),
    }
}

/// Replaces this process by `dagward-tasks`.
fn pass_on(arguments: &[OsString]) -> Result<bool> {
    let mut tasks = cargo(&["run", "--quiet", "--package", "dagward-tasks", "--"]);
    Err(tasks.args(arguments).exec()).context("cannot start `cargo`")
}
