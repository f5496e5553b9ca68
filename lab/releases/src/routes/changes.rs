//! The changes in the routes from an older Airflow to a newer one.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use super::{Listing, Served};

/// The routes that are only in one listing, and those whose parameters or permissions differ.
#[derive(Debug, PartialEq, Eq)]
pub struct Changes {
    older: &'static str,
    newer: &'static str,
    new: Vec<String>,
    gone: Vec<String>,
    changed: Vec<String>,
}

/// A route's method and path.
type Name = (String, String);

/// A part of a route: its name, and its field.
type Part = (&'static str, fn(&Served) -> &[String]);

const PARTS: [Part; 3] = [
    ("query", |route| &route.query),
    ("body", |route| &route.body),
    ("asks", |route| &route.asks),
];

impl Changes {
    /// The changes from one listing to another.
    pub fn between(older: &Listing, newer: &Listing) -> Result<Self> {
        let (before, after) = (by_name(older)?, by_name(newer)?);
        let without = |routes: &BTreeMap<Name, Served>, others: &BTreeMap<Name, Served>| {
            let left = routes.keys().filter(|name| !others.contains_key(*name));
            left.map(|(method, path)| format!("{method} {path}")).collect()
        };
        let changed = after.iter().filter_map(|(name, route)| {
            let changes = change(before.get(name)?, route);
            let (method, path) = name;
            (!changes.is_empty()).then(|| format!("{method} {path}: {}", changes.join(", ")))
        });
        Ok(Self {
            older: older.release.version,
            newer: newer.release.version,
            new: without(&after, &before),
            gone: without(&before, &after),
            changed: changed.collect(),
        })
    }
}

/// The routes of a listing. A route that several applications serve appears once, with all that
/// they read.
fn by_name(listing: &Listing) -> Result<BTreeMap<Name, Served>> {
    let mut routes: BTreeMap<Name, Served> = BTreeMap::new();
    for route in listing.routes()? {
        let name = (route.method.clone(), route.path.clone());
        match routes.get_mut(&name) {
            Some(same) => {
                same.query.extend(route.query);
                same.body.extend(route.body);
                same.asks.extend(route.asks);
            }
            None => {
                routes.insert(name, route);
            }
        }
    }
    Ok(routes)
}

/// The words that a route gains and loses, such as `query +dag_id`.
fn change(before: &Served, after: &Served) -> Vec<String> {
    let mut changes = Vec::new();
    for (part, words) in PARTS {
        let (before, after) = (words(before), words(after));
        let more = after.iter().filter(|word| !before.contains(word));
        let less = before.iter().filter(|word| !after.contains(word));
        let more = more.map(|word| format!("{part} +{word}"));
        changes.extend(more.chain(less.map(|word| format!("{part} -{word}"))));
    }
    changes
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            older,
            newer,
            new,
            gone,
            changed,
        } = self;
        writeln!(
            f,
            "Airflow {newer} after {older}: {} new, {} gone, {} changed",
            new.len(),
            gone.len(),
            changed.len()
        )?;
        for (word, routes) in [("new", new), ("gone", gone), ("changed", changed)] {
            for route in routes {
                writeln!(f, "{word}: {route}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Release;

    fn listing(release: Release, routes: &[&str]) -> Listing {
        Listing {
            release,
            text: routes.join("\n"),
        }
    }

    #[test]
    fn new_gone_and_changed_routes_are_told_apart() {
        let same = r#"{"app":"a","method":"GET","path":"/same","query":["x"],"body":[],"asks":[]}"#;
        let older = listing(
            Release::V3_3,
            &[
                same,
                r#"{"app":"a","method":"GET","path":"/gone","query":[],"body":[],"asks":[]}"#,
                r#"{"app":"a","method":"POST","path":"/x","query":["q"],"body":["b"],"asks":["dag GET"]}"#,
            ],
        );
        let newer = listing(
            Release::V3_4,
            &[
                r#"{"app":"a","method":"POST","path":"/x","query":["q","r"],"body":[],"asks":["dag GET","dag PUT"]}"#,
                same,
                r#"{"app":"a","method":"PUT","path":"/same","query":[],"body":[],"asks":[]}"#,
            ],
        );
        let text = Changes::between(&older, &newer).unwrap().to_string();
        let expected = [
            "Airflow 3.4.0b2 after 3.3.2: 1 new, 1 gone, 1 changed",
            "new: PUT /same",
            "gone: GET /gone",
            "changed: POST /x: query +r, body -b, asks +dag PUT",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        let none = Changes::between(&older, &older).unwrap().to_string();
        assert_eq!(none, "Airflow 3.3.2 after 3.3.2: 0 new, 0 gone, 0 changed\n");
    }

    #[test]
    fn the_kept_routes_of_the_pre_release_have_what_it_is_known_for() {
        let kept = [Release::V3_3, Release::V3_4].map(|release| Listing::kept(release).unwrap());
        let changes = Changes::between(&kept[0], &kept[1]).unwrap();
        assert_eq!((changes.new.len(), changes.gone.len()), (20, 1), "{changes}");
        let drains = "POST /api/v2/backfills: body +drain_dag";
        assert!(
            changes.changed.iter().any(|change| change.starts_with(drains)),
            "{changes}"
        );
    }
}
