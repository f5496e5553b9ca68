//! The resource's namespace and the namespaces that its document names. The field `namespace:` of a kustomization
//! changes the first and not the others.

use dagward::policy::FieldPath;

use super::super::code::Code;
use super::plugin::ROOT;
use super::{Report, list};
use crate::source::carrier::Carried;
use crate::source::node::Node;

/// Warns of identities that name another namespace than the plugin's.
pub(super) fn check(report: &mut Report<'_>, carried: &Carried<'_>) {
    let namespace = report.field(&["metadata", "namespace"]).1.and_then(Node::text);
    // A plugin in the root namespace is for those of others.
    let Some(own) = namespace.filter(|own| *own != ROOT) else {
        return;
    };
    let document = carried.node;
    let api_servers = "the filter learns no task's DAG from the api-servers of the plugin's namespace";
    let stampers = "the filter does not trust the task headers of sidecars in the plugin's namespace";
    for (field, effect) in [("apiServers", api_servers), ("stampers", stampers)] {
        let path = carried.path.key(field);
        let identities = identities(document, field, &path, principal);
        warn_if_foreign(report, own, &identities, effect);
    }
    policies(report, own, carried);
}

fn policies(report: &mut Report<'_>, own: &str, carried: &Carried<'_>) {
    let at = carried.path.key("policies");
    let policies: Vec<Policy<'_>> = list(carried.node, "policies")
        .iter()
        .enumerate()
        .map(|(number, policy)| Policy::read(policy, &at.index(number)))
        .collect();
    let allowed = || {
        let allows = policies.iter().filter(|policy| !policy.denies);
        allows.flat_map(|policy| &policy.callers)
    };
    // A document that allows callers of the plugin's own namespace names the others on purpose.
    let knows_own = allowed().any(|caller| caller.may_be_in(own));
    let is_left = |caller: &Identity<'_>| {
        let lives = allowed().any(|other| other.namespace == caller.namespace);
        caller.is_component() && !lives
    };
    for policy in &policies {
        let effect = match policy.denies {
            true => "the DENY does not refuse the callers of the plugin's namespace",
            false => "the ALLOW does not allow the callers of the plugin's namespace",
        };
        let exception = "the exception does not cover the callers of the plugin's namespace";
        for (identities, effect) in [(&policy.callers, effect), (&policy.exceptions, exception)] {
            if !knows_own || policy.denies && identities.iter().all(is_left) {
                warn_if_foreign(report, own, identities, effect);
            }
        }
        // Gateways run in namespaces of their own, without components of Airflow.
        let is_of_component = |namespace: &Identity<'_>| {
            allowed().any(|other| other.namespace == namespace.namespace && other.is_component())
        };
        if !knows_own && policy.namespaces.iter().all(is_of_component) {
            warn_if_foreign(report, own, &policy.namespaces, effect);
        }
    }
}

/// Warns of a list of identities, at its first element, if none of them can be in the plugin's namespace.
fn warn_if_foreign(report: &mut Report<'_>, own: &str, identities: &[Identity<'_>], effect: &str) {
    if identities.iter().any(|identity| identity.may_be_in(own)) {
        return;
    }
    let Some(first) = identities.first() else { return };
    let Some(other) = first.namespace else { return };
    let message = format!("names the namespace `{other}`, but the plugin works in `{own}`: {effect}");
    let mend = format!("identities of `{own}`; kustomize's `namespace:` does not change them");
    report.warn(Code::ForeignNamespace, first.path.clone(), message, &mend);
}

struct Policy<'a> {
    denies: bool,
    callers: Vec<Identity<'a>>,
    exceptions: Vec<Identity<'a>>,
    namespaces: Vec<Identity<'a>>,
}

impl<'a> Policy<'a> {
    fn read(policy: &'a Node, path: &FieldPath) -> Self {
        let mut read = Self {
            denies: policy.field("action").and_then(Node::text) == Some("DENY"),
            callers: Vec::new(),
            exceptions: Vec::new(),
            namespaces: Vec::new(),
        };
        for (rule_number, rule) in list(policy, "rules").iter().enumerate() {
            let at = path.key("rules").index(rule_number).key("from");
            for (number, from) in list(rule, "from").iter().enumerate() {
                let at = at.index(number);
                let all = |field, read| identities(from, field, &at.key(field), read);
                read.callers.extend(all("principals", principal));
                read.callers.extend(all("serviceAccounts", account));
                read.exceptions.extend(all("notPrincipals", principal));
                read.exceptions.extend(all("notServiceAccounts", account));
                read.namespaces.extend(all("namespaces", |text| Some((text, ""))));
            }
        }
        read
    }
}

/// A caller that a document names.
struct Identity<'a> {
    path: FieldPath,
    /// Its namespace, if it is written without a wildcard.
    namespace: Option<&'a str>,
    account: &'a str,
}

impl Identity<'_> {
    fn may_be_in(&self, namespace: &str) -> bool {
        self.namespace.is_none_or(|own| own == namespace)
    }

    /// Whether Airflow's Helm chart makes this service account.
    fn is_component(&self) -> bool {
        [
            "-scheduler",
            "-triggerer",
            "-dag-processor",
            "-api-server",
            "-webserver",
            "-worker",
        ]
        .iter()
        .any(|component| self.account.contains(component))
    }
}

fn identities<'a>(
    node: &'a Node,
    field: &str,
    path: &FieldPath,
    read: fn(&'a str) -> Option<(&'a str, &'a str)>,
) -> Vec<Identity<'a>> {
    let texts = list(node, field).iter().enumerate();
    let identity = |(number, node): (usize, &'a Node)| {
        let (namespace, account) = read(node.text()?).unwrap_or(("*", ""));
        Some(Identity {
            path: path.index(number),
            namespace: Some(namespace).filter(|namespace| !namespace.contains(['*', '{'])),
            account,
        })
    };
    texts.filter_map(identity).collect()
}

/// The namespace and the account of `spiffe://cluster.local/ns/airflow/sa/airflow-worker`.
fn principal(text: &str) -> Option<(&str, &str)> {
    let (_, path) = text.strip_prefix("spiffe://")?.split_once("/ns/")?;
    path.split_once("/sa/")
}

/// The namespace and the account of `airflow/airflow-worker`.
fn account(text: &str) -> Option<(&str, &str)> {
    text.split_once('/')
}
