//! `cargo xtask demo`: runs the main job and prints the results.

use anyhow::Result;
use clap::Subcommand;
use dagward_build as module;
use dagward_demo::quick as demo;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The system to run on; by default a quick mesh with an HTTP service in Airflow's place.
    #[command(subcommand)]
    on: Option<On>,
}

#[derive(Subcommand)]
enum On {
    /// Two DAGs of two teams on real Airflow, and a task that goes rogue.
    Airflow,
}

/// Runs the demo and prints it. Returns whether all results are as expected.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let module = module::build()?.path;
    match arguments.on {
        Some(On::Airflow) => {
            print!("{}", dagward_demo::airflow::Demo::run(&module)?);
            Ok(true)
        }
        None => {
            let demo = demo::Demo::run(&module)?;
            print!("{demo}");
            Ok(demo.holds())
        }
    }
}
