//! Warnings about proofs that the proxy believes from none of the callers.

use dagward::policy::Field;

use super::super::code::Code;
use super::Sink;
use super::pattern::{Pattern, Shape};
use super::view::{Condition, Entry, View, elements};
use crate::source::node::Node;

/// Warns of each entry whose callers are no stampers.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) {
    let stampers: Option<Vec<Pattern<'_>>> = view.node.field("stampers").map(|_| {
        let texts = elements(view.node, "stampers").iter().filter_map(Node::text);
        texts.map(Pattern::of).collect()
    });
    for entry in view.allows().flat_map(|rule| rule.from.iter().flatten()) {
        let Some(proof) = entry
            .admits(Field::Proof)
            .filter(|proof| needs_stamp(proof, view))
        else {
            continue;
        };
        let callers = callers(entry);
        let believes = |(namespace, account): &(&str, &str)| match &stampers {
            Some(stampers) => stampers.iter().any(|stamper| covers(stamper, namespace, account)),
            None => view.namespace.is_none_or(|own| own == *namespace),
        };
        if callers.is_empty() || callers.iter().any(believes) {
            continue;
        }
        let message = match &stampers {
            Some(_) => {
                "none of these callers is in `stampers`, so the proof of their task headers is `claimed`"
            }
            None => {
                "without `stampers` the proxy believes task headers of its own namespace alone, and these callers are in \
                 another"
            }
        };
        sink.warn(Code::UnheardProof, &proof.path, message);
    }
}

/// Whether only a sidecar's stamp gives the proof. An api-server's proxy also has Airflow's own answers.
fn needs_stamp(proof: &Condition<'_>, view: &View<'_>) -> bool {
    let admits = |word: &str| proof.patterns.iter().any(|pattern| pattern.matches(word));
    let is_known_here = admits("airflow") && view.has_airflow;
    !admits("claimed") && !is_known_here
}

/// The namespaces and accounts of an entry; empty if it does not name all of them as whole words.
fn callers<'a>(entry: &Entry<'a>) -> Vec<(&'a str, &'a str)> {
    let accounts = entry
        .admits(Field::ServiceAccounts)
        .or(entry.admits(Field::Principals));
    let Some(condition) = accounts.filter(|_| !entry.has_more) else {
        return Vec::new();
    };
    let read = |pattern: &Pattern<'a>| {
        let body = pattern
            .body
            .split_once("/ns/")
            .map_or(pattern.body, |(_, path)| path);
        let (namespace, account) = body.split_once('/')?;
        let is_whole = pattern.shape == Shape::Exact && !pattern.is_template();
        is_whole.then_some((namespace, account.strip_prefix("sa/").unwrap_or(account)))
    };
    let callers: Option<Vec<_>> = condition.patterns.iter().map(read).collect();
    callers.unwrap_or_default()
}

/// Whether a pattern of stampers matches an account in some trust domain.
fn covers(stamper: &Pattern<'_>, namespace: &str, account: &str) -> bool {
    let domain = stamper
        .body
        .split_once("/ns/")
        .map_or("spiffe://any", |(domain, _)| domain);
    stamper.matches(&format!("{domain}/ns/{namespace}/sa/{account}")) || !stamper.body.contains("/ns/")
}
