//! Health and metrics, wherever they are mounted.

use crate::operation::Action::*;
use crate::operation::route::{EVERY, Route, V2, V3, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(EVERY, "GET", "/health",                &[HealthRead]),
    on(EVERY, "GET", "/metrics",               &[MetricsRead]),
    on(V3,    "GET", "/execution/health",      &[HealthRead]),
    on(V3,    "GET", "/execution/health/ping", &[HealthRead]),
    on(V3,    "GET", "/api/v2/monitor/health", &[HealthRead]),
    on(V2,    "GET", "/api/v1/health",         &[HealthRead]),
    on(EVERY, "GET", "/edge_worker/v1/health", &[HealthRead]),
    on(V2,    "GET", "/internal_api/v1/health", &[HealthRead]),
];
