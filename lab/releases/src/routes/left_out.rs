//! What Airflow serves and the table leaves out on purpose.

use super::template::fits;

/// A route of Airflow that no policy can tell apart, and why none has to.
#[derive(Debug, Clone, Copy)]
pub struct LeftOut {
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// The surface that a request for it counts for.
    pub surface: &'static str,
}

const fn get(path: &'static str, surface: &'static str) -> LeftOut {
    LeftOut {
        method: "GET",
        path,
        surface,
    }
}

/// All of them. A service outside Airflow may have the same paths, so nothing can be said of them.
pub const LEFT_OUT: &[LeftOut] = &[
    // The one page of the web interface of Airflow 3, where none of its own routes is. It has no data.
    get("/{rest_of_path:path}", "other"),
    // Airflow 3 answers 404 there, with a hint to whoever still asks for what was.
    get("/api/{_:path}", "other"),
    get("/api/v1/{_:path}", "rest"),
];

/// The surface that `method` and `path` count for, if they are left out.
pub(super) fn surface(method: &str, path: &str) -> Option<&'static str> {
    let found = LEFT_OUT
        .iter()
        .find(|left_out| left_out.method == method && fits(left_out.path, path))?;
    Some(found.surface)
}

/// Whether the table has more here than any installation of the lab: other auth managers and ways to
/// log in, the exporter of metrics, which is no part of Airflow, and the files behind a log server's
/// one route.
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
