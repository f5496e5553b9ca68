//! Warnings about what an ALLOW gives.

use dagward::operation::{Action, Surface};
use dagward::policy::{Field, FieldPath};

use super::super::code::Code;
use super::Sink;
use super::pattern::Shape;
use super::view::{Condition, Entry, Rule, View};

/// The actions that tell nothing but whether Airflow works.
const HARMLESS: [Action; 2] = [Action::HealthRead, Action::MetricsRead];

/// Whether an entry allows only questions after health and metrics.
pub(super) fn is_harmless(entry: &Entry<'_>, view: &View<'_>) -> bool {
    let all = |field, is_good: &dyn Fn(&str) -> bool| {
        let condition = entry.admits(field);
        condition.is_some_and(|condition| {
            let mut patterns = condition.patterns.iter();
            patterns.all(|pattern| pattern.shape == Shape::Exact && is_good(pattern.body))
        })
    };
    let is_probe = |path: &str| {
        let last = path.rsplit('/').next().unwrap_or_default();
        ["health", "live", "ready", "ping", "metrics", "version"]
            .iter()
            .any(|word| last.contains(word))
    };
    all(Field::Surfaces, &|word| word == Surface::Health.as_str())
        || all(Field::Actions, &|word| {
            HARMLESS.iter().any(|action| action.as_str() == word)
        })
        || !view.has_airflow && all(Field::Paths, &is_probe)
}

/// Whether an entry allows only reads, and of no secrets.
pub(super) fn only_reads(entry: &Entry<'_>) -> bool {
    let Some(actions) = entry.admits(Field::Actions) else {
        return false;
    };
    let mut allowed = Action::ALL.iter().filter(|action| {
        actions
            .patterns
            .iter()
            .any(|pattern| pattern.matches(action.as_str()))
    });
    allowed.all(|action| action.verb() == "read" && !holds_secrets(*action))
}

fn holds_secrets(action: Action) -> bool {
    matches!(action, Action::ConnectionRead | Action::VariableRead)
}

/// Whether every request matches the entry.
pub(super) fn is_trivial(entry: &Entry<'_>) -> bool {
    let is_known = |field| {
        matches!(
            field,
            Field::Surfaces | Field::Methods | Field::Hosts | Field::Paths
        )
    };
    let mut conditions = entry.conditions.iter();
    !entry.has_more
        && conditions.all(|condition| !condition.negated && is_known(condition.field) && condition.has_any())
}

/// Warns of what each ALLOW gives. Rules in `split` have a warning of their own.
pub(super) fn check(view: &View<'_>, split: &[FieldPath], sink: &mut Sink<'_>) {
    for rule in view.allows() {
        let is_split = split.contains(&rule.path);
        any_request(rule, is_split || !view.has_airflow, sink);
        for entry in rule.to.iter().flatten().filter(|entry| !is_trivial(entry)) {
            actions(entry, sink);
            all_but(entry, sink);
            trigger(entry, sink);
            host(entry, sink);
            names(entry, sink);
        }
    }
}

/// Warns of a rule that gives everything. One without `from` has a warning of its own, and a service that is not
/// Airflow may be open to its callers.
fn any_request(rule: &Rule<'_>, is_quiet: bool, sink: &mut Sink<'_>) {
    match &rule.to {
        None if rule.from.is_some() && !is_quiet => {
            let message = "without `to` the rule gives everything: the REST API, the Execution API with its connections \
                           and variables, the logs, and every service that is not Airflow";
            sink.warn(Code::AnyRequest, &rule.path, message);
        }
        Some(to) => {
            for entry in to.iter().filter(|entry| is_trivial(entry)) {
                sink.warn(
                    Code::AnyRequest,
                    &entry.path,
                    "every request matches this entry, so the rule gives everything",
                );
            }
        }
        None => {}
    }
}

fn actions(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    let Some(condition) = entry.admits(Field::Actions) else {
        return;
    };
    let surfaces = entry.admits(Field::Surfaces);
    let reaches = |surface: Surface| {
        surfaces.is_none_or(|surfaces| {
            surfaces
                .patterns
                .iter()
                .any(|pattern| pattern.matches(surface.as_str()))
        })
    };
    let names_objects = entry
        .admitting()
        .any(|other| matches!(other.field, Field::Connections | Field::Variables));
    for (number, pattern) in condition.patterns.iter().enumerate() {
        let message = match (pattern.shape, pattern.body) {
            (Shape::Any, _) => {
                "`*` is every action, those of unknown routes and of later releases included".to_owned()
            }
            // The REST API shows no password of a connection.
            (Shape::Suffix, ":read" | "read") if reaches(Surface::Execution) && !names_objects => format!(
                "`{}` also reads every connection with its password and every variable",
                pattern.text
            ),
            (Shape::Suffix, ":create" | ":update" | ":delete" | ":run") => format!(
                "`{}` is this verb on everything, users, roles, connections and what the triggerer runs included",
                pattern.text
            ),
            _ => continue,
        };
        sink.warn(Code::AnyAction, &condition.pattern_at(number), message);
    }
}

fn all_but(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    let all_excluded = !entry.has_more && entry.conditions.iter().all(|condition| condition.negated);
    if all_excluded && let Some(first) = entry.conditions.first() {
        let message = format!(
            "`{}` alone matches everything else, also requests about no such object: the REST API, connections, logs",
            first.word()
        );
        sink.warn(Code::AllBut, &entry.path, message);
    }
}

fn trigger(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    let Some(actions) = entry.admits(Field::Actions) else {
        return;
    };
    let create = Action::TriggerCreate.as_str();
    let is_named = |shape| shape == Shape::Exact || shape == Shape::Prefix;
    let number = actions
        .patterns
        .iter()
        .position(|pattern| is_named(pattern.shape) && pattern.matches(create));
    let classes = entry.admits(Field::Triggers);
    if let Some(number) = number.filter(|_| classes.is_none_or(Condition::has_any)) {
        let message = "a task that defers says which class the triggerer imports and calls, and this rule takes any: \
                       the triggerer has Airflow's database";
        sink.warn(Code::AnyTrigger, &actions.pattern_at(number), message);
    }
}

fn host(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    let mut admitting = entry.admitting();
    if let (Some(only), None) = (admitting.next(), admitting.next())
        && only.field == Field::Hosts
        && !entry.has_more
    {
        let message = "a caller writes any host into its request: this says nothing about what it asks for";
        sink.warn(Code::HostAlone, &only.path, message);
    }
}

/// Warns of names that are unique only within their DAG.
fn names(entry: &Entry<'_>, sink: &mut Sink<'_>) {
    if entry.admits(Field::Dags).is_some() {
        return;
    }
    let mut fields = [Field::Tasks, Field::XcomKeys]
        .into_iter()
        .filter_map(|field| entry.admits(field));
    if let Some(condition) = fields.find(|condition| !condition.has_any()) {
        let message = "every DAG can have this name, and the entry names no DAG";
        sink.warn(Code::TaskWithoutDag, &condition.path, message);
    }
}
