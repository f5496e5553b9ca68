//! Matches values against patterns, without backtracking: each variable can bind in one way only.

use super::arena::{Arena, Part, Pattern};
use super::likeness::Likeness;
use super::open::may_match;
use super::pattern::Shape;

/// The largest number of variables in one rule.
pub(super) const MAX_VARIABLES: usize = 8;

/// The texts that the variables of a rule are bound to. A variable is open if the fact that would bind it is
/// not known: it may stand for any text that is not empty.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bindings<'a> {
    texts: [Option<&'a str>; MAX_VARIABLES],
    /// Whether variables may be open, or have texts that a database can take for others.
    loose: bool,
}

impl<'a> Bindings<'a> {
    /// The text that a variable is bound to.
    pub(super) fn value(&self, variable: u8) -> Option<&'a str> {
        self.texts.get(usize::from(variable)).copied().flatten()
    }

    /// These bindings, with those variables open that have no text yet.
    pub(super) fn opened(self) -> Self {
        Self { loose: true, ..self }
    }

    /// Whether a pattern can match a value that [`matches_like`] does not find: see [`super::open`].
    pub(super) fn is_loose(&self) -> bool {
        self.loose
    }

    /// These bindings with one more; `None` if the variable is already bound to another text.
    fn with(mut self, variable: u8, text: &'a str) -> Option<Self> {
        let slot = self.texts.get_mut(usize::from(variable))?;
        match slot {
            Some(bound) if *bound != text => None,
            _ => {
                *slot = Some(text);
                Some(self)
            }
        }
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

/// Matches the whole of `value`, in which a slash is a character like any other. Binds the variable that has no
/// text yet. With several open variables in the pattern, or one beside a `*`, the pattern only has to match for
/// some texts, and binds none.
pub(super) fn bind_whole<'a>(
    arena: &Arena,
    pattern: Pattern,
    value: &'a str,
    bindings: &Bindings<'a>,
) -> Option<Bindings<'a>> {
    let parts = arena.parts(pattern);
    let is_open =
        |part: &Part| matches!(part, Part::Variable(variable) if bindings.value(*variable).is_none());
    let Some(first) = parts.iter().position(is_open) else {
        return matches(arena, pattern, value, bindings).then_some(*bindings);
    };
    let (head, rest) = parts.split_at_checked(first)?;
    let (Part::Variable(variable), tail) = rest.split_first()? else {
        return None;
    };
    if pattern.shape != Shape::Exact || tail.iter().any(is_open) {
        return may_match(Likeness::Exact, arena, pattern, value, bindings, true).then_some(*bindings);
    }
    let text = |part: &Part| match part {
        Part::Text(span) => Some(arena.text(*span)),
        Part::Variable(variable) => bindings.value(*variable),
    };
    let strip_head = |rest: &'a str, part| rest.strip_prefix(text(part)?);
    let strip_tail = |rest: &'a str, part| rest.strip_suffix(text(part)?);
    let piece = head.iter().try_fold(value, strip_head)?;
    let piece = tail.iter().try_rfold(piece, strip_tail)?;
    if piece.is_empty() {
        return None;
    }
    let bound = bindings.with(*variable, piece)?;
    Some(match Likeness::Folded.is_uncertain(piece) {
        true => bound.opened(),
        false => bound,
    })
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
