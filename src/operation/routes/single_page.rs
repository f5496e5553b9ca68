//! The web interface of Airflow 3: one page without data, under every path that its own router in
//! the browser knows, and its files.
//!
//! The api-server answers any other path with the same page, unless a plugin's application stands
//! there. So only these paths are pages, and all others are [`Surface::Other`](super::Surface).

use crate::operation::route::{Route, V3, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(V3, "GET", "/",                     &["website:read"]),
    on(V3, "GET", "/static/{file:path}",   &["website:read"]),
    on(V3, "GET", "/assets",               &["website:read"]),
    on(V3, "GET", "/assets/{page:path}",   &["website:read"]),
    on(V3, "GET", "/configs",              &["website:read"]),
    on(V3, "GET", "/connections",          &["website:read"]),
    on(V3, "GET", "/dag_bundles",          &["website:read"]),
    on(V3, "GET", "/dag_bundles/{page:path}", &["website:read"]),
    on(V3, "GET", "/dag_runs",             &["website:read"]),
    on(V3, "GET", "/dags",                 &["website:read"]),
    on(V3, "GET", "/dags/{page:path}",     &["website:read"]),
    on(V3, "GET", "/deadlines",            &["website:read"]),
    on(V3, "GET", "/events",               &["website:read"]),
    on(V3, "GET", "/home",                 &["website:read"]),
    on(V3, "GET", "/jobs",                 &["website:read"]),
    // A plugin's page within the page; what it loads is elsewhere.
    on(V3, "GET", "/plugin/{page:path}",   &["website:read"]),
    on(V3, "GET", "/plugins",              &["website:read"]),
    on(V3, "GET", "/pools",                &["website:read"]),
    on(V3, "GET", "/providers",            &["website:read"]),
    on(V3, "GET", "/required_actions",     &["website:read"]),
    on(V3, "GET", "/security/{page:path}", &["website:read"]),
    on(V3, "GET", "/settings",             &["website:read"]),
    on(V3, "GET", "/task_instances",       &["website:read"]),
    on(V3, "GET", "/variables",            &["website:read"]),
    on(V3, "GET", "/xcoms",                &["website:read"]),

    // Documentation of the API.
    on(V3, "GET", "/docs",                 &["docs:read"]),
    on(V3, "GET", "/docs/oauth2-redirect", &["docs:read"]),
    on(V3, "GET", "/openapi.json",         &["docs:read"]),
    on(V3, "GET", "/redoc",                &["docs:read"]),
];
