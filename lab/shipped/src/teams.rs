//! The map of teams as its three readers must read it: admission, the scheduler's cluster policy, and the policy
//! documents. Their tests ask all three about the same DAGs.

/// The line for DAGs of no team.
pub const ALL_OTHERS: &str = "all-others";

/// The lines of a map: accounts by team.
pub type Map<'m> = [(&'m str, &'m str)];

/// Two teams of which one's name begins with the other's, and one more: those of `names-in-names.yaml`.
pub const MAP: [(&str, &str); 4] = [
    ("sales", "airflow-worker-sales"),
    ("data", "airflow-worker-data"),
    ("data_platform", "airflow-worker-data-platform"),
    (ALL_OTHERS, "airflow-worker"),
];

/// The same with a third such name, a team of two accounts, and no account for DAGs of no team.
pub const ODD_MAP: [(&str, &str); 4] = [
    ("sales", "airflow-worker-sales airflow-worker-sales-large"),
    ("data_platform_eu", "etl"),
    ("data_platform", "airflow-worker-data-platform"),
    ("data", "airflow-worker-data"),
];

/// The words and what stands between them, of which the ids of DAGs are made.
const WORDS: [&str; 4] = ["data", "platform", "eu", "sales"];
const BETWEEN: [&str; 3] = ["_", "-", ""];

/// Ids of DAGs: all of one word or two, whatever stands between them, and those with one word more.
pub fn dag_ids() -> Vec<String> {
    let longer = |ids: &[String], between: &str| -> Vec<String> {
        let next = |id: &String| WORDS.map(|word| format!("{id}{between}{word}"));
        ids.iter().flat_map(next).collect()
    };
    let one = WORDS.map(str::to_owned).to_vec();
    let two = BETWEEN.map(|between| longer(&one, between)).concat();
    let three = longer(&two, "_");
    [one, two, three].concat()
}

/// The accounts of a DAG's tasks: those of the team with the longest name that the id begins with. None where the map
/// has no such team and nothing for all others.
pub fn accounts<'m>(map: &Map<'m>, dag_id: &str) -> Vec<&'m str> {
    let has = |team: &str| {
        dag_id
            .strip_prefix(team)
            .is_some_and(|rest| rest.starts_with('_'))
    };
    let of_team = map.iter().filter(|(team, _)| *team != ALL_OTHERS && has(team));
    let line = of_team
        .max_by_key(|(team, _)| team.len())
        .or_else(|| map.iter().find(|(team, _)| *team == ALL_OTHERS));
    line.map_or_else(Vec::new, |(_, accounts)| accounts.split(' ').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_has_the_dag() {
        for (dag_id, expected) in [
            ("sales_daily", "airflow-worker-sales"),
            ("data_etl", "airflow-worker-data"),
            ("data_platform", "airflow-worker-data"),
            ("data_platform_etl", "airflow-worker-data-platform"),
            ("data-platform_etl", "airflow-worker"),
            ("database_etl", "airflow-worker"),
            ("etl", "airflow-worker"),
        ] {
            assert_eq!(accounts(&MAP, dag_id), [expected], "{dag_id}");
        }
    }
}
