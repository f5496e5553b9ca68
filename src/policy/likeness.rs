//! Names that Airflow may take for the same object.
//!
//! MySQL's collations ignore case, and spaces at the end. The columns of connection ids, variable keys and
//! pool names have the database's own collation. Those of DAGs, tasks and XComs have one that respects case
//! but still ignores spaces at the end. Among the secrets backends, the environment is read in upper case,
//! and Azure Key Vault ignores case and takes `-` for `_`. So where a match refuses, names are compared as
//! the most tolerant of these does. Where a match allows, names are compared as they are written. The filter
//! does not need to know which of these an installation has.
//!
//! Flask and Django, and so FAB's pages in Airflow, take a method in lower case for the one in upper case.
//!
//! A service that is not Airflow may take an encoded slash in its path for a slash or for part of a name.
//! Where a match refuses, an encoded slash is also a slash. Where a match allows, a slash in the pattern
//! matches only a slash that every server reads as one.

use std::cmp::Ordering;

use crate::fact::Fact;
use crate::operation::ENCODED_SLASH;

use super::effect::Effect;
use super::field::Field;

/// The differences between two texts that a comparison ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// None.
    Exact,
    /// Spaces at the end.
    Padded,
    /// Spaces at the end, case, and the difference between `-` and `_`. Databases compare letters outside
    /// ASCII in more ways than the filter can know, and some of MySQL's collations skip control characters.
    /// So a value with such a character may equal any text.
    Folded,
    /// The difference between a slash and an encoded slash.
    Slashed,
}

impl Likeness {
    /// The comparison for a condition in a rule of `effect`: tolerant where a match refuses.
    pub(super) fn of(field: Field, negated: bool, effect: Effect) -> Self {
        if negated == (effect == Effect::Deny) {
            return Self::Exact;
        }
        match field {
            Field::Connections | Field::Variables | Field::Pools | Field::Methods => Self::Folded,
            Field::Dags | Field::Runs | Field::Tasks | Field::XcomKeys | Field::Assets => Self::Padded,
            Field::Paths => Self::Slashed,
            Field::Principals
            | Field::Namespaces
            | Field::ServiceAccounts
            | Field::ActingTeams
            | Field::ActingDags
            | Field::ActingRuns
            | Field::ActingTasks
            | Field::Proof
            | Field::RequestPrincipals
            | Field::Claims
            | Field::Surfaces
            | Field::Actions
            | Field::Teams
            | Field::Triggers
            | Field::Queues
            | Field::Hosts => Self::Exact,
        }
    }

    /// The fact as rules of `effect` see it: in a DENY, a value that may equal any text is unknown.
    pub(super) fn seen(field: Field, effect: Effect, fact: Fact<&str>) -> Fact<&str> {
        let may_be_any = |value: &&str| Self::of(field, false, effect).may_be_any(value);
        match fact {
            Fact::Known(value) if may_be_any(&value) => Fact::Unknown,
            seen => seen,
        }
    }

    /// Whether `value` may equal any text.
    pub(super) fn may_be_any(self, value: &str) -> bool {
        self == Self::Folded && !value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    }

    /// Whether a text of a variable may be equal to other texts than those that `strip_prefix` finds.
    pub(super) fn is_uncertain(self, text: &str) -> bool {
        let ends_unseen = matches!(self, Self::Padded | Self::Folded) && text.ends_with(' ');
        ends_unseen || self.may_be_any(text)
    }

    /// The bytes of a path, from either end, as read by a server that decodes encoded slashes and merges
    /// adjacent slashes.
    pub(super) fn merged(bytes: impl Iterator<Item = u8>) -> impl Iterator<Item = u8> {
        let mut after_slash = false;
        bytes.map(|byte| Self::Slashed.byte(byte)).filter(move |byte| {
            let is_slash = *byte == b'/';
            let is_merged = is_slash && after_slash;
            after_slash = is_slash;
            !is_merged
        })
    }

    /// `value` without the ignored characters at its end.
    pub(super) fn trimmed(self, value: &str) -> &str {
        match self {
            Self::Exact | Self::Slashed => value,
            Self::Padded | Self::Folded => value.trim_end_matches(' '),
        }
    }

