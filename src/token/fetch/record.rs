//! The state of one JWKS that the VMs of a proxy share, as one value of their store.
//!
//! The value is a line of numbers, followed by the fetched document. One value changes atomically, so the
//! line and the document always belong together.

use std::str::FromStr;
use std::time::Duration;

/// The shared state of one JWKS. Times are milliseconds of the clock that all VMs share. Each is the end of a
/// period, so that the default 0 means that the period is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Until this time no VM fetches.
    pub(super) due: u64,
    /// Until this time only the VM that wrote the value fetches.
    pub(super) leased: u64,
    /// Until this time an unknown key id is no reason to fetch.
    pub(super) quiet: u64,
    /// The number of failed fetches since the last success.
    pub(super) failures: u32,
    /// The last good answer; empty if there was none.
    pub(super) document: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads a record from the store. Text that is not a record counts as an empty one: then there are no
    /// keys, and a token that needs them is refused.
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

/// Whether `moment` lies after `now`. A moment further ahead than dagward ever sets one is ignored: it comes
/// from a clock that has gone backwards, or from another plugin.
pub(super) fn is_to_come(moment: u64, now: u64, most: Duration) -> bool {
    moment
        .checked_sub(now)
        .is_some_and(|rest| rest > 0 && rest <= millis(most))
}

/// The moment `by` after `now`.
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
