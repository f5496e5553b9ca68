//! Warnings about a document as a whole.

use dagward::policy::Mode;

use super::super::code::Code;
use super::Sink;
use super::requests::is_trivial;
use super::view::{Entry, Policy, Rule, View, elements};
use crate::source::node::{Kind, Node};
use serde_json::Value;

/// The words with which the names of policies of each action begin.
const ALLOWING: [&str; 4] = ["allow", "permit", "grant", "let"];
const DENYING: [&str; 8] = [
    "deny", "block", "forbid", "refuse", "reject", "no", "never", "disallow",
];

/// Warns of the document.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) {
    mode(view, sink);
    policies(view, sink);
    for policy in &view.policies {
        name(policy, sink);
        policy_mode(policy, view, sink);
    }
    denies(view, sink);
    issuers(view, sink);
    keys(view, sink);
}

fn mode(view: &View<'_>, sink: &mut Sink<'_>) {
    if view.node.field("mode").is_none() {
        let message =
            "without `mode` the document enforces, and refuses each request that its policies do not allow";
        sink.warn(Code::NoMode, &view.path.key("mode"), message);
    }
}

fn policies(view: &View<'_>, sink: &mut Sink<'_>) {
    let does = match view.mode {
        Mode::Observe => return,
        Mode::Shadow => "counts every request as one that it would refuse",
        Mode::Enforce => "refuses every request",
    };
    let path = view.path.key("policies");
    if view.policies.is_empty() {
        sink.warn(
            Code::NoPolicies,
            &path,
            format!("a document without policies {does}"),
        );
        return;
    }
    let counts = |policy: &Policy<'_>| !policy.shadow || view.mode == Mode::Shadow;
    let is_in_force = |policy: &Policy<'_>| !policy.denies && counts(policy);
    // A DENY of everything has a warning of its own.
    let is_all = |policy: &Policy<'_>| policy.denies && policy.rules.iter().any(refuses_all);
    if !view
        .policies
        .iter()
        .any(|policy| is_in_force(policy) || is_all(policy))
    {
        let message = format!(
            "no ALLOW is in force, and what no ALLOW allows is refused, unlike in Istio: the document {does}"
        );
        sink.warn(Code::NothingAllowed, &path, message);
    }
}

fn name(policy: &Policy<'_>, sink: &mut Sink<'_>) {
    let first = policy
        .name
        .split(['-', '_', '.'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let (words, action) = match policy.denies {
        true => (&ALLOWING[..], "DENY"),
        false => (&DENYING[..], "ALLOW"),
    };
    if words.contains(&&*first) {
        let message = format!("the policy `{}` is an {action}", policy.name).replace("an DENY", "a DENY");
        sink.warn(Code::NameAgainstAction, &policy.path.key("action"), message);
    }
}

fn policy_mode(policy: &Policy<'_>, view: &View<'_>, sink: &mut Sink<'_>) {
    let path = policy.path.key("mode");
    let is_written = view.node_at(&path).and_then(Node::text) == Some("enforce");
    if is_written && view.mode != Mode::Enforce {
        let message = format!(
            "the document's mode is `{}`, so this policy is not enforced either",
            view.mode
        );
        sink.warn(Code::ModeWithoutEffect, &path, message);
    }
}

fn denies(view: &View<'_>, sink: &mut Sink<'_>) {
    // Where every ALLOW asks for a token, a caller gains nothing by leaving it away.
    let has_token = |rule: &Rule<'_>| {
        let mut entries = rule.from.iter().flatten();
        rule.from.is_some()
            && entries.all(|entry| entry.admitting().any(|condition| condition.field.is_of_token()))
    };
    let is_avoidable = !view.allows().all(has_token) && !requires_token(view);
    let rules = view
        .policies
        .iter()
        .filter(|policy| policy.denies)
        .flat_map(|policy| &policy.rules);
    for rule in rules {
        if refuses_all(rule) {
            let message = "the rule refuses every request, and a DENY wins over every ALLOW";
            sink.warn(Code::RefusesAll, &rule.path, message);
        }
        for entry in rule.from.iter().flatten().filter(|_| is_avoidable) {
            let token = entry.admitting().find(|condition| condition.field.is_of_token());
            if let Some(condition) = token {
                let message = "a request without a token does not match, and an ALLOW lets it pass";
                sink.warn(Code::AvoidableDeny, &condition.path, message);
            }
        }
    }
}

/// Whether the rule of a DENY matches every request.
pub(super) fn refuses_all(rule: &Rule<'_>) -> bool {
    let all_requests = rule.to.as_ref().is_none_or(|to| to.iter().any(is_trivial));
    let is_any = |entry: &Entry<'_>| {
        let mut conditions = entry.conditions.iter();
        !entry.has_more
            && conditions
                .all(|condition| !condition.negated && condition.field.is_identity() && condition.has_any())
    };
    all_requests && rule.from.as_ref().is_none_or(|from| from.iter().any(is_any))
}

fn requires_token(view: &View<'_>) -> bool {
    elements(view.node, "tokens").iter().any(is_required)
}

fn is_required(issuer: &Node) -> bool {
    let required = issuer.field("required").map(|node| &node.kind);
    matches!(required, Some(Kind::Scalar(Value::Bool(true))))
}

fn issuers(view: &View<'_>, sink: &mut Sink<'_>) {
    let rules = view.policies.iter().flat_map(|policy| &policy.rules);
    let mut conditions = rules.flat_map(|rule| rule.entries().flat_map(|entry| &entry.conditions));
    if requires_token(view) || conditions.any(|condition| condition.field.is_of_token()) {
        return;
    }
    if view.issuers() > 0 {
        let message = "no rule asks for a token, and none is required: a bad token is refused, and a good one changes nothing";
        sink.warn(Code::UnusedIssuer, &view.path.key("tokens"), message);
    }
}

/// Warns of keys that are fetched without TLS. Istio encrypts requests within the mesh, and the loopback is the pod's own.
fn keys(view: &View<'_>, sink: &mut Sink<'_>) {
    for (number, issuer) in elements(view.node, "tokens").iter().enumerate() {
        let uri = issuer.field("jwksUri").and_then(Node::text).unwrap_or_default();
        let Some(rest) = uri.strip_prefix("http://") else {
            continue;
        };
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        let is_near =
            !host.contains('.') || host.starts_with("127.") || host.split('.').any(|label| label == "svc");
        if !is_near {
            let path = view.path.key("tokens").index(number).key("jwksUri");
            let message =
                "the keys come without TLS: a server between can answer with its own, and sign tokens";
            sink.warn(Code::PlainKeys, &path, message);
        }
    }
}
