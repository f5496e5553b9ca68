//! Compares the table with the routes that the releases of Airflow serve, as their own routers print them.

mod ids;

use dagward_releases::Release;
use dagward_releases::routes::{Asked, Comparison, LEFT_OUT, Listing, fits};

use super::*;
use crate::fact::Fact;
use crate::operation::route::{Id, Segment, segments};
use crate::operation::{Body, Request, Site, classify};

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
        Id::TaskInstance | Id::Callback => "01890a5d-ac96-774b-bcce-b302099a8057",
        Id::AssetNumber => "7",
        _ => "some_id",
    }
}

#[test]
fn every_route_of_every_release_is_classified() {
    for release in Release::ALL {
        let kept = Listing::kept(release).unwrap();
        let comparison = Comparison::new(&kept, rows_of(release.version).map(|row| row.words())).unwrap();
        assert!(comparison.complete(), "{comparison}");
    }
}

#[test]
fn the_actions_are_what_airflow_asks_for() {
    let asked = Asked::of_all(|release| rows_of(release.version).map(|row| row.words())).unwrap();
    assert!(asked.is_complete(), "{asked}");
}

#[test]
fn web_pages_are_read_where_a_document_says_that_they_stand() {
    let site = Site::default().with_web_pages(true);
    let mut pages = 0;
    for (release, served, _) in ids::with_rows() {
        let request = Request {
            method: &served.method,
            target: &served.path.replace(['{', '}'], ""),
            host: "airflow",
            body: Body::Pending,
        };
        let surface = |site| classify(&request, site).map(|operation| operation.surface);
        let is_page =
            |path| web_pages().any(|(_, page)| page.method == served.method && fits(page.template, path));
        if release == Release::V2_11 && is_page(&served.path) && served.app != "log server" {
            pages += 1;
            assert_eq!(
                surface(&site),
                Ok(Surface::Ui),
                "{} {}",
                served.method,
                served.path
            );
            assert_ne!(
                surface(&Site::default()),
                Ok(Surface::Ui),
                "{} {}",
                served.method,
                served.path
            );
        }
    }
    assert!(pages > 400, "{pages}");
}

#[test]
fn what_is_left_out_counts_for_the_surface_that_is_said() {
    for left_out in LEFT_OUT {
        let target = example(left_out.path);
        let request = Request {
            method: left_out.method,
            target: &target,
            host: "airflow",
            body: Body::Pending,
        };
        let operation = classify(&request, &Site::default()).unwrap();
        assert_eq!(operation.surface.as_str(), left_out.surface, "{target}");
        assert_eq!(operation.template, None, "{target}");
    }
}

#[test]
fn every_row_is_found_by_its_own_path_with_the_ids_in_it() {
    let with_pages = Site::default().with_web_pages(true);
    let rows = all().map(|row| (Site::default(), row));
    let pages = web_pages().map(|row| (with_pages.clone(), row));
    for (site, (surface, route)) in rows.chain(pages) {
        let target = match route.template {
            "/" => "/".to_owned(),
            template => example(template),
        };
        let request = Request {
            method: route.method,
            target: &target,
            host: "airflow",
            body: Body::Pending,
        };
        let operation = classify(&request, &site).unwrap_or_else(|error| panic!("{target}: {error}"));
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
            let access = &operation.accesses[0];
            let fact = match id {
                Id::Dag => &access.dag,
                Id::Run => &access.run,
                Id::Task => &access.task,
                Id::TaskInstance => {
                    let run = if route.answer_names_dag {
                        Fact::Pending
                    } else {
                        Fact::Unknown
                    };
                    assert_eq!(
                        (&access.dag, &access.run, &access.task),
                        (&run, &run, &Fact::Unknown)
                    );
                    assert!(!operation.any_dag);
                    continue;
                }
                Id::Callback => {
                    assert_eq!(operation.callback.as_deref(), Some(value(id)));
                    continue;
                }
                Id::Connection => &access.connection,
                Id::Asset | Id::AssetNumber => &access.asset,
                Id::Pool => &access.pool,
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
