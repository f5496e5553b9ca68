//! The settings by which Istio loads and runs the module.

use dagward::policy::Mode;

use super::super::code::Code;
use super::Report;
use super::plugin::ROOT;
use crate::source::node::Node;

/// The host of the placeholder addresses, which the operator must replace.
const PLACEHOLDER: &str = "registry.example.com";

/// The name of a plugin that lets requests pass if its document does not load.
const OPEN: &str = "dagward-open";

/// Warns of the resource's settings.
pub(super) fn check(report: &mut Report<'_>, mode: Mode) {
    url(report);
    digest(report);
    checksum(report);
    root(report);
    kind(report);
    phase(report);
    priority(report);
    fail_strategy(report, mode);
    open(report, mode);
}

fn url(report: &mut Report<'_>) {
    let (path, value) = report.module("url");
    let Some(url) = value.and_then(Node::text) else {
        let message = "the resource has no `url`: the API server refuses it";
        report.warn(
            Code::PlaceholderUrl,
            path,
            message,
            "the address that the image was pushed to",
        );
        return;
    };
    if !url.contains(PLACEHOLDER) {
        return;
    }
    // Istio's agent puts another filter in the place of a module that it cannot pull (istio's pkg/wasm/convert.go).
    let effect = match report.module("failStrategy").1.and_then(Node::text) {
        Some("FAIL_OPEN") => "let every request pass unchecked",
        _ => "answer every request with `RBAC: access denied`",
    };
    let url = shown(url);
    let message = format!("`{url}` is a placeholder: proxies that cannot pull the module {effect}");
    report.warn(
        Code::PlaceholderUrl,
        path,
        message,
        "the address that the image was pushed to",
    );
}

/// Warns of a checksum beside another digest: Istio compares the module with both (istio's pkg/wasm/cache.go).
fn checksum(report: &mut Report<'_>) {
    let url = report.module("url").1.and_then(Node::text);
    let in_url = url.and_then(|url| url.split_once("@sha256:")).map(|(_, sum)| sum);
    let (path, value) = report.module("sha256");
    let sum = value.and_then(Node::text).filter(|sum| !sum.is_empty());
    if let (Some(in_url), Some(sum)) = (in_url, sum)
        && in_url != sum
    {
        let message = "differs from the digest in `url`: no proxy can load the module";
        report.warn(Code::OtherDigest, path, message, "the digest in `url` alone");
    }
}

/// Warns of a plugin that works in the whole mesh.
fn root(report: &mut Report<'_>) {
    let (path, value) = report.field(&["metadata", "namespace"]);
    let is_root = value.and_then(Node::text) == Some(ROOT);
    let selects = ["selector", "targetRefs", "targetRef"]
        .iter()
        .any(|field| report.field(&["spec", field]).1.is_some());
    if is_root && !selects {
        let message = "this is Istio's root namespace: the plugin works in every pod of the mesh";
        report.warn(
            Code::RootNamespace,
            path,
            message,
            "the namespace of Airflow, or `targetRefs`",
        );
    }
}

/// Warns of a module that the registry can exchange. Istio compares an image with the digest in the `url` or in
/// `sha256`. It compares a module behind `http` or `https` with `sha256` alone. It reads an address without a scheme as
/// an image (istio's pkg/wasm/cache.go).
fn digest(report: &mut Report<'_>) {
    let (path, value) = report.module("url");
    let Some(url) = value.and_then(Node::text) else {
        return;
    };
    let is_image = url.starts_with("oci://") || !url.contains("://");
    let in_url = url.split_once("@sha256:").map(|(_, sum)| sum);
    let pinned = is_image && in_url.is_some_and(is_checksum)
        || report
            .module("sha256")
            .1
            .and_then(Node::text)
            .is_some_and(is_checksum);
    // The placeholder has a warning of its own. A file is part of the proxy's image.
    if pinned || url.contains(PLACEHOLDER) || url.starts_with("file://") {
        return;
    }
    let url = shown(url);
    let (message, mend) = match is_image {
        true => (
            format!(
                "`{url}` has no digest: an account that can push to the registry can exchange the module"
            ),
            "the address with `@sha256:` and the 64 digits that `cargo xtask image` prints",
        ),
        false => (
            format!("`{url}` has no checksum: the server behind it can exchange the module"),
            "the SHA-256 of the module, 64 digits, as `sha256` beside `url`",
        ),
    };
    report.warn(Code::NoDigest, path, message, mend);
}

/// An address without the user and the password in it.
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@').filter(|(user, _)| user.contains(':')) {
        Some((user, _)) => format!("{scheme}://…{}", rest.strip_prefix(user).unwrap_or_default()),
        None => url.to_owned(),
    }
}

/// Whether a text is a SHA-256 checksum in lower case.
fn is_checksum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn kind(report: &mut Report<'_>) {
    let (path, value) = report.module("type");
    if value.and_then(Node::text) == Some("NETWORK") {
        let message = "a plugin of the type `NETWORK` sees no requests: it stamps, checks and counts nothing";
        report.warn(Code::PluginType, path, message, "`HTTP`, or no `type`");
    }
}

fn phase(report: &mut Report<'_>) {
    let (path, value) = report.field(&["spec", "phase"]);
    let message = match value.and_then(Node::text) {
        Some("AUTHZ") => return,
        Some("AUTHN") => {
            "in the phase `AUTHN` the plugin runs before Istio verifies tokens, and does not get the results"
        }
        Some("STATS") => "in the phase `STATS` the plugin runs after Istio's AuthorizationPolicy",
        Some(_) => "the API server knows no such phase, and without one the plugin runs last",
        None => "without a phase the plugin runs last, after Istio's AuthorizationPolicy and metrics",
    };
    report.warn(Code::Phase, path, message, "`AUTHZ`");
}

fn priority(report: &mut Report<'_>) {
    let (path, value) = report.field(&["spec", "priority"]);
    if value.is_none() {
        let message =
            "without a priority the plugin runs last of its phase, after plugins that may change requests";
        report.warn(
            Code::Priority,
            path,
            message,
            "a number, such as `10`; the highest runs first",
        );
    }
}

fn fail_strategy(report: &mut Report<'_>, mode: Mode) {
    let (path, value) = report.module("failStrategy");
    let message = match value.and_then(Node::text) {
        Some("FAIL_RELOAD") => return,
        Some("FAIL_OPEN") if mode != Mode::Enforce => return,
        Some("FAIL_OPEN") => {
            "after a crash, or if the module cannot be pulled, the proxy lets every request pass unchecked"
        }
        _ => "after a crash a worker of the proxy answers every request with 503 until it restarts",
    };
    report.warn(
        Code::FailStrategy,
        path,
        message,
        "`FAIL_RELOAD`: one 503, then a fresh VM",
    );
}

fn open(report: &mut Report<'_>, mode: Mode) {
    let (path, value) = report.module("pluginName");
    if mode == Mode::Enforce && value.and_then(Node::text) == Some(OPEN) {
        let message = "under this name a document that does not load lets every request pass, and no earlier one stays in force";
        report.warn(
            Code::OpenName,
            path,
            message,
            "`dagward`: the last good policy stays in force",
        );
    }
}
