//! Matches patterns whose variables may stand for more than one text.
//!
//! A variable is open if the fact that would bind it is unknown in a DENY or pending in an ALLOW. A pattern with
//! such a variable matches if some text for it makes it match: each place of the variable is a gap, and the
//! literal text around it must still be there. The same holds where a match refuses and the variable has a text
//! that a database can take for others.

use super::arena::{Arena, Part, Pattern};
use super::likeness::Likeness;
use super::matching::Bindings;
use super::pattern::Shape;

/// A piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'p> {
    Text(&'p str),
    /// Any text of at least this number of characters.
    Gap(usize),
}

/// Whether some text for each variable that is open, or whose text is uncertain, makes `value` match. Without
/// `open_matches`, a pattern with an open variable matches nothing. A pattern without such variables matches
/// nothing here: [`super::matching::matches_like`] decides it.
pub(super) fn may_match(
    likeness: Likeness,
    arena: &Arena,
    pattern: Pattern,
    value: &str,
    bindings: &Bindings<'_>,
    open_matches: bool,
) -> bool {
    // A database may ignore all of a text, such as a space.
    let least = match likeness {
        Likeness::Exact | Likeness::Slashed => 1,
        Likeness::Padded | Likeness::Folded => 0,
    };
    let piece = |part: &Part| match part {
        Part::Text(span) => Some(Piece::Text(arena.text(*span))),
        Part::Variable(variable) => match bindings.value(*variable) {
            None => open_matches.then_some(Piece::Gap(least)),
            Some(text) if likeness.is_uncertain(text) => Some(Piece::Gap(least)),
            Some(text) => Some(Piece::Text(text)),
        },
    };
    let star = |shape| (pattern.shape == shape).then_some(Some(Piece::Gap(0)));
    let parts = arena.parts(pattern).iter().map(piece);
    let all = star(Shape::Suffix)
        .into_iter()
        .chain(parts)
        .chain(star(Shape::Prefix));
    let Some(pieces) = all.collect::<Option<Vec<_>>>() else {
        return false;
    };
    let is_gap = |piece: &Piece<'_>| matches!(piece, Piece::Gap(_));
    if !pieces.iter().any(is_gap) {
        return false;
    }
    let merged = || -> String {
        let merged = Likeness::merged(value.bytes()).collect();
        // Only ASCII bytes were changed.
        String::from_utf8(merged).unwrap_or_default()
    };
    fits(likeness, &pieces, likeness.trimmed(value))
        || (likeness == Likeness::Slashed && fits(likeness, &pieces, &merged()))
}

/// Whether `value` consists of these pieces. After a text that does not fit, only the last gap can be longer: a
/// longer gap before that one leaves less for the rest.
fn fits(likeness: Likeness, pieces: &[Piece<'_>], value: &str) -> bool {
    let (mut left, mut rest) = (pieces, value);
    let mut last_gap: Option<(&[Piece<'_>], &str)> = None;
    loop {
        let next = match left.split_first() {
            None if rest.is_empty() => return true,
            None => None,
            Some((Piece::Text(text), after)) => likeness.strip_prefix(rest, text).map(|rest| (after, rest)),
            Some((Piece::Gap(least), after)) => {
                let skipped = skip(rest, *least).map(|rest| (after, rest));
                last_gap = skipped.or(last_gap);
                skipped
            }
        };
        (left, rest) = match (next, last_gap) {
            (Some(next), _) => next,
            (None, Some((after, rest))) => {
                let Some(shorter) = skip(rest, 1) else {
                    return false;
                };
                last_gap = Some((after, shorter));
                (after, shorter)
            }
            (None, None) => return false,
        };
    }
}

/// `text` without its first `characters`; `None` if it has fewer.
fn skip(text: &str, characters: usize) -> Option<&str> {
    let mut rest = text.chars();
    for _ in 0..characters {
        rest.next()?;
    }
    Some(rest.as_str())
}

#[cfg(test)]
mod tests;
