//! The route table: every route of every version that dagward knows, one row each.
//!
//! If Airflow 3.0 has `{key}` and later lines have `{key:path}`, the row has the wider one.

mod auth;
mod bodies;
mod edge;
mod execution;
mod health;
mod lists;
mod logs;
mod named;
mod pages;
mod reads;
mod rest_v1;
mod rest_v2;
mod rest_v2_runs;
mod single_page;
mod ui;

use super::route::{Line, Route};
use super::{Action, Surface};
pub use named::Object;

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

/// Every row with its surface, except pages.
pub(super) fn all() -> impl Iterator<Item = (Surface, &'static Route)> {
    TABLE
        .iter()
        .flat_map(|&(surface, rows)| rows.iter().map(move |row| (surface, row)))
}

/// The web pages of Airflow 2, which count only if a policy document enables them.
pub(super) fn web_pages() -> impl Iterator<Item = (Surface, &'static Route)> {
    pages::ROUTES
        .iter()
        .chain(lists::ROUTES.iter().flatten())
        .chain(lists::AUDIT_LOG)
        .map(|row| (Surface::Ui, row))
}

/// The pages of Airflow 3. They do not count if a document enables the web pages of Airflow 2.
pub(super) fn single_page() -> impl Iterator<Item = (Surface, &'static Route)> {
    single_page::ROUTES.iter().map(|row| (Surface::Pages, row))
}

/// One row of the table, for tools that compare it with an installed Airflow or print it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The surface of the route.
    pub surface: Surface,
    route: &'static Route,
}

impl Row {
    /// The method.
    pub fn method(&self) -> &'static str {
        self.route.method
    }

    /// The path, with names in braces.
    pub fn template(&self) -> &'static str {
        self.route.template
    }

    /// The actions, including those that its body may add.
    pub fn actions(&self) -> impl Iterator<Item = Action> {
        let own = self.route.actions.iter().copied();
        own.chain(self.route.further_actions())
    }

    /// Its surface, method, path and actions.
    pub fn words(&self) -> (&'static str, &'static str, &'static str, Vec<&'static str>) {
        (
            self.surface.as_str(),
            self.method(),
            self.template(),
            self.actions().map(Action::as_str).collect(),
        )
    }

    /// Whether the route needs an action, including those that its body may add.
    pub fn asks_for(&self, action: Action) -> bool {
        self.actions().any(|asked| asked == action)
    }

    /// Whether a line of Airflow has the route.
    pub fn is_in(&self, line: Line) -> bool {
        self.route.versions.include(line)
    }
}

/// The rows of the table, web pages at the end.
pub fn rows() -> impl Iterator<Item = Row> {
    let routes = all().chain(single_page()).chain(web_pages());
    routes.map(|(surface, route)| Row { surface, route })
}

/// The rows that a release of Airflow has, such as `3.3.2`.
pub fn rows_of(release: &str) -> impl Iterator<Item = Row> {
    let line = Line::of(release);
    rows().filter(move |row| line.is_some_and(|line| row.is_in(line)))
}

#[cfg(test)]
mod tests;
