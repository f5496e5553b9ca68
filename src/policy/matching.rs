//! Matches values against patterns, without backtracking: each variable can bind in one way only.

use super::arena::{Arena, Part, Pattern};
use super::likeness::Likeness;
use super::pattern::Shape;

/// The largest number of variables in one rule.
pub(super) const MAX_VARIABLES: usize = 8;

/// The texts that the variables of a rule are bound to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bindings<'a>([Option<Bound<'a>>; MAX_VARIABLES]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound<'a> {
    /// To this text.
    To(&'a str),
    /// To a text that is not known, or not yet: the fact that binds the variable is open.
    Open,
}

impl<'a> Bindings<'a> {
    /// The text that a variable is bound to.
    pub(super) fn value(&self, variable: u8) -> Option<&'a str> {
        match self.bound(variable) {
            Some(Bound::To(text)) => Some(text),
            Some(Bound::Open) | None => None,
        }
    }

    fn bound(&self, variable: u8) -> Option<Bound<'a>> {
        self.0.get(usize::from(variable)).copied().flatten()
    }

    /// Whether one of `parts` is a variable that is bound to an open fact.
    fn are_open(&self, parts: &[Part]) -> bool {
        let is_open = |part: &Part| matches!(part, Part::Variable(variable) if self.bound(*variable) == Some(Bound::Open));
        parts.iter().any(is_open)
    }

    /// These bindings with the variables of `patterns` bound to an open fact. A variable that has a text keeps it.
    pub(super) fn with_open(mut self, arena: &Arena, patterns: &[Pattern]) -> Self {
        for part in patterns.iter().flat_map(|pattern| arena.parts(*pattern)) {
            if let Part::Variable(variable) = part
                && let Some(slot) = self.0.get_mut(usize::from(*variable))
            {
                slot.get_or_insert(Bound::Open);
            }
        }
        self
    }

    /// These bindings with one more; `None` if the variable is already bound to another text.
    fn with(mut self, variable: u8, text: &'a str) -> Option<Self> {
        let slot = self.0.get_mut(usize::from(variable))?;
        match slot {
            Some(Bound::To(bound)) if *bound != text => None,
            _ => {
                *slot = Some(Bound::To(text));
                Some(self)
            }
        }
    }
}

/// Whether one of `patterns` matches `value` in a condition that is `negated` or not. A pattern with a variable that is
/// bound to an open fact satisfies the condition, either way, if some text of the variable does.
pub(super) fn matches_one(
    likeness: Likeness,
    arena: &Arena,
    (patterns, negated): (&[Pattern], bool),
    value: &str,
    bindings: &Bindings<'_>,
) -> bool {
    patterns
        .iter()
        .any(|pattern| match bindings.are_open(arena.parts(*pattern)) {
            true => !negated && may_match(likeness, arena, *pattern, value, bindings),
            false => matches_like(likeness, arena, *pattern, value, bindings),
        })
}

/// Whether `value` has the known texts at the ends of a pattern with an open variable. The index knows no more
/// about such a pattern.
fn may_match(
    likeness: Likeness,
    arena: &Arena,
    pattern: Pattern,
    value: &str,
    bindings: &Bindings<'_>,
) -> bool {
    let trimmed = likeness.trimmed(value);
    let text = |part: Option<&Part>| match part {
        Some(Part::Text(span)) => arena.text(*span),
        Some(Part::Variable(variable)) => bindings.value(*variable).unwrap_or_default(),
        None => "",
    };
    let parts = arena.parts(pattern);
    let (first, last) = (text(parts.first()), text(parts.last()));
    let begins = || likeness.strip_prefix(trimmed, first).is_some();
    let ends = || likeness.strip_suffix(trimmed, last).is_some();
    match pattern.shape {
        Shape::Any => true,
        Shape::Exact => begins() && ends(),
        Shape::Prefix => begins(),
        Shape::Suffix => ends(),
    }
}

/// Whether `value` matches, with every variable replaced by its text. An unbound variable matches nothing.
pub(super) fn matches(arena: &Arena, pattern: Pattern, value: &str, bindings: &Bindings<'_>) -> bool {
    matches_like(Likeness::Exact, arena, pattern, value, bindings)
}

/// Like `matches`, but ignores the differences that `likeness` names.
pub(super) fn matches_like(
    likeness: Likeness,
    arena: &Arena,
    pattern: Pattern,
    value: &str,
    bindings: &Bindings<'_>,
) -> bool {
    let trimmed = likeness.trimmed(value);
    let text = |part: &Part| match part {
        Part::Text(span) => Some(arena.text(*span)),
        Part::Variable(variable) => bindings.value(*variable),
    };
    let parts = arena.parts(pattern);
    let forward = || {
        parts.iter().try_fold(trimmed, |rest, part| {
            text(part).and_then(|text| likeness.strip_prefix(rest, text))
        })
    };
    let matched = match pattern.shape {
        Shape::Any => !value.is_empty(),
        Shape::Exact => forward() == Some(""),
        Shape::Prefix => forward().is_some(),
        Shape::Suffix => parts
            .iter()
            .try_rfold(trimmed, |rest, part| {
                text(part).and_then(|text| likeness.strip_suffix(rest, text))
            })
            .is_some(),
    };
    matched || (likeness == Likeness::Slashed && matches_merged(arena, pattern, value, bindings))
}

