//! The commands of `cargo xtask` that start real programs. `xtask` itself compiles without them.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod bench;
mod book;
mod cargo;
mod chart;
mod demo;
mod image;
mod lab;
mod matrix;
mod prose;
mod routes;
mod tally;
mod test;
mod wheel;

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
    /// Make the OCI image that Istio pulls, as `target/image/`, and push it.
    Image(image::Arguments),
    /// Make the command-line tool as a Python wheel, in `target/wheel/`.
    Wheel,
    /// Show the filter at work.
    Demo(demo::Arguments),
    /// Run a cluster with Istio on this machine, to try things by hand. It needs root and Go.
    Lab(lab::Arguments),
    /// Build the documentation as a book in `target/book/`.
    Book,
    /// Count phrases that make the prose hard to read, against limits.
    Prose,
    /// Measure the cost of the filter and of its alternatives.
    Bench(bench::Arguments),
    /// Compare the route table with releases of Airflow, installing them if necessary.
    Routes(routes::Arguments),
    /// Render Airflow's Helm chart with `examples/helm`, and compare with the stored facts.
    Chart(chart::Arguments),
    /// Run the tests: all of them, or the named suites.
    Test(test::Arguments),
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether the command succeeded.
fn run() -> Result<bool> {
    match Arguments::parse().command {
        Task::Image(arguments) => image::run(&arguments).map(|()| true),
        Task::Wheel => wheel::run().map(|()| true),
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Lab(arguments) => lab::run(&arguments).map(|()| true),
        Task::Book => book::run().map(|()| true),
        Task::Prose => prose::run(),
        Task::Bench(arguments) => bench::run(&arguments).map(|()| true),
        Task::Routes(arguments) => routes::run(&arguments),
        Task::Chart(arguments) => chart::run(&arguments),
        Task::Test(arguments) => test::run(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn xtask_lists_every_command_in_the_same_words() {
        let listed = include_str!("../../../xtask/src/main.rs");
        for command in Arguments::command().get_subcommands() {
            // Clap removes the full stop.
            let about = command.get_about().unwrap();
            let name = command.get_name();
            assert!(listed.contains(&format!("/// {about}.\n")), "`{name}`: {about}");
        }
    }
}
