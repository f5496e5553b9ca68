//! `cargo xtask chart`: renders Airflow's official Helm chart with the values of `examples/helm`.

use anyhow::Result;
use dagward_shipped::chart::{Facts, GIVEN, given};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Store the rendered facts for the tests.
    #[arg(long)]
    write: bool,
}

/// Returns whether the chart renders the stored facts. Without a chart there is nothing to compare.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let Some(chart) = given() else {
        println!(
            "not run: no chart given. Set `{GIVEN}` to the folder or the archive of Airflow's Helm chart: \
             `helm pull apache-airflow/airflow --version 1.22.0` fetches one"
        );
        return Ok(false);
    };
    let rendered = Facts::of(chart)?;
    println!(
        "chart {}: {} combinations rendered",
        rendered.chart,
        rendered.renderings().count()
    );
    if arguments.write {
        rendered.keep()?;
        return Ok(true);
    }
    let differences = rendered.differences(&Facts::kept()?);
    for line in &differences {
        println!("{line}");
    }
    if !differences.is_empty() {
        println!("`cargo xtask chart --write` stores the rendered facts");
    }
    Ok(differences.is_empty())
}
