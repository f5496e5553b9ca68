//! The routes of Airflow that the table leaves out on purpose.

use super::template::fits;

/// A route of Airflow that policies cannot match, and need not match.
#[derive(Debug, Clone, Copy)]
pub struct LeftOut {
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// The surface that the filter assigns to a request for it.
    pub surface: &'static str,
}

const fn get(path: &'static str, surface: &'static str) -> LeftOut {
    LeftOut {
        method: "GET",
        path,
        surface,
    }
}

/// All such routes. A service outside Airflow may have the same paths, so the filter cannot
/// classify them.
pub const LEFT_OUT: &[LeftOut] = &[
    // Airflow 3 serves the page of its web interface for every path without a route. It contains no
    // data.
    get("/{rest_of_path:path}", "other"),
    // Airflow 3 answers 404 there, with a hint for clients that still use the old API.
    get("/api/{_:path}", "other"),
    get("/api/v1/{_:path}", "rest"),
];

/// The surface for `method` and `path`, if they are left out.
pub(super) fn surface(method: &str, path: &str) -> Option<&'static str> {
    let found = LEFT_OUT
        .iter()
        .find(|left_out| left_out.method == method && fits(left_out.path, path))?;
    Some(found.surface)
}

/// Whether the table covers more here than any installation of the lab: other auth managers and
/// ways to log in, the metrics exporter, which does not belong to Airflow, and the files behind a
/// log server's one route.
pub(super) fn beyond_the_lab(path: &str) -> bool {
    let below = [
        "/auth/",
        "/login/",
        "/log/dag_id=",
        "/log/executor_callbacks/",
        "/log/triggerer_callbacks/",
    ];
    matches!(path, "/auth" | "/logout" | "/metrics") || below.iter().any(|prefix| path.starts_with(prefix))
}
