//! The web interface of Airflow 3: one page without data, under every path that its router in the browser
//! knows, and the page's files.
//!
//! The api-server answers any other path with the same page, unless a plugin's application stands there. So
//! only these paths are pages, and all others are [`Surface::Other`](super::Surface).

use crate::operation::Action::*;
use crate::operation::route::{Route, V3, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(V3, "GET", "/",                     &[WebsiteRead]),
    on(V3, "GET", "/static/{file:path}",   &[WebsiteRead]),
    on(V3, "GET", "/assets",               &[WebsiteRead]),
    on(V3, "GET", "/assets/{page:path}",   &[WebsiteRead]),
    on(V3, "GET", "/configs",              &[WebsiteRead]),
    on(V3, "GET", "/connections",          &[WebsiteRead]),
    on(V3, "GET", "/dag_bundles",          &[WebsiteRead]),
    on(V3, "GET", "/dag_bundles/{page:path}", &[WebsiteRead]),
    on(V3, "GET", "/dag_runs",             &[WebsiteRead]),
    on(V3, "GET", "/dags",                 &[WebsiteRead]),
    on(V3, "GET", "/dags/{page:path}",     &[WebsiteRead]),
    on(V3, "GET", "/deadlines",            &[WebsiteRead]),
    on(V3, "GET", "/events",               &[WebsiteRead]),
    on(V3, "GET", "/home",                 &[WebsiteRead]),
    on(V3, "GET", "/jobs",                 &[WebsiteRead]),
    // A plugin's page within the page. It loads its content from elsewhere.
    on(V3, "GET", "/plugin/{page:path}",   &[WebsiteRead]),
    on(V3, "GET", "/plugins",              &[WebsiteRead]),
    on(V3, "GET", "/pools",                &[WebsiteRead]),
    on(V3, "GET", "/providers",            &[WebsiteRead]),
    on(V3, "GET", "/required_actions",     &[WebsiteRead]),
    on(V3, "GET", "/security/{page:path}", &[WebsiteRead]),
    on(V3, "GET", "/settings",             &[WebsiteRead]),
    on(V3, "GET", "/task_instances",       &[WebsiteRead]),
    on(V3, "GET", "/variables",            &[WebsiteRead]),
    on(V3, "GET", "/xcoms",                &[WebsiteRead]),

    // Documentation of the API.
    on(V3, "GET", "/docs",                 &[DocsRead]),
    on(V3, "GET", "/docs/oauth2-redirect", &[DocsRead]),
    on(V3, "GET", "/openapi.json",         &[DocsRead]),
    on(V3, "GET", "/redoc",                &[DocsRead]),
];
