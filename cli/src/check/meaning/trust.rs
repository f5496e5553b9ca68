//! Warnings about the identities that a document trusts or names.

use std::collections::BTreeMap;

use dagward::policy::{Field, FieldPath, nearest};

use super::super::code::Code;
use super::Sink;
use super::callers::leaves_open;
use super::pattern::{Pattern, Shape};
use super::view::{View, elements};
use crate::source::node::Node;

/// The ends of the names of the service accounts of Airflow's Helm chart.
const ACCOUNTS: [&str; 9] = [
    "airflow-api-server",
    "airflow-webserver",
    "airflow-scheduler",
    "airflow-triggerer",
    "airflow-dag-processor",
    "airflow-worker",
    "airflow-statsd",
    "airflow-flower",
    "airflow-pgbouncer",
];

/// The components that run DAG authors' code. With the Local executor the scheduler does.
const AUTHORS: [&str; 4] = ["worker", "triggerer", "dag-processor", "scheduler"];

/// Warns of identities.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) {
    stampers(view, sink);
    api_servers(view, sink);
    let named = identities(view);
    trust_domains(&named, sink);
    accounts(&named, sink);
    mesh_hosts(view, sink);
}

fn stampers(view: &View<'_>, sink: &mut Sink<'_>) {
    for (path, pattern) in principals(view, "stampers") {
        if leaves_open(Field::Principals, &pattern) {
            let message = format!(
                "`{}` names no namespace: a workload without dagward can write any task with the proof `airflow`",
                pattern.text
            );
            sink.warn(Code::WideStampers, &path, message);
        }
    }
}

fn api_servers(view: &View<'_>, sink: &mut Sink<'_>) {
    for (path, pattern) in principals(view, "apiServers") {
        let account = account(pattern.body);
        let runs_authors_code = match pattern.shape {
            Shape::Exact => AUTHORS.iter().any(|component| account.contains(component)),
            Shape::Prefix => {
                let account = pattern.body.split_once("/sa/").map(|(_, account)| account);
                account.is_none_or(|account| "airflow-worker".starts_with(account))
            }
            Shape::Any => true,
            Shape::Suffix => AUTHORS
                .iter()
                .any(|component| pattern.matches(&format!("x-{component}"))),
        };
        if runs_authors_code {
            let message = format!(
                "`{}` names workloads that run authors' code: a task there can answer `run` with any DAG",
                pattern.text
            );
            sink.warn(Code::WideApiServers, &path, message);
        }
    }
}

fn principals<'a>(view: &View<'a>, field: &str) -> Vec<(FieldPath, Pattern<'a>)> {
    let at = view.path.key(field);
    let elements = elements(view.node, field).iter().enumerate();
    let principal = |(number, node): (usize, &'a Node)| Some((at.index(number), Pattern::of(node.text()?)));
    elements.filter_map(principal).collect()
}

/// Warns of a domain that is not a mesh's: task headers go to its hosts.
fn mesh_hosts(view: &View<'_>, sink: &mut Sink<'_>) {
    const PRIVATE: [&str; 6] = ["local", "internal", "svc", "mesh", "global", "test"];
    for (number, host) in elements(view.node, "meshHosts").iter().enumerate() {
        let domain = host.text().and_then(|host| host.strip_prefix("*."));
        if domain.is_some_and(|domain| !domain.contains('.') && !PRIVATE.contains(&domain)) {
            let message = "task headers go to every host of this domain, also outside the mesh";
            sink.warn(
                Code::WideMeshHosts,
                &view.path.key("meshHosts").index(number),
                message,
            );
        }
    }
}

/// Every identity of the document: its path, and its pattern with the form of a principal or of a service account.
fn identities<'a>(view: &View<'a>) -> Vec<(FieldPath, Pattern<'a>)> {
    let mut found = principals(view, "stampers");
    found.extend(principals(view, "apiServers"));
    let rules = view.policies.iter().flat_map(|policy| &policy.rules);
    let conditions = rules.flat_map(|rule| rule.from.iter().flatten().flat_map(|entry| &entry.conditions));
    for condition in conditions {
        if matches!(condition.field, Field::Principals | Field::ServiceAccounts) {
            let patterns = condition.patterns.iter().enumerate();
            found.extend(patterns.map(|(number, pattern)| (condition.pattern_at(number), *pattern)));
        }
    }
    found
}

/// Warns of the rarer of two trust domains that are almost the same, or that name the same namespace.
fn trust_domains(named: &[(FieldPath, Pattern<'_>)], sink: &mut Sink<'_>) {
    let mut domains: BTreeMap<&str, Vec<(&FieldPath, &str)>> = BTreeMap::new();
    for (path, pattern) in named {
        if let Some((domain, namespace)) = domain(pattern) {
            domains.entry(domain).or_default().push((path, namespace));
        }
    }
    for (domain, places) in &domains {
        let is_other = |(other, at): &(&&str, &Vec<(&FieldPath, &str)>)| {
            let is_rarer = (places.len(), *domain) < (at.len(), **other);
            let is_near = nearest(domain, [**other]).is_some();
            let shares = places
                .iter()
                .any(|(_, namespace)| at.iter().any(|(_, other)| other == namespace));
            *other != domain && is_rarer && (is_near || shares)
        };
        let Some((other, _)) = domains.iter().find(is_other) else {
            continue;
        };
        for (path, _) in places {
            let message =
                format!("the trust domain `{domain}`, where the document also has `{other}` for this");
            sink.warn(Code::TrustDomains, path, message);
        }
    }
}

/// The trust domain and the namespace of a principal.
fn domain<'a>(pattern: &Pattern<'a>) -> Option<(&'a str, &'a str)> {
    let (domain, rest) = pattern.body.strip_prefix("spiffe://")?.split_once("/ns/")?;
    let namespace = rest.split('/').next().unwrap_or_default();
    (!domain.contains('{')).then_some((domain, namespace))
}

/// Warns of an account that has almost the name of one of Airflow's.
fn accounts(named: &[(FieldPath, Pattern<'_>)], sink: &mut Sink<'_>) {
    for (path, pattern) in named {
        let account = account(pattern.body).trim_end_matches(['-', '_']);
        let is_whole = pattern.shape == Shape::Exact && !pattern.is_template();
        let Some(near) = nearest(account, ACCOUNTS).filter(|near| is_whole && is_misspelt(account, near))
        else {
            continue;
        };
        let message = format!(
            "`{account}` has almost the name of Airflow's `{near}`, and no request comes from it if it is misspelt"
        );
        sink.warn_with(
            Code::UnknownAccount,
            path,
            message,
            format!("`{near}`, if that is meant"),
        );
    }
}

/// Whether an account is another spelling of a known one. A longer name is one of its own: `airflow-worker-sales`,
/// `airflow-worker2`.
fn is_misspelt(account: &str, known: &str) -> bool {
    let letters = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    let is_longer = account.starts_with(known) || account.ends_with(known);
    let is_close = account.len().abs_diff(known.len()) <= 2 && nearest_by(account, known);
    account != known && !is_longer && (is_close || letters(account) == letters(known))
}

/// Whether at most two letters differ.
fn nearest_by(account: &str, known: &str) -> bool {
    let [one, other]: [Vec<char>; 2] = [account, known].map(|text| text.chars().collect());
    let ahead = one
        .iter()
        .zip(&other)
        .take_while(|(one, other)| one == other)
        .count();
    let behind = one
        .iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    one.len().max(other.len()).saturating_sub(ahead + behind) <= 2
}

fn account(body: &str) -> &str {
    body.rsplit('/').next().unwrap_or_default()
}
