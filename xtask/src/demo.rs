//! `cargo xtask demo`: the main job, told and printed.

use anyhow::Result;
use clap::Subcommand;
use dagward_lab::airflow::story::Story;
use dagward_lab::module;

#[derive(Subcommand)]
pub(crate) enum Demo {
    /// Two DAGs of two teams on real Airflow, and a task that goes rogue.
    Airflow,
}

/// Tells the story and prints it.
pub(crate) fn run(demo: &Demo) -> Result<()> {
    match demo {
        Demo::Airflow => print!("{}", Story::tell(&module::build()?.path)?),
    }
    Ok(())
}
