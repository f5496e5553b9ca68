//! Airflow's own teams, `[core] multi_team`: each has a bundle of DAGs in `lab/airflow/teams/`.

use dagward_workbench::paths;
use serde_json::{Value, json};

/// The teams with a bundle of DAGs.
pub(super) const TEAMS: [&str; 2] = ["sales", "science"];

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

fn bundle(name: &str) -> Value {
    let team = TEAMS.contains(&name).then_some(name);
    json!({
        "name": name,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": paths::workspace().join("lab/airflow/teams").join(name)},
        "team_name": team,
    })
}
