//! The table against the routes that installed Airflows have: method and template, as their
//! routers print them, in `testdata/`.

use std::collections::BTreeSet;

use super::*;
use crate::fact::Fact;
use crate::operation::route::{Id, Segment, segments};
use crate::operation::{Body, Request, read};

const INSTALLED: [(Line, &str); 3] = [
    (Line::V2_11, include_str!("../testdata/routes-2.11.txt")),
    (Line::V3_2, include_str!("../testdata/routes-3.2.txt")),
    (Line::V3_3, include_str!("../testdata/routes-3.3.txt")),
];

fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().map(|line| line.split_once(' ').unwrap())
}

/// A template with the names taken out, so that Airflow's and ours can be compared.
fn shape(template: &'static str) -> String {
    segments(template.strip_suffix('/').unwrap_or(template))
        .map(|segment| match segment {
            Segment::Literal(text) => format!("/{text}"),
            Segment::Value(prefix, _) => format!("/{prefix}{{}}"),
            Segment::Tail(_) => "/{:path}".to_owned(),
        })
        .collect()
}

/// A path that fits a template.
fn example(template: &'static str) -> String {
    segments(template)
        .map(|segment| match segment {
            Segment::Literal(text) => format!("/{text}"),
            Segment::Value(prefix, id) => format!("/{prefix}{}", id.map_or("7", value)),
            Segment::Tail(_) => "/some/key".to_owned(),
        })
        .collect()
}

fn value(id: Id) -> &'static str {
    match id {
        Id::Dag => "finance_daily",
        Id::Run => "manual__2026-01-01T00:00:00+00:00",
        Id::Task => "group.load",
        Id::TaskInstance => "01890a5d-ac96-774b-bcce-b302099a8057",
        Id::AssetNumber => "7",
        _ => "some_id",
    }
}

#[test]
fn every_route_of_every_line_is_classified() {
    for (line, text) in INSTALLED {
        let ours: BTreeSet<_> = routes_of(line)
            .map(|(method, template)| (method, shape(template)))
            .collect();
        for (method, template) in rows(text) {
            assert!(
                ours.contains(&(method, shape(template))),
                "{line:?}: {method} {template}"
            );
        }
    }
}

#[test]
fn no_route_is_said_to_be_in_a_line_that_lacks_it() {
    for (line, text) in INSTALLED {
        let theirs: BTreeSet<_> = rows(text)
            .map(|(method, template)| (method, shape(template)))
            .collect();
        for (surface, route) in all().filter(|(_, route)| route.versions.include(line)) {
            let listed = matches!(surface, Surface::Rest | Surface::Execution | Surface::Ui);
            if listed && route.actions != ["docs:read"] {
                assert!(
                    theirs.contains(&(route.method, shape(route.template))),
                    "{line:?}: {} {}",
                    route.method,
                    route.template
                );
            }
        }
    }
}

#[test]
fn every_row_is_found_by_its_own_path_with_the_ids_in_it() {
    for (surface, route) in all() {
        let target = example(route.template);
        let request = Request {
            method: route.method,
            target: &target,
            host: "airflow",
            body: Body::Pending,
        };
        let operation = read(&request).unwrap_or_else(|error| panic!("{target}: {error}"));
        assert_eq!(
            operation.template,
            Some(route.template),
            "{} {target}",
            route.method
        );
        assert_eq!(operation.surface, surface);
        assert_eq!(operation.actions(), route.actions);
        for segment in segments(route.template) {
            let Segment::Value(_, Some(id)) = segment else {
                continue;
            };
            let ask = &operation.asks[0];
            let fact = match id {
                Id::Dag => &ask.dag,
                Id::Run => &ask.run,
                Id::Task => &ask.task,
                Id::TaskInstance => {
                    let run = if route.answer_names_dag {
                        Fact::Later
                    } else {
                        Fact::Unknown
                    };
                    assert_eq!((&ask.dag, &ask.run, &ask.task), (&run, &run, &Fact::Unknown));
                    assert!(!operation.any_dag);
                    continue;
                }
                Id::Connection => &ask.connection,
                Id::Asset | Id::AssetNumber => &ask.asset,
                Id::Pool => &ask.pool,
                Id::Variable | Id::XcomKey => panic!("{} should be a tail", route.template),
            };
            let known = Fact::Known(value(id));
            assert_eq!(
                fact.as_ref().map(AsRef::as_ref),
                known,
                "{id:?} of {} {target}",
                route.method
            );
        }
    }
}
