use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::store::Memory;
use crate::verdict::Direction;

const WORKER: &str = "spiffe://td/ns/airflow/sa/airflow-worker";
const OTHER: &str = "spiffe://td/ns/airflow/sa/other-worker";

const API_SERVER: Answerer<'static> = Answerer {
    direction: Direction::Inbound,
    port: "8080",
};

fn of(store: &mut Memory) -> DagTeams<'_, Memory> {
    let key = Key::of_proxy(store, [7; 16]);
    DagTeams::new(store, key)
}

fn named(name: &str) -> Team {
    Team::Named(name.to_owned())
}

/// DAGs on one shelf: the worst case that a principal can cause.
fn on_one_shelf(store: &mut Memory, count: usize) -> Vec<String> {
    let teams = of(store);
    let shelf = teams.shelf("dag_0");
    let dags = (0..).map(|number| format!("dag_{number}"));
    dags.filter(|dag| teams.shelf(dag) == shelf).take(count).collect()
}

#[test]
fn the_newest_answer_counts() {
    let mut store = Memory::default();
    let mut teams = of(&mut store);
    assert_eq!(teams.get(API_SERVER, "日本"), Team::Unknown);
    for team in [named("sales"), named("science"), Team::Absent, named("sales")] {
        teams.learn(API_SERVER, "日本", WORKER, &team);
        assert_eq!(teams.get(API_SERVER, "日本"), team);
    }
    assert_eq!(teams.get(API_SERVER, "日"), Team::Unknown);
    // As of a caller that asks in an older version of the API.
    teams.learn(API_SERVER, "日本", WORKER, &Team::Unknown);
    assert_eq!(teams.get(API_SERVER, "日本"), named("sales"));
}

#[test]
fn another_server_of_the_pod_teaches_nothing() {
    let mut store = Memory::default();
    let mut teams = of(&mut store);
    let other = Answerer {
        port: "9090",
        ..API_SERVER
    };
    teams.learn(other, "orders", WORKER, &named("science"));
    assert_eq!(teams.get(API_SERVER, "orders"), Team::Unknown);
    teams.learn(API_SERVER, "orders", WORKER, &named("sales"));
    assert_eq!(teams.get(API_SERVER, "orders"), named("sales"));
    assert_eq!(teams.get(other, "orders"), named("science"));
}

#[test]
fn a_principals_dags_push_out_only_its_own() {
    let mut store = Memory::default();
    let dags = on_one_shelf(&mut store, 3 * PLACES);
    let (victims, flood) = dags.split_at(PLACES);
    let mut teams = of(&mut store);
    for dag in victims {
        teams.learn(API_SERVER, dag, WORKER, &named("sales"));
    }
    for dag in flood {
        teams.learn(API_SERVER, dag, OTHER, &named("science"));
    }
    // Once more, as with stolen tokens: the DAGs keep their places.
    for dag in victims.iter().chain(&flood[PLACES..]) {
        teams.learn(API_SERVER, dag, OTHER, &named("sales"));
    }
    for dag in victims {
        assert_eq!(teams.get(API_SERVER, dag), named("sales"), "{dag}");
    }
    let known = flood
        .iter()
        .filter(|dag| !teams.get(API_SERVER, dag).is_unknown());
    assert_eq!(known.count(), PLACES);
}

#[test]
fn a_broken_shelf_names_no_team() {
    let mut store = Memory::default();
    let shelf = of(&mut store).shelf("orders");
    let name = of(&mut store).key.name(API_SERVER, "orders");
    for line in ["", "x", "0", "0 sales", "0 {\"k\":7}", "x \"a\""] {
        store.write(&shelf, format!("{name}{line}").as_bytes());
        assert_eq!(of(&mut store).get(API_SERVER, "orders"), Team::Unknown, "{line}");
    }
    store.write(&shelf, b"\xff");
    assert_eq!(of(&mut store).get(API_SERVER, "orders"), Team::Unknown);
    of(&mut store).learn(API_SERVER, "orders", WORKER, &named("sales"));
    assert_eq!(of(&mut store).get(API_SERVER, "orders"), named("sales"));
}

proptest! {
    #[test]
    fn it_never_names_a_team_that_airflow_did_not_name(
        answers in prop::collection::vec(("[a-c日]{1,2}", prop::option::of("[st]{1,2}"), any::<bool>()), 0..40),
    ) {
        let mut store = Memory::default();
        let mut teams = of(&mut store);
        let mut last = HashMap::new();
        for (dag, team, other) in answers {
            let team = team.map_or(Team::Absent, Team::Named);
            teams.learn(API_SERVER, &dag, if other { OTHER } else { WORKER }, &team);
            last.insert(dag, team);
        }
        for (dag, team) in last {
            prop_assert_eq!(teams.get(API_SERVER, &dag), team);
        }
    }
}
