//! The auth managers' routes under `/auth`: Simple, FAB and Keycloak, one table for all of them.

use crate::operation::route::{EVERY, Route, V3, on};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(V3, "GET",  "/auth/token",           &["auth:login"]),
    on(V3, "POST", "/auth/token",           &["auth:login"]),
    on(V3, "GET",  "/auth/token/login",     &["auth:login"]),
    on(V3, "POST", "/auth/token/cli",       &["auth:login"]),
    on(V3, "GET",  "/auth/login",           &["auth:login"]),
    on(V3, "POST", "/auth/login",           &["auth:login"]),
    on(V3, "GET",  "/auth/login_callback",  &["auth:login"]),
    on(V3, "GET",  "/auth/oauth-authorized/{provider}", &["auth:login"]),
    on(V3, "GET",  "/auth/logout",          &["auth:logout"]),
    on(V3, "POST", "/auth/logout",          &["auth:logout"]),
    on(V3, "GET",  "/auth/logout_callback", &["auth:logout"]),

    on(EVERY, "GET",    "/auth/fab/v1/permissions",      &["permission:read"]),
    on(EVERY, "GET",    "/auth/fab/v1/roles",            &["role:read"]),
    on(EVERY, "POST",   "/auth/fab/v1/roles",            &["role:create"]),
    on(EVERY, "GET",    "/auth/fab/v1/roles/{name}",     &["role:read"]),
    on(EVERY, "PATCH",  "/auth/fab/v1/roles/{name}",     &["role:update"]),
    on(EVERY, "DELETE", "/auth/fab/v1/roles/{name}",     &["role:delete"]),
    on(EVERY, "GET",    "/auth/fab/v1/users",            &["user:read"]),
    on(EVERY, "POST",   "/auth/fab/v1/users",            &["user:create"]),
    on(EVERY, "GET",    "/auth/fab/v1/users/{username}", &["user:read"]),
    on(EVERY, "PATCH",  "/auth/fab/v1/users/{username}", &["user:update"]),
    on(EVERY, "DELETE", "/auth/fab/v1/users/{username}", &["user:delete"]),
    on(EVERY, "GET",    "/auth/fab/v1/openapi.json",     &["docs:read"]),
    on(EVERY, "GET",    "/auth/fab/v1/openapi.yaml",     &["docs:read"]),
    on(EVERY, "GET",    "/auth/fab/v1/ui/{file:path}",   &["docs:read"]),
    on(EVERY, "GET",    "/auth/fab/v1/ui",               &["docs:read"]),

    on(V3, "GET", "/auth/openapi.json",         &["docs:read"]),
    on(V3, "GET", "/auth/docs",                 &["docs:read"]),
    on(V3, "GET", "/auth/docs/oauth2-redirect", &["docs:read"]),
    on(V3, "GET", "/auth/redoc",                &["docs:read"]),
    on(V3, "GET", "/auth",                      &["website:read"]),
    on(V3, "GET", "/auth/static/{file:path}",   &["website:read"]),
    on(V3, "GET", "/auth/{page:path}",          &["website:read"]),
];
