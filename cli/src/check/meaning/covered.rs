//! Warnings about rules that another rule covers: one of the same action makes a rule superfluous, and a DENY refuses
//! all of an ALLOW.

use std::collections::HashMap;

use dagward::policy::Field;

use super::super::code::Code;
use super::Sink;
use super::document::refuses_all;
use super::pattern::{Pattern, Shape};
use super::view::{Condition, Entry, Policy, Rule, View};

/// Warns of rules that another covers.
pub(super) fn check(view: &View<'_>, sink: &mut Sink<'_>) {
    let rules: Vec<Compared<'_, '_>> = view
        .policies
        .iter()
        .flat_map(|policy| policy.rules.iter().map(move |rule| Compared::of(policy, rule)))
        .collect();
    let candidates = Candidates::of(&rules);
    for (number, inner) in rules.iter().enumerate() {
        let possible = candidates.for_rule(inner);
        let covering = possible.into_iter().find_map(|position| {
            let outer = rules.get(position).filter(|_| position != number)?;
            let code = relation(outer, inner)?;
            // Of two equal rules the first stays.
            let stays = || code == Code::SuperfluousRule && number < position && covers(inner, outer, code);
            (covers(outer, inner, code) && !stays()).then_some((code, outer))
        });
        if let Some((code, outer)) = covering {
            let does = match inner.policy.denies {
                true => "refuses everything that this rule refuses",
                false if code == Code::RefusedRule => "refuses everything that this rule allows",
                false => "allows everything that this rule allows",
            };
            sink.warn(code, &inner.rule.path, format!("{} {does}", outer.place()));
        }
    }
}

/// A rule with its pairs of entries.
struct Compared<'e, 'a> {
    policy: &'e Policy<'a>,
    rule: &'e Rule<'a>,
    pairs: Vec<(Side<'e, 'a>, Side<'e, 'a>)>,
}

impl<'e, 'a> Compared<'e, 'a> {
    fn of(policy: &'e Policy<'a>, rule: &'e Rule<'a>) -> Self {
        let pairs = pairs(rule).collect();
        Self { policy, rule, pairs }
    }

    fn place(&self) -> String {
        let mut rules = self.policy.rules.iter();
        let number = rules.position(|other| other.path == self.rule.path);
        match (self.policy.rules.len(), number) {
            (1, _) | (_, None) => format!("policy `{}`", self.policy.name),
            (_, Some(number)) => format!("rule {number} of policy `{}`", self.policy.name),
        }
    }
}

/// The rules that can cover another, by a word that the other must have. Otherwise ten thousand rules would make a
/// hundred million comparisons.
#[derive(Default)]
struct Candidates<'a> {
    by_word: HashMap<(Field, &'a str), Vec<usize>>,
    /// Those that ask for no whole word.
    open: Vec<usize>,
}

impl<'a> Candidates<'a> {
    fn of(rules: &[Compared<'_, 'a>]) -> Self {
        let mut candidates = Self::default();
        for (number, compared) in rules.iter().enumerate() {
            let Some(from) = &compared.rule.from else {
                candidates.open.push(number);
                continue;
            };
            for entry in from {
                let is_word = |pattern: &Pattern<'_>| pattern.shape == Shape::Exact && !pattern.is_template();
                let words = entry
                    .admitting()
                    .find(|condition| condition.patterns.iter().all(is_word));
                match words {
                    None => candidates.open.push(number),
                    Some(condition) => {
                        for pattern in &condition.patterns {
                            let numbers = candidates.by_word.entry((condition.field, pattern.text));
                            numbers.or_default().push(number);
                        }
                    }
                }
            }
        }
        candidates
    }

    fn for_rule(&self, inner: &Compared<'_, 'a>) -> Vec<usize> {
        let first = inner.rule.from.iter().flatten().next();
        let conditions = first.into_iter().flat_map(|entry| entry.admitting());
        let words =
            conditions.filter_map(|condition| Some((condition.field, condition.patterns.first()?.text)));
        let by_word = words.filter_map(|word| self.by_word.get(&word)).flatten();
        let mut numbers: Vec<usize> = by_word.chain(&self.open).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The warning about `inner` if `outer` covers it.
fn relation(outer: &Compared<'_, '_>, inner: &Compared<'_, '_>) -> Option<Code> {
    let is_in_force = !outer.policy.shadow || inner.policy.shadow;
    match (outer.policy.denies, inner.policy.denies) {
        _ if !is_in_force => None,
        (true, false) => Some(Code::RefusedRule).filter(|_| !refuses_all(outer.rule)),
        (one, other) if one == other => Some(Code::SuperfluousRule),
        _ => None,
    }
}

/// Whether each pair of entries of `inner` has one of `outer` that matches all of its requests.
fn covers(outer: &Compared<'_, '_>, inner: &Compared<'_, '_>, code: Code) -> bool {
    inner.pairs.iter().all(|inner| {
        outer.pairs.iter().any(|outer| {
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
