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
