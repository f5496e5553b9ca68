//! The route table: every route of every version that dagward knows, one row each.
//!
//! Where Airflow 3.0 has `{key}` and later lines `{key:path}`, the row has the wider one.

mod auth;
mod bodies;
mod edge;
mod execution;
mod health;
mod lists;
mod logs;
mod pages;
mod rest_v1;
mod rest_v2;
mod rest_v2_runs;
mod ui;

use super::Surface;
use super::route::{Line, Route};

const TABLE: &[(Surface, &[Route])] = &[
    (Surface::Health, health::ROUTES),
    (Surface::Execution, execution::ROUTES),
    (Surface::Rest, rest_v2::ROUTES),
    (Surface::Rest, rest_v2_runs::ROUTES),
    (Surface::Rest, rest_v1::ROUTES),
    (Surface::Ui, ui::ROUTES),
    (Surface::Auth, auth::ROUTES),
    (Surface::Logs, logs::ROUTES),
    (Surface::Edge, edge::ROUTES),
];

/// Every row with its surface, but for web pages.
pub(super) fn all() -> impl Iterator<Item = (Surface, &'static Route)> {
    TABLE
        .iter()
        .flat_map(|&(surface, rows)| rows.iter().map(move |row| (surface, row)))
}

/// The web pages of Airflow 2, which stand only where a policy document says so.
pub(super) fn web_pages() -> impl Iterator<Item = (Surface, &'static Route)> {
    pages::ROUTES
        .iter()
        .chain(lists::ROUTES.iter().flatten())
        .chain(lists::AUDIT_LOG)
        .map(|row| (Surface::Ui, row))
}

/// The routes of one line of Airflow, by method and template, so that they can be held against
/// an installed Airflow.
pub fn routes_of(line: Line) -> impl Iterator<Item = (&'static str, &'static str)> {
    all()
        .chain(web_pages())
        .filter(move |(_, route)| route.versions.include(line))
        .map(|(_, route)| (route.method, route.template))
}

#[cfg(test)]
mod tests;
