//! Warnings about entries of `to` that no request can match, by the filter's own table of routes.

use dagward::policy::Field;

use super::super::code::Code;
use super::Sink;
use super::pattern::{Pattern, Shape};
use super::routes;
use super::view::{Condition, Entry, View};

const METHODS: [&str; 9] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

/// Warns of what cannot match.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) {
    for policy in &view.policies {
        for entry in policy.rules.iter().flat_map(|rule| rule.from.iter().flatten()) {
            identity(entry, sink);
        }
        for entry in policy.rules.iter().flat_map(|rule| rule.to.iter().flatten()) {
            methods(entry, sink);
            if view.has_airflow {
                combination(entry, policy.denies, sink);
            }
        }
    }
}

fn combination(entry: &Entry<'_>, denies: bool, sink: &mut Sink<'_>) {
    let conditions: Vec<&Condition<'_>> = entry.conditions.iter().collect();
    let effect = match denies {
        true => "refuses only what dagward does not know",
        false => "allows nothing",
    };
    if !routes::can_hold_together(&conditions, denies) {
        let words: Vec<String> = conditions
            .iter()
            .map(|condition| format!("`{}`", condition.word()))
            .collect();
        let message = format!(
            "no route has these {} together, so the entry {effect}",
            words.join(", ")
        );
        sink.warn(Code::NeverHolds, &entry.path, message);
        return;
    }
    let listed = [Field::Actions, Field::Paths, Field::Surfaces];
    for condition in listed.iter().filter_map(|field| entry.admits(*field)) {
        if condition.patterns.len() < 2 {
            continue;
        }
        for (number, pattern) in condition.patterns.iter().enumerate() {
            let narrowed = Condition {
                path: condition.path.clone(),
                patterns: vec![*pattern],
                ..*condition
            };
            if !routes::can_hold_with(entry, &narrowed, denies) {
                let message = format!(
                    "no route has `{}` together with the other conditions of the entry",
                    pattern.text
                );
                sink.warn(Code::NeverHolds, &condition.pattern_at(number), message);
            }
        }
    }
}

/// Warns of conditions on the caller's certificate that no certificate meets together.
fn identity(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    let fields = [Field::Principals, Field::ServiceAccounts, Field::Namespaces];
    let conditions: Vec<_> = fields.iter().filter_map(|field| entry.admits(*field)).collect();
    for (number, one) in conditions.iter().enumerate() {
        let others = conditions.iter().skip(number + 1);
        let apart = others.filter(|other| {
            let mut pairs = one
                .patterns
                .iter()
                .flat_map(|a| other.patterns.iter().map(move |b| (a, b)));
            !pairs.any(|(a, b)| may_be_one(a, b))
        });
        for other in apart {
            let message = format!("no caller matches both `{}` and `{}`", one.word(), other.word());
            sink.warn(Code::NeverHolds, &entry.path, message);
        }
    }
}

/// Whether one certificate can match both patterns: one names the whole of which the other names a part.
fn may_be_one(whole: &Pattern<'_>, part: &Pattern<'_>) -> bool {
    let is_open = |pattern: &Pattern<'_>| pattern.shape != Shape::Exact || pattern.is_template();
    if is_open(whole) || is_open(part) {
        return true;
    }
    let path = whole.body.split_once("/ns/").map_or(whole.body, |(_, path)| path);
    let account = path.replacen("/sa/", "/", 1);
    let namespace = account.split('/').next().unwrap_or_default();
    part.body == account || part.body == namespace
}

fn methods(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    for condition in entry
        .conditions
        .iter()
        .filter(|condition| condition.field == Field::Methods)
    {
        for (number, pattern) in condition.patterns.iter().enumerate() {
            let is_method = pattern.is_template() || METHODS.iter().any(|method| pattern.matches(method));
            if !is_method && pattern.shape != Shape::Any {
                let message = format!("`{}` is not an HTTP method, so no request has it", pattern.text);
                sink.warn(Code::UnknownMethod, &condition.pattern_at(number), message);
            }
        }
    }
}