    /// The rest of `value` after `text`, if `value` begins with `text`.
    pub(super) fn strip_prefix<'v>(self, value: &'v str, text: &str) -> Option<&'v str> {
        if matches!(self, Self::Exact | Self::Padded) {
            return value.strip_prefix(text);
        }
        let (head, rest) = value.split_at_checked(text.len())?;
        self.alike(head, text).then_some(rest)
    }

    /// The rest of `value` before `text`, if `value` ends with `text`.
    pub(super) fn strip_suffix<'v>(self, value: &'v str, text: &str) -> Option<&'v str> {
        if matches!(self, Self::Exact | Self::Padded) {
            return value.strip_suffix(text);
        }
        let (rest, tail) = value.split_at_checked(value.len().checked_sub(text.len())?)?;
        self.alike(tail, text).then_some(rest)
    }

    /// An order in which texts that are alike are equal, from the first byte or from the last.
    pub(super) fn compare(self, one: &str, other: &str, from_the_end: bool) -> Ordering {
        let byte = |byte| self.byte(byte);
        match (self, from_the_end) {
            (Self::Exact | Self::Padded, false) => one.cmp(other),
            (Self::Folded | Self::Slashed, false) => one.bytes().map(byte).cmp(other.bytes().map(byte)),
            (_, true) => one.bytes().rev().map(byte).cmp(other.bytes().rev().map(byte)),
        }
    }

    fn alike(self, one: &str, other: &str) -> bool {
        self.compare(one, other, false) == Ordering::Equal
    }

    fn byte(self, byte: u8) -> u8 {
        match (self, byte) {
            (Self::Folded, b'_') => b'-',
            (Self::Folded, byte) => byte.to_ascii_lowercase(),
            (Self::Slashed, byte) if byte == ENCODED_SLASH as u8 => b'/',
            (_, byte) => byte,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_match_that_refuses_is_wide() {
        for (negated, effect, wide) in [
            (false, Effect::Deny, true),
            (true, Effect::Deny, false),
            (false, Effect::Allow, false),
            (true, Effect::Allow, true),
        ] {
            let likeness = |field| Likeness::of(field, negated, effect);
            let [folded, padded] = match wide {
                true => [Likeness::Folded, Likeness::Padded],
                false => [Likeness::Exact; 2],
            };
            assert_eq!(likeness(Field::Connections), folded);
            assert_eq!(likeness(Field::Dags), padded);
            let slashed = if wide { Likeness::Slashed } else { Likeness::Exact };
            assert_eq!(likeness(Field::Paths), slashed);
            assert_eq!(likeness(Field::Hosts), Likeness::Exact);
        }
    }

    #[test]
    fn texts_are_cut_where_they_are_alike() {
        let folded = Likeness::Folded;
        assert_eq!(folded.strip_prefix("Finance-DB", "finance_"), Some("DB"));
        assert_eq!(folded.strip_suffix("Finance-DB", "_db"), Some("Finance"));
        assert_eq!(folded.strip_prefix("fin", "finance"), None);
        assert_eq!(folded.strip_suffix("fin", "finance"), None);
        assert_eq!(folded.strip_prefix("finance.db", "finance_"), None);
        assert_eq!(Likeness::Padded.strip_prefix("Finance", "finance"), None);
        let slashed = Likeness::Slashed;
        assert_eq!(slashed.strip_prefix("/a\u{1f}b", "/a/"), Some("b"));
        assert_eq!(slashed.strip_suffix("/a\u{1f}b", "/b"), Some("/a"));
        assert_eq!(slashed.compare("/a\u{1f}b", "/a/b", false), Ordering::Equal);
        assert_eq!(slashed.strip_prefix("/A_b", "/a-"), None);
        assert_eq!(Likeness::Padded.trimmed("etl  "), "etl");
        assert_eq!(Likeness::Exact.trimmed("etl  "), "etl  ");
        for open in ["f\u{ed}nance", "fin\u{1}ance", "finance\u{7f}", "\tfinance"] {
            assert!(folded.may_be_any(open) && !Likeness::Padded.may_be_any(open));
        }
        assert!(!folded.may_be_any("finance db~"));
        assert_eq!(folded.compare("A_b", "a-B", true), Ordering::Equal);
        assert_eq!(folded.compare("aZ", "b", false), Ordering::Less);
    }
}
