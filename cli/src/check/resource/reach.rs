//! The pods, directions and ports that the resource selects.

use super::super::code::Code;
use super::Report;
use crate::source::node::Node;

/// Warns of traffic that the plugin does not see.
pub(super) fn check(report: &mut Report<'_>, is_airflow: bool) {
    if is_airflow {
        selector(report);
    }
    directions(report, is_airflow);
    waypoint(report);
}

fn selector(report: &mut Report<'_>) {
    let (path, value) = report.field(&["spec", "selector", "matchLabels"]);
    if value.is_some() {
        let message = "only pods with these labels have the plugin: the sidecars of all other pods in the namespace \
                       check no inbound requests and stamp no outbound ones, so their tasks are unknown";
        report.warn(
            Code::Selector,
            path,
            message,
            "no `selector`: every pod of the namespace",
        );
    }
}

fn directions(report: &mut Report<'_>, is_airflow: bool) {
    let (path, value) = report.field(&["spec", "match"]);
    let entries = value.map(Node::elements).unwrap_or_default();
    if entries.is_empty() {
        return;
    }
    if !entries.iter().any(|entry| is_for(entry, "SERVER")) {
        let message = "no entry is for `SERVER`: the plugin checks no inbound requests";
        report.warn(
            Code::Match,
            path.clone(),
            message,
            "no `match`: both directions and all ports",
        );
    }
    if !is_airflow {
        return;
    }
    if !entries.iter().any(|entry| is_for(entry, "CLIENT")) {
        let message = "no entry is for `CLIENT`: the plugin stamps no task headers, and every caller acts for an \
                       unknown task";
        report.warn(
            Code::Match,
            path.clone(),
            message,
            "no `match`: both directions and all ports",
        );
    }
    let has_all_ports = |entry: &Node| is_for(entry, "SERVER") && super::list(entry, "ports").is_empty();
    let with_ports = entries
        .iter()
        .position(|entry| !super::list(entry, "ports").is_empty());
    if let Some(number) = with_ports.filter(|_| !entries.iter().any(has_all_ports)) {
        let message =
            "the plugin does not check requests to other ports, such as those of the servers of task logs";
        report.warn(
            Code::Match,
            path.index(number).key("ports"),
            message,
            "no `ports`",
        );
    }
}

fn is_for(entry: &Node, mode: &str) -> bool {
    let written = entry.field("mode").and_then(Node::text);
    !matches!(
        (written, mode),
        (Some("CLIENT"), "SERVER") | (Some("SERVER"), "CLIENT")
    )
}

/// Warns of fields that keep a plugin from running at a waypoint (Istio's `targetRefs`), and of those that work only
/// there.
fn waypoint(report: &mut Report<'_>) {
    let targets = ["targetRefs", "targetRef"];
    let is_attached = targets
        .iter()
        .any(|field| report.field(&["spec", field]).1.is_some());
    if !is_attached {
        let (path, value) = report.module_config("apiServerHosts");
        if value.is_some() {
            let message = "teaches a waypoint alone, and the plugin is for sidecars";
            report.warn(
                Code::WaypointField,
                path,
                message,
                "`apiServers`, or `targetRefs` with the waypoint",
            );
        }
        return;
    }
    let (path, value) = report.field(&["spec", "selector"]);
    if value.is_some() {
        let message = "Istio refuses a `selector` beside `targetRefs`";
        report.warn(Code::WaypointField, path, message, "`targetRefs` alone");
    }
    let (path, value) = report.field(&["spec", "match"]);
    if value.is_some() {
        let message = "a waypoint has no ports and no side `CLIENT`, so the plugin may never run there";
        report.warn(Code::WaypointField, path, message, "no `match`");
    }
    let (path, value) = report.module_config("apiServers");
    if value.is_some() {
        let message = "is for sidecars: no sidecar vouches for tasks behind a waypoint";
        report.warn(Code::WaypointField, path, message, "`apiServerHosts`");
    }
}
