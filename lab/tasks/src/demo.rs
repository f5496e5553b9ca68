//! `cargo xtask demo`: the main job, told and printed.

use anyhow::Result;
use clap::Subcommand;
use dagward_lab::{airflow, module, story};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// On what; a quick mesh with an HTTP service in Airflow's place if it is not given.
    #[command(subcommand)]
    on: Option<On>,
}

#[derive(Subcommand)]
enum On {
    /// Two DAGs of two teams on real Airflow, and a task that goes rogue.
    Airflow,
}

/// Tells the story and prints it. Gives whether all came as it should.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let module = module::build()?.path;
    match arguments.on {
        Some(On::Airflow) => {
            print!("{}", airflow::story::Story::tell(&module)?);
            Ok(true)
        }
        None => {
            let story = story::Story::tell(&module)?;
            print!("{story}");
            Ok(story.holds())
        }
    }
}
