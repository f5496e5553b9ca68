//! Health and metrics, wherever they are mounted.

use crate::operation::route::{EVERY, Route, V2, V3, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(EVERY, "GET", "/health",                &["health:read"]),
    on(EVERY, "GET", "/metrics",               &["metrics:read"]),
    on(V3,    "GET", "/execution/health",      &["health:read"]),
    on(V3,    "GET", "/execution/health/ping", &["health:read"]),
    on(V3,    "GET", "/api/v2/monitor/health", &["health:read"]),
    on(V2,    "GET", "/api/v1/health",         &["health:read"]),
    on(EVERY, "GET", "/edge_worker/v1/health", &["health:read"]),
    on(V2,    "GET", "/internal_api/v1/health", &["health:read"]),
];
