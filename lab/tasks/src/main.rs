//! The commands of `cargo xtask` that start real parts. `xtask` itself compiles without them.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod bench;
mod book;
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
    /// A cluster with Istio on this machine, for trying things by hand. It needs root and Go.
    Lab(lab::Arguments),
    /// Build the documentation as a book in `target/book/`.
    Book,
    /// Count phrases that make the prose hard to read, against limits.
    Prose,
    /// Measure what the filter costs, beside what it would be compared with.
    Bench(bench::Arguments),
    /// Hold the route table against the Airflows that are installed, installing them if need be.
    Routes(routes::Arguments),
    /// Render Airflow's Helm chart with the values of `examples/helm`, and compare with what is kept of it.
    Chart(chart::Arguments),
    /// Run the tests: all of them, or the suites that are named.
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

/// Whether all went well.
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
            // Clap takes the full stop off.
            let about = command.get_about().unwrap();
            let name = command.get_name();
            assert!(listed.contains(&format!("/// {about}.\n")), "`{name}`: {about}");
        }
    }
}
