//! The auth managers' routes under `/auth`: Simple, FAB and Keycloak, one table for all of them.

use crate::operation::route::{EVERY, Route, V3, on};

const USERS: &[&str] = &["user:create", "user:update", "user:delete"];
const ROLES: &[&str] = &["role:create", "role:update", "role:delete"];

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

    // FAB's pages. What changes something asks for every change that the pages of its kind can make.
    on(V3, "POST", "/auth/api/v1/security/login",    &["auth:login"]),
    on(V3, "POST", "/auth/api/v1/security/refresh",  &["auth:login"]),
    on(V3, "GET",  "/auth/users/{page:path}",        &["user:read"]),
    on(V3, "GET",  "/auth/users/action/{name}/{pk}", USERS),
    on(V3, "GET",  "/auth/users/delete/{pk}",        USERS),
    on(V3, "POST", "/auth/users/{page:path}",        USERS),
    on(V3, "POST", "/auth/resetmypassword/form",     &["user:update"]),
    on(V3, "POST", "/auth/resetpassword/form",       &["user:update"]),
    on(V3, "POST", "/auth/userinfoeditview/form",    &["user:update"]),
    on(V3, "GET",  "/auth/roles/{page:path}",        &["role:read"]),
    on(V3, "GET",  "/auth/roles/action/{name}/{pk}", ROLES),
    on(V3, "GET",  "/auth/roles/delete/{pk}",        ROLES),
    on(V3, "POST", "/auth/roles/{page:path}",        ROLES),
    on(V3, "GET",  "/auth/actions/{page:path}",      &["permission:read"]),
    on(V3, "GET",  "/auth/actions/action/{name}/{pk}", &["permission:update"]),
    on(V3, "GET",  "/auth/actions/delete/{pk}",      &["permission:update"]),
    on(V3, "POST", "/auth/actions/{page:path}",      &["permission:update"]),
    on(V3, "GET",  "/auth/permissions/{page:path}",  &["permission:read"]),
    on(V3, "GET",  "/auth/permissions/action/{name}/{pk}", &["permission:update"]),
    on(V3, "GET",  "/auth/permissions/delete/{pk}",  &["permission:update"]),
    on(V3, "POST", "/auth/permissions/{page:path}",  &["permission:update"]),
    on(V3, "GET",  "/auth/resources/{page:path}",    &["permission:read"]),
    on(V3, "GET",  "/auth/resources/action/{name}/{pk}", &["permission:update"]),
    on(V3, "GET",  "/auth/resources/delete/{pk}",    &["permission:update"]),
    on(V3, "POST", "/auth/resources/{page:path}",    &["permission:update"]),

    on(V3, "GET", "/auth/openapi.json",         &["docs:read"]),
    on(V3, "GET", "/auth/docs",                 &["docs:read"]),
    on(V3, "GET", "/auth/docs/oauth2-redirect", &["docs:read"]),
    on(V3, "GET", "/auth/redoc",                &["docs:read"]),
    on(V3, "GET", "/auth",                      &["website:read"]),
    on(V3, "GET", "/auth/static/{file:path}",   &["website:read"]),
    on(V3, "GET", "/auth/{page:path}",          &["website:read"]),
];
