//! Warnings about rules that another rule covers: one of the same action makes a rule superfluous, and a DENY refuses
//! all of an ALLOW.

use dagward::policy::Field;

use super::super::code::Code;
use super::Sink;
use super::document::refuses_all;
use super::pattern::{Pattern, Shape};
use super::view::{Condition, Entry, Policy, Rule, View};

/// Warns of rules that another covers.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) {
    let rules: Vec<(&Policy<'_>, &Rule<'_>)> = view
        .policies
        .iter()
        .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)))
        .collect();
    for (number, inner) in rules.iter().enumerate() {
        if let Some((code, outer)) = covering(&rules, number, inner) {
            let message = match code {
                Code::RefusedRule => format!("{} refuses everything that this rule allows", place(outer)),
                _ if inner.0.denies => format!("{} refuses everything that this rule refuses", place(outer)),
                _ => format!("{} allows everything that this rule allows", place(outer)),
            };
            sink.warn(code, &inner.1.path, message);
        }
    }
}

fn place((policy, rule): &(&Policy<'_>, &Rule<'_>)) -> String {
    let number = policy.rules.iter().position(|other| std::ptr::eq(other, *rule));
    match (policy.rules.len(), number) {
        (1, _) | (_, None) => format!("policy `{}`", policy.name),
        (_, Some(number)) => format!("rule {number} of policy `{}`", policy.name),
    }
}

/// The rule that covers the one with this number. Of two equal rules the first stays.
fn covering<'r, 'a>(
    rules: &'r [(&'r Policy<'a>, &'r Rule<'a>)],
    number: usize,
    inner: &(&Policy<'_>, &Rule<'_>),
) -> Option<(Code, &'r (&'r Policy<'a>, &'r Rule<'a>))> {
    let relation = |outer: &(&Policy<'_>, &Rule<'_>)| {
        let is_in_force = !outer.0.shadow || inner.0.shadow;
        match (outer.0.denies, inner.0.denies) {
            _ if !is_in_force => None,
            (true, false) => Some(Code::RefusedRule).filter(|_| !refuses_all(outer.1)),
            (one, other) if one == other => Some(Code::SuperfluousRule),
            _ => None,
        }
    };
    rules.iter().enumerate().find_map(|(position, outer)| {
        if position == number {
            return None;
        }
        let code = relation(outer)?;
        let is_covered = covers(outer.1, inner.1, code);
        let stays = code == Code::SuperfluousRule && number < position && covers(inner.1, outer.1, code);
        (is_covered && !stays).then_some((code, outer))
    })
}

/// Whether each pair of entries of `inner` has one of `outer` that matches all of its requests.
fn covers(outer: &Rule<'_>, inner: &Rule<'_>, code: Code) -> bool {
    let outer: Vec<_> = pairs(outer).collect();
    pairs(inner).all(|inner| {
        outer.iter().any(|outer| {
            side_covers(outer.0, inner.0, outer.0, inner.0)
                && side_covers(outer.1, inner.1, outer.0, inner.0)
                && (code == Code::RefusedRule || covers_unknown_routes(outer.1, inner.1))
        })
    })
}

type Side<'e, 'a> = Option<&'e Entry<'a>>;

fn pairs<'e, 'a>(rule: &'e Rule<'a>) -> impl Iterator<Item = (Side<'e, 'a>, Side<'e, 'a>)> {
    let alternatives = |side: &'e Option<Vec<Entry<'a>>>| -> Vec<Side<'e, 'a>> {
        match side {
            Some(entries) => entries.iter().map(Some).collect(),
            None => vec![None],
        }
    };
    let to = alternatives(&rule.to);
    alternatives(&rule.from)
        .into_iter()
        .flat_map(move |from| to.clone().into_iter().map(move |to| (from, to)))
}

/// Whether all conditions of `outer` follow from those of `inner`. The two `from` say whether variables are bound alike.
fn side_covers(
    outer: Side<'_, '_>,
    inner: Side<'_, '_>,
    outer_from: Side<'_, '_>,
    inner_from: Side<'_, '_>,
) -> bool {
    let Some(outer) = outer else { return true };
    let Some(inner) = inner else { return false };
    let is_bound_alike = || bound(outer_from) == bound(inner_from);
    !outer.has_more
        && outer.conditions.iter().all(|condition| {
            inner.conditions.iter().any(|other| {
                let is_same = (condition.field, condition.negated, condition.claim)
                    == (other.field, other.negated, other.claim);
                is_same && follows(condition, other, &is_bound_alike)
            })
        })
}

/// The conditions that bind variables, with their patterns.
fn bound<'a>(from: Side<'_, 'a>) -> Vec<(Field, Vec<&'a str>)> {
    let conditions = from.iter().flat_map(|entry| entry.admitting());
    let binding = conditions.filter(|condition| condition.patterns.iter().any(Pattern::is_template));
    binding
        .map(|condition| {
            (
                condition.field,
                condition.patterns.iter().map(|pattern| pattern.text).collect(),
            )
        })
        .collect()
}

/// Whether `outer` holds wherever `inner` does.
fn follows(outer: &Condition<'_>, inner: &Condition<'_>, is_bound_alike: &dyn Fn() -> bool) -> bool {
    let (wide, narrow) = match outer.negated {
        false => (outer, inner),
        true => (inner, outer),
    };
    narrow.patterns.iter().all(|narrow| {
        wide.patterns.iter().any(|wide| {
            let is_same = wide.text == narrow.text && (!wide.is_template() || is_bound_alike());
            is_same || pattern_covers(outer.field, wide, narrow)
        })
    })
}

/// Whether a pattern of a field matches everything that another does. `auth:*` is for known actions alone.
pub(super) fn pattern_covers(field: Field, wide: &Pattern<'_>, narrow: &Pattern<'_>) -> bool {
    let is_unknown =
        |pattern: &Pattern<'_>| pattern.shape != Shape::Prefix && pattern.body.ends_with(":unclassified");
    let is_apart =
        field == Field::Actions && is_unknown(narrow) && !is_unknown(wide) && wide.shape != Shape::Any;
    wide.covers(narrow) && !is_apart
}

/// Whether an ALLOW also covers unknown routes, if the other allows some: it must name them by surface, path or action.
fn covers_unknown_routes(outer: Side<'_, '_>, inner: Side<'_, '_>) -> bool {
    let names = |entry: Side<'_, '_>| {
        entry.is_some_and(|entry| {
            let mut conditions = entry.admitting();
            conditions.any(|condition| {
                matches!(condition.field, Field::Surfaces | Field::Paths | Field::Actions)
                    && !condition.has_any()
            })
        })
    };
    names(outer) || !names(inner)
}
