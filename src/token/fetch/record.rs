//! What the VMs of a proxy know together of one JWKS, as one value of their store.
//!
//! A line of numbers, then the document as it was fetched. One value changes all at once, so there
//! is no moment at which the line is of another document than the one behind it.

use std::str::FromStr;
use std::time::Duration;

/// What all VMs know of one JWKS. Moments are milliseconds of the clock that all VMs share; each is
/// an end, so that what was never written is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Before this nobody fetches.
    pub(super) due: u64,
    /// Before this the VM that wrote it fetches, and no other does.
    pub(super) leased: u64,
    /// Before this a key that nobody knows is no reason to fetch.
    pub(super) quiet: u64,
    /// How many fetches have failed since the last that did not.
    pub(super) failures: u32,
    /// The last good answer; empty where there was none.
    pub(super) document: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads what is in the store. What is not a record is nothing known: then there are no keys, and
    /// a token that needs them is refused.
    pub(super) fn read(stored: Option<&'a (Vec<u8>, u32)>) -> Self {
        stored
            .and_then(|(value, _)| Self::parse(value))
            .unwrap_or_default()
    }

    fn parse(value: &'a [u8]) -> Option<Self> {
        let end = value.iter().position(|byte| *byte == b'\n')?;
        let (line, document) = value.split_at_checked(end)?;
        let mut fields = std::str::from_utf8(line).ok()?.split(' ');
        let record = Self {
            due: next(&mut fields)?,
            leased: next(&mut fields)?,
            quiet: next(&mut fields)?,
            failures: next(&mut fields)?,
            document: document.get(1..)?,
        };
        fields.next().is_none().then_some(record)
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        let Self {
            due,
            leased,
            quiet,
            failures,
            document,
        } = self;
        let mut bytes = format!("{due} {leased} {quiet} {failures}\n").into_bytes();
        bytes.extend_from_slice(document);
        bytes
    }
}

fn next<'f, T: FromStr>(fields: &mut impl Iterator<Item = &'f str>) -> Option<T> {
    fields.next()?.parse().ok()
}

/// Whether `moment` is still to come at `now`. One that is further off than it can ever have been
/// set is of a clock that has gone backwards, or of somebody else, and nobody waits for it.
pub(super) fn is_to_come(moment: u64, now: u64, most: Duration) -> bool {
    moment
        .checked_sub(now)
        .is_some_and(|rest| rest > 0 && rest <= millis(most))
}

/// The moment that is `by` later.
pub(super) fn after(now: u64, by: Duration) -> u64 {
    now.saturating_add(millis(by))
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for document in ["", "{}", "a\nb\n"] {
            let record = Record {
                due: 1,
                leased: u64::MAX,
                quiet: 3,
                failures: u32::MAX,
                document: document.as_bytes(),
            };
            assert_eq!(Record::read(Some(&(record.to_bytes(), 7))), record);
        }
    }

    #[test]
    fn what_is_no_record_is_nothing_known() {
        for value in [
            "",
            "\n",
            "{}",
            "1 2 3 4",
            "1 2 3\n",
            "1 2 3 4 5\n",
            "1 2 3 -4\n",
            "1 2 3 4 \n",
            "1  2 3 4\n",
            "99999999999999999999 2 3 4\n",
            "\u{ff}\n",
        ] {
            let stored = (value.as_bytes().to_vec(), 1);
            assert_eq!(Record::read(Some(&stored)), Record::default(), "{value:?}");
        }
        assert_eq!(Record::read(Some(&(b"\xff\n".to_vec(), 1))), Record::default());
        assert_eq!(Record::read(None), Record::default());
    }

    #[test]
    fn nobody_waits_for_what_was_never_set() {
        let most = Duration::from_secs(1);
        for (moment, now, to_come) in [
            (0, 0, false),
            (5, 5, false),
            (4, 5, false),
            (6, 5, true),
            (1_005, 5, true),
            (1_006, 5, false),
            (u64::MAX, 5, false),
        ] {
            assert_eq!(is_to_come(moment, now, most), to_come, "{moment} at {now}");
        }
        assert_eq!(after(u64::MAX, most), u64::MAX);
    }
}
