//! The owner of a name, against a plain search for the longest match.

use std::collections::HashSet;

use proptest::prelude::*;

use super::super::owners::Owner;
use super::ruleset;
use crate::policy::{Ruleset, load};

/// The entries of each team, and a kind of object that is compared as written or with tolerance.
fn teams() -> impl Strategy<Value = Vec<Vec<String>>> {
    let entry = prop_oneof!["[ab_A-]{1,4}", "[ab_A-]{0,3}\\*", "\\*[ab_A-]{1,3}"];
    prop::collection::vec(prop::collection::vec(entry, 1..4), 1..5)
}

fn document(teams: &[Vec<String>], kind: &str) -> String {
    let teams: Vec<String> = teams
        .iter()
        .enumerate()
        .map(|(number, entries)| format!(r#"{{"name":"t{number}","{kind}":{entries:?}}}"#))
        .collect();
    teams.join(",")
}

fn loaded(teams: &[Vec<String>], kind: &str) -> Option<Ruleset> {
    let document = format!(
        r#"{{"apiVersion":"dagward/v1","teams":[{}],"policies":[]}}"#,
        document(teams, kind)
    );
    load(document.as_bytes()).ok()
}

/// The teams of the strongest entries that match.
fn strongest(teams: &[Vec<String>], value: &str, fold: fn(&str) -> String) -> HashSet<u32> {
    let value = fold(value);
    let rank = |entry: &str| {
        let body = entry.trim_matches('*');
        let matches = match (entry.starts_with('*'), entry.ends_with('*')) {
            (_, true) => value.starts_with(&fold(body)),
            (true, false) => value.ends_with(&fold(body)),
            (false, false) => value == fold(body),
        };
        matches.then_some((!entry.contains('*'), body.len()))
    };
    let ranked: Vec<_> = (0u32..)
        .zip(teams)
        .flat_map(|(team, entries)| entries.iter().filter_map(move |entry| Some((rank(entry)?, team))))
        .collect();
    let best = ranked.iter().map(|(rank, _)| *rank).max();
    ranked
        .iter()
        .filter(|(rank, _)| Some(*rank) == best)
        .map(|(_, team)| *team)
        .collect()
}

fn as_written(text: &str) -> String {
    text.to_owned()
}

fn folded(text: &str) -> String {
    text.to_ascii_lowercase().replace('_', "-")
}

/// Whether some text has two strongest entries of different teams: a short text shows each clash.
fn clashes(teams: &[Vec<String>], fold: fn(&str) -> String) -> bool {
    let bodies: Vec<&str> = teams
        .iter()
        .flatten()
        .map(|entry| entry.trim_matches('*'))
        .collect();
    let pairs = bodies
        .iter()
        .flat_map(|one| bodies.iter().map(move |other| format!("{one}z{other}")));
    let alone = bodies
        .iter()
        .flat_map(|body| [(*body).to_owned(), format!("{body}z"), format!("z{body}")]);
    pairs
        .chain(alone)
        .any(|text| strongest(teams, &text, fold).len() > 1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_owner_is_that_of_the_longest_match(teams in teams(), values in prop::collection::vec("[ab_A-]{1,6}", 20)) {
        for (kind, fold) in [("assets", as_written as fn(&str) -> String), ("connections", folded)] {
            let Some(ruleset) = loaded(&teams, kind) else {
                prop_assert!(clashes(&teams, fold), "{kind} {teams:?} is refused");
                continue;
            };
            prop_assert!(!clashes(&teams, fold), "{kind} {teams:?} is accepted");
            let list = ruleset.teams.as_ref().unwrap();
            let owners = match kind {
                "assets" => &list.assets,
                _ => &list.connections,
            };
            for value in &values {
                let (exact, alike) = (strongest(&teams, value, as_written), strongest(&teams, value, fold));
                let expected = match alike.iter().next() {
                    None => Owner::None,
                    Some(team) if exact == alike => Owner::Team(*team),
                    Some(_) => Owner::Alike,
                };
                let owner = owners.of(&ruleset.compiled.arena, value);
                prop_assert_eq!(owner, expected, "{} {:?} {}", kind, teams, value);
            }
        }
    }

    /// Of names that Airflow may take for the same, all known owners are the same.
    #[test]
    fn names_that_are_alike_never_have_two_owners(teams in teams(), value in "[abAB_-]{1,6}", other in "[01]{6}") {
        let Some(ruleset) = loaded(&teams, "connections") else { return Ok(()) };
        let changed: String = value
            .chars()
            .zip(other.chars())
            .map(|(letter, change)| match (letter, change) {
                ('_', '1') => '-',
                ('-', '1') => '_',
                (letter, '1') => letter.to_ascii_lowercase(),
                (letter, _) => letter,
            })
            .collect();
        let owners = &ruleset.teams.as_ref().unwrap().connections;
        let owner = |value: &str| owners.of(&ruleset.compiled.arena, value);
        if let (Owner::Team(one), Owner::Team(other)) = (owner(&value), owner(&changed)) {
            prop_assert_eq!(one, other);
        }
    }
}

#[test]
fn any_length_is_decided_once() {
    let ruleset = ruleset(
        r#"{"name":"a","dags":["*"]},{"name":"b","dags":["sales_*","*_x"]},{"name":"c","dags":["sales_eu_*","sales_eu_y"]},
           {"name":"d","dags":["sales_eu_y_*"]}"#,
    );
    let owners = &ruleset.teams.as_ref().unwrap().dags;
    for (dag, team) in [
        ("z", 0),
        ("z_x", 1),
        ("sales_y", 1),
        ("sales_eu_x", 2),
        ("sales_eu_y", 2),
        ("sales_eu_y_x", 3),
    ] {
        assert_eq!(
            owners.of(&ruleset.compiled.arena, dag),
            Owner::Team(team),
            "{dag}"
        );
    }
}
