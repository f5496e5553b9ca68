//! A policy that lists a thousand teams with ten DAGs each, by name and by pattern.

use std::fmt::Write as _;

const TEAMS: usize = 1_000;

/// The DAGs that a team lists.
const DAGS: usize = 10;

/// The policy. The team of the task that asks, `sales`, is in the middle of the list.
pub(crate) fn policy() -> String {
    let mut teams = String::new();
    for number in 0..TEAMS {
        let name = match number {
            500 => "sales".to_owned(),
            number => format!("team-{number}"),
        };
        let dags: Vec<String> = (0..DAGS)
            .map(|dag| match dag {
                0 => format!(r#""{name}_*""#),
                1 => format!(r#""*.of_team_{name}""#),
                dag => format!(r#""ingest_{dag}_of_{name}""#),
            })
            .collect();
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            teams,
            r#"{comma}{{"name":"{name}","serviceAccounts":["airflow/worker-{name}"],"dags":[{}],
               "connections":["{name}_*"],"variables":["{name}_*"]}}"#,
            dags.join(",")
        );
    }
    format!(
        r#"{{"apiVersion":"dagward/v1","teams":[{teams}],"policies":[
            {{"name":"teams-run-their-own","action":"ALLOW","rules":[{{
                "from":[{{"teams":["{{team}}"],"proof":["pod","airflow"]}}],"to":[{{"teams":["{{team}}"]}}]}}]}}]}}"#
    )
}
