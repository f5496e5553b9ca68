//! The route table, compared with the routers of the installed Airflows.

use dagward::operation::{Body, Request, Site, Surface, classify, rows_of};
use dagward_releases::{Installation, Release, routes};
use regex::Regex;

fn check(release: Release) {
    let table = rows_of(release.version).map(|row| row.words());
    let comparison = routes::check(release, table).unwrap_or_else(|error| panic!("{error:#}"));
    assert!(comparison.complete(), "{comparison}");
}

#[test]
fn every_route_of_2_11_is_classified() {
    check(Release::V2_11);
}

#[test]
fn every_route_of_3_3_is_classified() {
    check(Release::V3_3);
}

#[test]
fn every_route_of_3_4_is_classified() {
    check(Release::V3_4);
}

/// Paths that the web interface's router nests below another path.
const NESTED: [&str; 14] = [
    "asset-state-store",
    "asset_events",
    "backfills",
    "backfills/:backfillId",
    "calendar",
    "callbacks",
    "code",
    "details",
    "rendered_templates",
    "runs",
    "task-state-store",
    "tasks",
    "versions",
    "xcom",
];

/// A field of a grammar in one of the page's libraries, which looks like a page.
const NO_PAGE: &str = "path";

/// The router runs in the browser, so the test reads its paths from the files that the api-server serves.
#[test]
fn every_page_of_the_web_interface_is_a_page() {
    for release in [Release::V3_3, Release::V3_4] {
        pages_of(release);
    }
}

fn pages_of(release: Release) {
    let installation = Installation::ensure(release).unwrap();
    let packages = installation.python.parent().unwrap().join("../lib");
    let python = std::fs::read_dir(packages).unwrap().next().unwrap().unwrap();
    let assets = python.path().join("site-packages/airflow/ui/dist/assets");
    let path = Regex::new("[{,]path:[\"`]([a-z_-][A-Za-z0-9_:/*-]*)[\"`]").unwrap();
    let mut pages = 0;
    for file in std::fs::read_dir(assets).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "js") {
            continue;
        }
        let script = std::fs::read_to_string(&file).unwrap();
        for found in path.captures_iter(&script) {
            let page = &found[1];
            if NESTED.contains(&page) || page == NO_PAGE {
                continue;
            }
            let target = format!("/{}", page.replace([':', '*'], "x"));
            let request = Request {
                method: "GET",
                target: &target,
                host: "airflow",
                body: Body::Pending,
            };
            let surface = classify(&request, &Site::default()).map(|operation| operation.surface);
            assert_eq!(surface, Ok(Surface::Pages), "{page} of {}", file.display());
            pages += 1;
        }
    }
    assert!(pages > 20, "{pages}");
}
