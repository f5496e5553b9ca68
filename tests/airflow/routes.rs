//! The route table against the routers of the Airflows that are installed.

use dagward::operation::rows_of;
use dagward_lab::airflow::{Release, routes};

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
