//! Airflow's own teams, `[core] multi_team`: each has a bundle of DAGs in `lab/airflow/teams/`.

use std::process::Command;
use std::thread;

use anyhow::{Result, anyhow};
use dagward_workbench::output::output_of;
use dagward_workbench::{paths, progress};
use serde_json::{Value, json};

/// The teams with a bundle of DAGs.
const TEAMS: [&str; 2] = ["sales", "science"];

/// The bundle whose DAGs are of no team.
const SHARED: &str = "shared";

/// Airflow's settings for the teams.
pub(super) fn settings() -> [(&'static str, String); 2] {
    let bundles: Value = TEAMS.into_iter().chain([SHARED]).map(bundle).collect();
    [
        ("AIRFLOW__CORE__MULTI_TEAM", "True".to_owned()),
        (
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST",
            bundles.to_string(),
        ),
    ]
}

/// Makes the teams, which the DAG processor looks for. `create` is the command that makes one.
pub(super) fn create(create: impl Fn(&str) -> Command) -> Result<()> {
    progress::during("making Airflow's teams", |_| {
        let commands = TEAMS.map(create);
        let threads = commands.map(|create| thread::spawn(move || output_of(create, "")));
        let mut made = threads.into_iter().map(|thread| thread.join());
        made.try_for_each(|made| {
            made.map_err(|_| anyhow!("the thread of a team panicked"))?
                .map(drop)
        })
    })
}

fn bundle(name: &str) -> Value {
    let team = TEAMS.contains(&name).then_some(name);
    json!({
        "name": name,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": paths::workspace().join("lab/airflow/teams").join(name)},
        "team_name": team,
    })
}
