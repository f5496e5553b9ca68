//! Warnings about a dash too many, which makes two rules or two entries of one.

use dagward::policy::{Field, FieldPath};

use super::super::code::Code;
use super::view::{Condition, Entry, Rule, View};
use super::{Sink, requests, routes};

/// Warns of rules and entries that were meant to be one, and returns the paths of these rules.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) -> Vec<FieldPath> {
    let mut split = Vec::new();
    for policy in &view.policies {
        for pair in policy.rules.windows(2) {
            let [first, second] = pair else { continue };
            if is_split(first, second, view) {
                sink.warn(Code::SplitRule, &second.path, split_rule(policy.denies));
                split.extend([first.path.clone(), second.path.clone()]);
            }
        }
        for rule in &policy.rules {
            from(rule, sink);
            to(rule, policy.denies, view, sink);
        }
    }
    split
}

/// Whether one rule has only `from` and the next only `to`. A rule for probes has no `from` on purpose.
fn is_split(first: &Rule<'_>, second: &Rule<'_>, view: &View<'_>) -> bool {
    let sides = |rule: &Rule<'_>| (rule.from.is_some(), rule.to.is_some());
    let is_probe = |to: &Vec<Entry<'_>>| to.iter().all(|entry| requests::is_harmless(entry, view));
    sides(first) == (true, false)
        && sides(second) == (false, true)
        && !second.to.as_ref().is_some_and(is_probe)
}

fn split_rule(denies: bool) -> &'static str {
    match denies {
        false => {
            "a rule of its own, without `from`: it gives this to every caller, also without a certificate, and the rule \
             before it gives its callers everything"
        }
        true => {
            "a rule of its own, without `from`: it refuses this to every caller, and the rule before it refuses its \
             callers everything"
        }
    }
}

/// Warns of an entry without an identity beside one with only an identity.
fn from(rule: &Rule<'_>, sink: &mut Sink<'_>) {
    let entries = rule.from.as_deref().unwrap_or_default();
    let is_of_task = |condition: &Condition<'_>| {
        matches!(
            condition.field,
            Field::ActingDags | Field::ActingTasks | Field::Proof
        )
    };
    let names_caller = |entry: &Entry<'_>| {
        entry.admitting().any(|condition| condition.field.is_identity())
            && !entry.conditions.iter().any(is_of_task)
    };
    if !entries.iter().any(names_caller) {
        return;
    }
    for entry in entries
        .iter()
        .filter(|entry| !entry.has_more && entry.conditions.iter().all(is_of_task))
    {
        let word = entry.conditions.first().map_or("", Condition::word);
        let message = format!(
            "an alternative of its own: `{word}` holds for any caller, and is no condition on the other entry"
        );
        sink.warn(Code::SplitEntry, &entry.path, message);
    }
}

/// Warns of entries of one condition each that a request can match together.
fn to(rule: &Rule<'_>, denies: bool, view: &View<'_>, sink: &mut Sink<'_>) {
    let entries = rule.to.as_deref().unwrap_or_default();
    for pair in entries.windows(2) {
        let [first, second] = pair else { continue };
        if pair.iter().all(|entry| requests::is_harmless(entry, view)) {
            continue;
        }
        let ([one], [other]) = (first.conditions.as_slice(), second.conditions.as_slice()) else {
            continue;
        };
        if is_split_entry(one, other) && routes::can_hold_together(&[one, other], denies) {
            let message = format!(
                "an alternative of its own: all requests with these `{}` match, and all with these `{}`",
                one.word(),
                other.word()
            );
            sink.warn(Code::SplitEntry, &second.path, message);
        }
    }
}

/// Whether one says how and the other what is asked for. Objects of several kinds are alternatives on purpose.
fn is_split_entry(one: &Condition<'_>, other: &Condition<'_>) -> bool {
    let says_how = |condition: &Condition<'_>| {
        matches!(condition.field, Field::Surfaces | Field::Methods | Field::Hosts)
    };
    one.field != other.field && (says_how(one) || says_how(other)) && !one.negated && !other.negated
}
