//! Warnings about who an ALLOW lets in.

use dagward::policy::{Field, FieldPath};

use super::super::code::Code;
use super::Sink;
use super::pattern::{Pattern, Shape};
use super::prefixes;
use super::requests;
use super::view::{Condition, Entry, Rule, View};

/// Warns of the callers of each ALLOW. Rules in `split` have a warning of their own.
pub(super) fn check(view: &View<'_>, split: &[FieldPath], sink: &mut Sink<'_>) {
    for rule in view.allows() {
        let is_harmless = rule
            .to
            .as_ref()
            .is_some_and(|to| to.iter().all(|entry| requests::is_harmless(entry, view)));
        let Some(from) = &rule.from else {
            if !is_harmless && !split.contains(&rule.path) {
                any_caller(rule, sink);
            }
            continue;
        };
        for entry in from {
            tasks(entry, sink);
            if is_harmless {
                continue;
            }
            if !is_proven(entry) && is_open(entry) {
                let message = "a caller without a certificate matches this entry: it names no identity that the caller must have";
                sink.warn(Code::WithoutCertificate, &entry.path, message);
            } else {
                namespaces(entry, sink);
            }
            accounts(entry, sink);
            claimed(entry, rule, sink);
        }
    }
    claims(view, sink);
}

fn any_caller(rule: &Rule<'_>, sink: &mut Sink<'_>) {
    let what = match rule.to {
        Some(_) => "what `to` says",
        None => "everything",
    };
    let message = format!("without `from` the rule gives {what} to every caller, also without a certificate");
    sink.warn(Code::AnyCaller, &rule.path, message);
}

/// Whether a caller needs no certificate and no token: the entry has only conditions on headers that the caller writes,
/// and on what it is not. In an ALLOW a condition on identity asks for a certificate, `not…` too. A condition that this
/// list does not name may prove more.
fn is_open(entry: &Entry<'_>) -> bool {
    let mut conditions = entry.conditions.iter();
    !entry.has_more
        && conditions.all(|condition| {
            is_of_headers(condition.field) || condition.negated && !condition.field.is_identity()
        })
}

/// Whether a condition looks at headers that the caller writes.
fn is_of_headers(field: Field) -> bool {
    matches!(field, Field::ActingDags | Field::ActingTasks | Field::Proof)
}

/// Whether a sidecar or Airflow must vouch for the caller's task.
fn is_proven(entry: &Entry<'_>) -> bool {
    let admits_claims = |condition: &Condition<'_>| {
        condition
            .patterns
            .iter()
            .any(|pattern| pattern.matches("claimed"))
    };
    let admits = entry
        .admits(Field::Proof)
        .is_some_and(|proof| !admits_claims(proof));
    let acts = entry
        .admits(Field::ActingDags)
        .or(entry.admits(Field::ActingTasks));
    admits || acts.is_some() && entry.excludes(Field::Proof).is_some_and(admits_claims)
}

/// Whether a token must stand beside the identity.
fn asks_for_token(entry: &Entry<'_>) -> bool {
    entry.admitting().any(|condition| condition.field.is_of_token())
}

fn namespaces(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    if is_proven(entry) || asks_for_token(entry) || entry.has_more {
        return;
    }
    let identities: Vec<&Condition<'_>> = entry
        .admitting()
        .filter(|condition| is_identity(condition.field))
        .collect();
    let is_of_others = |condition: &Condition<'_>| condition.negated && condition.field.is_identity();
    let narrows = |condition: &Condition<'_>| !condition.negated && !is_of_headers(condition.field);
    let excluded = entry.conditions.iter().find(|condition| is_of_others(condition));
    if let Some(condition) = excluded.filter(|_| !entry.conditions.iter().any(narrows)) {
        let message = format!("`{}` leaves every other workload of the mesh", condition.word());
        sink.warn(Code::AnyWorkload, &entry.path, message);
        return;
    }
    // Of several conditions each must hold, so one with a namespace is enough.
    let fixes = |condition: &Condition<'_>| {
        !condition
            .patterns
            .iter()
            .any(|pattern| leaves_open(condition.field, pattern))
    };
    if identities.iter().any(|condition| fixes(condition)) {
        return;
    }
    let open = identities.iter().find_map(|condition| {
        let number = condition
            .patterns
            .iter()
            .position(|pattern| leaves_open(condition.field, pattern))?;
        Some((condition.pattern_at(number), condition.patterns.get(number)?))
    });
    if let Some((path, pattern)) = open {
        let message = format!(
            "`{}` names no namespace: workloads of every team match it",
            pattern.text
        );
        sink.warn(Code::AnyWorkload, &path, message);
    }
}

