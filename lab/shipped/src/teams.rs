//! The map of teams, for tests of its three readers: admission, the scheduler's cluster policy, and
//! the policy documents. All three must give the same answers about the same DAGs.

/// The line for DAGs that belong to no team.
pub const ALL_OTHERS: &str = "all-others";

/// The lines of a map: accounts by team.
pub type Map<'m> = [(&'m str, &'m str)];

/// Two teams, one of whose names is a prefix of the other's, and a third: those of
/// `names-in-names.yaml`.
pub const MAP: [(&str, &str); 4] = [
    ("sales", "airflow-worker-sales"),
    ("data", "airflow-worker-data"),
    ("data_platform", "airflow-worker-data-platform"),
    (ALL_OTHERS, "airflow-worker"),
];

/// The same with a third name that shares the prefix, a team with two accounts, and no account for
/// DAGs that belong to no team.
pub const ODD_MAP: [(&str, &str); 4] = [
    ("sales", "airflow-worker-sales airflow-worker-sales-large"),
    ("data_platform_eu", "etl"),
    ("data_platform", "airflow-worker-data-platform"),
    ("data", "airflow-worker-data"),
];

/// The words in the ids of DAGs; the separators come between them.
const WORDS: [&str; 4] = ["data", "platform", "eu", "sales"];
const BETWEEN: [&str; 3] = ["_", "-", ""];

/// Ids of DAGs: all ids of one or two words with every separator, and ids with one word more.
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

/// The accounts of a DAG's tasks: those of the team whose name is the longest prefix of the id.
/// Empty if the map has no such team and no line for all others.
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