/// Whether a path matches once its encoded slashes are merged with adjacent slashes.
fn matches_merged(arena: &Arena, pattern: Pattern, value: &str, bindings: &Bindings<'_>) -> bool {
    let texts: Option<Vec<&str>> = arena
        .parts(pattern)
        .iter()
        .map(|part| match part {
            Part::Text(span) => Some(arena.text(*span)),
            Part::Variable(variable) => bindings.value(*variable),
        })
        .collect();
    let Some(texts) = texts else { return false };
    let wanted = texts.iter().flat_map(|text| text.bytes());
    match pattern.shape {
        Shape::Any => false,
        Shape::Exact => Likeness::merged(value.bytes()).eq(wanted),
        Shape::Prefix => begins(Likeness::merged(value.bytes()), wanted),
        Shape::Suffix => begins(Likeness::merged(value.bytes().rev()), wanted.rev()),
    }
}

fn begins(mut value: impl Iterator<Item = u8>, mut wanted: impl Iterator<Item = u8>) -> bool {
    wanted.all(|byte| value.next() == Some(byte))
}

/// Matches `value` and binds the variables of the pattern: each to a non-empty piece of one path segment.
/// `None` if the value does not match, or a variable is already bound to another text.
pub(super) fn bind<'a>(
    arena: &Arena,
    pattern: Pattern,
    value: &'a str,
    bindings: &Bindings<'a>,
) -> Option<Bindings<'a>> {
    let parts = arena.parts(pattern);
    if !parts.iter().any(|part| matches!(part, Part::Variable(_))) {
        return matches(arena, pattern, value, bindings).then_some(*bindings);
    }
    let mut bound = *bindings;
    let mut rest = value;
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        match part {
            Part::Text(span) => rest = rest.strip_prefix(arena.text(*span))?,
            Part::Variable(variable) => {
                let tail = match parts.peek() {
                    Some(Part::Text(span)) => first_segment(arena.text(*span)),
                    _ => "",
                };
                let piece = first_segment(rest).strip_suffix(tail)?;
                if piece.is_empty() {
                    return None;
                }
                bound = bound.with(*variable, piece)?;
                rest = rest.strip_prefix(piece)?;
            }
        }
    }
    (pattern.shape == Shape::Prefix || rest.is_empty()).then_some(bound)
}

/// `text` up to its first slash.
fn first_segment(text: &str) -> &str {
    text.split_once('/').map_or(text, |(segment, _)| segment)
}

#[cfg(test)]
mod tests {
    use super::super::arena::ArenaBuilder;
    use super::super::pattern::Written;
    use super::*;

    fn compiled(text: &str) -> (Arena, Pattern) {
        let mut builder = ArenaBuilder::default();
        let list = builder.list([Written::parse(text).unwrap()], |name| name.as_bytes()[0] - b'a');
        let arena = builder.finish();
        let pattern = arena.patterns(list)[0];
        (arena, pattern)
    }

    fn bound<'a>(pattern: &str, value: &'a str) -> Option<(Option<&'a str>, Option<&'a str>)> {
        let (arena, pattern) = compiled(pattern);
        bind(&arena, pattern, value, &Bindings::default())
            .map(|bindings| (bindings.value(0), bindings.value(1)))
    }

    #[test]
    fn shapes_match_as_in_istio() {
        for (pattern, value, expected) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("abc*", "abc", true),
            ("abc*", "abcd", true),
            ("abc*", "ab", false),
            ("*abc", "abc", true),
            ("*abc", "xabc", true),
            ("*abc", "abcx", false),
            ("*", "x", true),
            ("*", "", false),
        ] {
            let (arena, compiled) = compiled(pattern);
            assert_eq!(
                matches(&arena, compiled, value, &Bindings::default()),
                expected,
                "{pattern} {value}"
            );
        }
    }

    #[test]
    fn a_variable_binds_one_non_empty_piece_of_a_segment() {
        let principal = "spiffe://td/ns/airflow/sa/worker-{a}";
        assert_eq!(
            bound(principal, "spiffe://td/ns/airflow/sa/worker-ml"),
            Some((Some("ml"), None))
        );
        assert_eq!(bound(principal, "spiffe://td/ns/airflow/sa/worker-"), None);
        assert_eq!(bound(principal, "spiffe://td/ns/airflow/sa/worker-ml/x"), None);
        assert_eq!(bound("{a}-x", "-x"), None);
        assert_eq!(bound("{a}-x", "a-x-x"), Some((Some("a-x"), None)));
        assert_eq!(bound("ns/{a}/sa/{b}", "ns/x/sa/y"), Some((Some("x"), Some("y"))));
        assert_eq!(bound("ns/{a}/sa/{b}", "ns//sa/y"), None);
        assert_eq!(bound("ns/{a}/sa/{a}", "ns/x/sa/y"), None);
        assert_eq!(bound("ns/{a}/sa/{a}", "ns/x/sa/x"), Some((Some("x"), None)));
        assert_eq!(bound("ns/{a}/*", "ns/x/sa/y"), Some((Some("x"), None)));
    }

    #[test]
    fn a_variable_stands_for_its_text_elsewhere() {
        let (arena, identity) = compiled("sa/{a}");
        let bindings = bind(&arena, identity, "sa/ml", &Bindings::default()).unwrap();
        for (pattern, value, expected) in [
            ("{a}_*", "ml_train", true),
            ("{a}_*", "sales", false),
            ("*_{a}", "x_ml", true),
            ("{a}", "ml", true),
        ] {
            let (arena, compiled) = compiled(pattern);
            assert_eq!(
                matches(&arena, compiled, value, &bindings),
                expected,
                "{pattern} {value}"
            );
        }
        let (arena, other) = compiled("{b}*");
        assert!(
            !matches(&arena, other, "anything", &bindings),
            "an unbound variable matches nothing"
        );
    }
}