fn is_identity(field: Field) -> bool {
    matches!(
        field,
        Field::Principals | Field::Namespaces | Field::ServiceAccounts
    )
}

/// Whether a pattern of identities leaves the namespace open.
pub(super) fn leaves_open(field: Field, pattern: &Pattern<'_>) -> bool {
    let is_whole = |text: &str, behind: &str| text.split_once(behind).is_some();
    match (pattern.shape, field) {
        (Shape::Any, _) => true,
        // `*/ns/airflow/sa/x` leaves the trust domain open and no more.
        (Shape::Suffix, Field::Principals) => !pattern.body.contains("/ns/"),
        (Shape::Suffix, _) => true,
        (Shape::Prefix, Field::Principals) => {
            let namespace = pattern.body.split_once("/ns/").map(|(_, namespace)| namespace);
            !namespace.is_some_and(|namespace| is_whole(namespace, "/"))
        }
        (Shape::Prefix, Field::ServiceAccounts) => !is_whole(pattern.body, "/") && !ends_apart(pattern.body),
        (Shape::Prefix, _) => !ends_apart(pattern.body),
        (Shape::Exact, _) => false,
    }
}

/// Whether a prefix ends with a separator, as `airflow-*` does.
fn ends_apart(body: &str) -> bool {
    !body.is_empty() && !body.ends_with(|last: char| last.is_ascii_alphanumeric())
}

fn accounts(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    for condition in entry.admitting() {
        let end = match condition.field {
            Field::Principals => "/sa/default",
            Field::ServiceAccounts => "/default",
            _ => continue,
        };
        for (number, pattern) in condition.patterns.iter().enumerate() {
            if pattern.shape == Shape::Exact && pattern.body.ends_with(end) {
                let message = format!(
                    "`{}` is the account of each pod of its namespace that has none of its own",
                    pattern.text
                );
                sink.warn(Code::DefaultAccount, &condition.pattern_at(number), message);
            }
        }
    }
}

/// Warns of a DAG or a task that the caller's own headers name. A variable that the identity binds is no more than the
/// identity gives, and neither is the prefix of the team whose account the entry names.
fn claimed(entry: &Entry<'_>, rule: &Rule<'_>, sink: &mut Sink<'_>) {
    if is_proven(entry) {
        return;
    }
    let accounts = prefixes::accounts(entry);
    let is_bound = |pattern: &Pattern<'_>| {
        pattern.is_template()
            || pattern.shape == Shape::Prefix && prefixes::is_named_after(pattern, &accounts)
    };
    let acting = [Field::ActingDags, Field::ActingTasks];
    let mut conditions = acting.iter().filter_map(|field| entry.admits(*field));
    let Some(condition) =
        conditions.find(|condition| condition.patterns.iter().any(|pattern| !is_bound(pattern)))
    else {
        return;
    };
    let is_written = entry.admits(Field::Proof).is_some();
    if is_written && rule.to.iter().flatten().all(requests::only_reads) {
        return;
    }
    let message = format!(
        "the caller writes its `{}` into a header itself: without `proof` any task that the identity covers can name this one",
        condition.word()
    );
    sink.warn(Code::ClaimedTask, &condition.path, message);
}

/// Warns of names that are unique only within their DAG.
fn tasks(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    if entry.admits(Field::ActingDags).is_some() {
        return;
    }
    if let Some(condition) = entry
        .admits(Field::ActingTasks)
        .filter(|condition| !condition.has_any())
    {
        let message = "every DAG can have a task of this name, and the entry names no DAG";
        sink.warn(Code::TaskWithoutDag, &condition.path, message);
    }
}

fn claims(view: &View<'_>, sink: &mut Sink<'_>) {
    let issuers = view.issuers();
    if issuers < 2 {
        return;
    }
    for entry in view.allows().flat_map(|rule| rule.from.iter().flatten()) {
        let claim = entry
            .admitting()
            .find(|condition| condition.field == Field::Claims);
        if let Some(claim) = claim.filter(|_| entry.admits(Field::RequestPrincipals).is_none()) {
            let message = format!("a token of each of the {issuers} issuers of `tokens` can have this claim");
            sink.warn(Code::AnyIssuer, &claim.path, message);
        }
    }
}
