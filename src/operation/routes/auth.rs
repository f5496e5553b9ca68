//! The auth managers' routes under `/auth`: Simple, FAB and Keycloak, one table for all of them.

use crate::operation::Action::{self, *};
use crate::operation::route::{EVERY, Route, V3, on};

const USERS: &[Action] = &[UserCreate, UserUpdate, UserDelete];
const ROLES: &[Action] = &[RoleCreate, RoleUpdate, RoleDelete];

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    on(V3, "GET",  "/auth/token",           &[AuthLogin]),
    on(V3, "POST", "/auth/token",           &[AuthLogin]),
    on(V3, "GET",  "/auth/token/login",     &[AuthLogin]),
    on(V3, "POST", "/auth/token/cli",       &[AuthLogin]),
    on(V3, "GET",  "/auth/login",           &[AuthLogin]),
    on(V3, "POST", "/auth/login",           &[AuthLogin]),
    on(V3, "GET",  "/auth/login_callback",  &[AuthLogin]),
    on(V3, "GET",  "/auth/oauth-authorized/{provider}", &[AuthLogin]),
    on(V3, "GET",  "/auth/logout",          &[AuthLogout]),
    on(V3, "POST", "/auth/logout",          &[AuthLogout]),
    on(V3, "GET",  "/auth/logout_callback", &[AuthLogout]),

    on(EVERY, "GET",    "/auth/fab/v1/permissions",      &[PermissionRead]),
    on(EVERY, "GET",    "/auth/fab/v1/roles",            &[RoleRead]),
    on(EVERY, "POST",   "/auth/fab/v1/roles",            &[RoleCreate]),
    on(EVERY, "GET",    "/auth/fab/v1/roles/{name}",     &[RoleRead]),
    on(EVERY, "PATCH",  "/auth/fab/v1/roles/{name}",     &[RoleUpdate]),
    on(EVERY, "DELETE", "/auth/fab/v1/roles/{name}",     &[RoleDelete]),
    on(EVERY, "GET",    "/auth/fab/v1/users",            &[UserRead]),
    on(EVERY, "POST",   "/auth/fab/v1/users",            &[UserCreate]),
    on(EVERY, "GET",    "/auth/fab/v1/users/{username}", &[UserRead]),
    on(EVERY, "PATCH",  "/auth/fab/v1/users/{username}", &[UserUpdate]),
    on(EVERY, "DELETE", "/auth/fab/v1/users/{username}", &[UserDelete]),
    on(EVERY, "GET",    "/auth/fab/v1/openapi.json",     &[DocsRead]),
    on(EVERY, "GET",    "/auth/fab/v1/openapi.yaml",     &[DocsRead]),
    on(EVERY, "GET",    "/auth/fab/v1/ui/{file:path}",   &[DocsRead]),
    on(EVERY, "GET",    "/auth/fab/v1/ui",               &[DocsRead]),

    // FAB's pages. A route that changes something needs every action that the pages of its kind can perform.
    on(V3, "POST", "/auth/api/v1/security/login",    &[AuthLogin]),
    on(V3, "POST", "/auth/api/v1/security/refresh",  &[AuthLogin]),
    on(V3, "GET",  "/auth/users/{page:path}",        &[UserRead]),
    on(V3, "GET",  "/auth/users/action/{name}/{pk}", USERS),
    on(V3, "GET",  "/auth/users/delete/{pk}",        USERS),
    on(V3, "POST", "/auth/users/{page:path}",        USERS),
    on(V3, "POST", "/auth/resetmypassword/form",     &[UserUpdate]),
    on(V3, "POST", "/auth/resetpassword/form",       &[UserUpdate]),
    on(V3, "POST", "/auth/userinfoeditview/form",    &[UserUpdate]),
    on(V3, "GET",  "/auth/roles/{page:path}",        &[RoleRead]),
    on(V3, "GET",  "/auth/roles/action/{name}/{pk}", ROLES),
    on(V3, "GET",  "/auth/roles/delete/{pk}",        ROLES),
    on(V3, "POST", "/auth/roles/{page:path}",        ROLES),
    on(V3, "GET",  "/auth/actions/{page:path}",      &[PermissionRead]),
    on(V3, "GET",  "/auth/actions/action/{name}/{pk}", &[PermissionUpdate]),
    on(V3, "GET",  "/auth/actions/delete/{pk}",      &[PermissionUpdate]),
    on(V3, "POST", "/auth/actions/{page:path}",      &[PermissionUpdate]),
    on(V3, "GET",  "/auth/permissions/{page:path}",  &[PermissionRead]),
    on(V3, "GET",  "/auth/permissions/action/{name}/{pk}", &[PermissionUpdate]),
    on(V3, "GET",  "/auth/permissions/delete/{pk}",  &[PermissionUpdate]),
    on(V3, "POST", "/auth/permissions/{page:path}",  &[PermissionUpdate]),
    on(V3, "GET",  "/auth/resources/{page:path}",    &[PermissionRead]),
    on(V3, "GET",  "/auth/resources/action/{name}/{pk}", &[PermissionUpdate]),
    on(V3, "GET",  "/auth/resources/delete/{pk}",    &[PermissionUpdate]),
    on(V3, "POST", "/auth/resources/{page:path}",    &[PermissionUpdate]),

    on(V3, "GET", "/auth/openapi.json",         &[DocsRead]),
    on(V3, "GET", "/auth/docs",                 &[DocsRead]),
    on(V3, "GET", "/auth/docs/oauth2-redirect", &[DocsRead]),
    on(V3, "GET", "/auth/redoc",                &[DocsRead]),
    on(V3, "GET", "/auth",                      &[WebsiteRead]),
    on(V3, "GET", "/auth/static/{file:path}",   &[WebsiteRead]),
    on(V3, "GET", "/auth/{page:path}",          &[WebsiteRead]),
];
