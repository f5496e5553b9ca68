//! The times of tokens, as text for people.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The first second after the year 9999.
const END: u64 = 253_402_300_800;

/// A time, in seconds since the epoch, before the year 10000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(u64);

impl Time {
    /// The current time. A clock before the epoch counts as the epoch.
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self(since.map_or(0, |since| since.as_secs()))
    }

    /// The time of this second, if it is before the year 10000.
    pub(crate) fn of(seconds: u64) -> Option<Self> {
        (seconds < END).then_some(Self(seconds))
    }

    /// Seconds since the epoch.
    pub(crate) fn seconds(self) -> u64 {
        self.0
    }

    /// The time from `now`, in two units at most: `in 3m 20s` or `3m 20s ago`.
    pub(crate) fn distance(self, now: Self) -> String {
        let length = humantime::format_duration(Duration::from_secs(self.0.abs_diff(now.0))).to_string();
        let length: Vec<&str> = length.split(' ').take(2).collect();
        let length = length.join(" ");
        if self.0 > now.0 {
            format!("in {length}")
        } else {
            format!("{length} ago")
        }
    }
}

/// Writes RFC 3339 in UTC.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH + Duration::from_secs(self.0);
        write!(f, "{}", humantime::format_rfc3339_seconds(time))
    }
}

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.parse().ok().or_else(|| {
            let time = humantime::parse_rfc3339(text).ok()?;
            Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
        });
        seconds
            .and_then(Self::of)
            .ok_or("expected seconds since the epoch, or UTC such as `2026-11-26T12:00:00Z`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_seconds_and_in_utc() {
        for text in ["1700000000", "2023-11-14T22:13:20Z"] {
            let time: Time = text.parse().unwrap();
            assert_eq!(time.seconds(), 1_700_000_000);
            assert_eq!(time.to_string(), "2023-11-14T22:13:20Z");
        }
        assert_eq!(
            "253402300799".parse::<Time>().unwrap().to_string(),
            "9999-12-31T23:59:59Z"
        );
        for text in [
            "",
            "-1",
            "253402300800",
            "18446744073709551616",
            "today",
            "2023-11-14",
        ] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_ahead_or_past() {
        let (early, late) = (Time(1_000), Time(1_000 + 3_723));
        assert_eq!(late.distance(early), "in 1h 2m");
        assert_eq!(early.distance(late), "1h 2m ago");
        assert_eq!(early.distance(early), "0s ago");
    }
}
