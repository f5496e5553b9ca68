//! The map of teams and the policies: a worker may use the DAGs that the map gives to its account, and no others.

use dagward::policy::Ruleset;
use dagward_shipped::teams;

use crate::asking::Asked;
use crate::files::{load, policy_in, ruleset};

const STARTER: &str = "wasm-plugin.yaml";

/// The starter's policies, with the rules of `names-in-names.yaml` instead of its own.
fn names_in_names() -> Ruleset {
    let mut document = policy_in(STARTER).unwrap();
    let rules = policy_in("examples/policies/names-in-names.yaml").unwrap();
    let policies = document["policies"].as_array_mut().unwrap();
    policies.retain(|policy| policy["name"] != "teams-run-their-own-dags");
    policies.extend(rules["policies"].as_array().unwrap().iter().cloned());
    load(&document)
}

/// Whether a task of `dag_id` under `account` may use the DAG `other`.
fn may(ruleset: &Ruleset, account: &str, dag_id: &str, other: &str) -> bool {
    let peer = format!("spiffe://cluster.local/ns/airflow/sa/{account}");
    let request = format!("GET /execution/xcoms/{other}/r/t/key");
    let asked = Asked {
        acting: Some([dag_id, "t", "pod"]),
        ..Asked::of(&peer, &request)
    };
    asked.refused_by(ruleset).is_none()
}

/// Admission and the cluster policy read it alike: `e2e/tests/istio/teams.rs`, `e2e/tests/airflow/cluster_policy.rs`.
#[test]
fn each_dag_has_the_account_of_the_map() {
    let ruleset = names_in_names();
    for dag_id in teams::dag_ids() {
        let expected = teams::accounts(&teams::MAP, &dag_id);
        for (team, account) in teams::MAP {
            // The common account of all other DAGs has the access of each team's tasks until the operator removes it.
            let allowed = expected == [account] || team == teams::ALL_OTHERS;
            assert_eq!(
                may(&ruleset, account, &dag_id, &dag_id),
                allowed,
                "{account}: {dag_id}"
            );
        }
    }
}

#[test]
fn no_team_reads_what_a_longer_or_a_shorter_name_has() {
    let ruleset = names_in_names();
    let teams = [
        ("airflow-worker-data", "data_etl", "data"),
        (
            "airflow-worker-data-platform",
            "data_platform_etl",
            "data_platform",
        ),
    ];
    for (account, dag_id, team) in teams {
        for (_, other_dag, other) in teams {
            assert_eq!(may(&ruleset, account, dag_id, other_dag), team == other);
            let peer = format!("spiffe://cluster.local/ns/airflow/sa/{account}");
            for kind in ["connections", "variables", "assets/by-name?name="] {
                let between = if kind.contains('?') { "" } else { "/" };
                let request = format!("GET /execution/{kind}{between}{other}_thing");
                let asked = Asked {
                    acting: Some([dag_id, "t", "pod"]),
                    ..Asked::of(&peer, &request)
                };
                assert_eq!(
                    asked.refused_by(&ruleset).is_none(),
                    team == other,
                    "{account}: {request}"
                );
            }
        }
    }
}

/// The shipped map has no team. The shipped policy covers teams whose names have one word and are not a prefix of
/// another team's.
#[test]
fn the_starter_fits_teams_of_one_word() {
    let ruleset = ruleset(STARTER);
    let map = [teams::MAP[0], ("ml", "airflow-worker-ml")];
    for dag_id in teams::dag_ids().iter().map(|id| id.replace("eu", "ml")) {
        let expected = teams::accounts(&map, &dag_id);
        for (_, account) in map {
            assert_eq!(
                may(&ruleset, account, &dag_id, &dag_id),
                expected == [account],
                "{account}: {dag_id}"
            );
        }
    }
}
