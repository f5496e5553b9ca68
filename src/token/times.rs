//! The times at which a token is valid (RFC 7519 §4.1.4 to §4.1.6).

use super::{Claims, Json, Refusal};

/// The first second after the year 9999. No token is valid that long: a larger number is milliseconds or an
/// attack.
const END: u64 = 253_402_300_800;

/// The times of a token, in seconds since the epoch. They are rounded so that the token is valid for less
/// time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    /// `exp`.
    pub(super) expires: u64,
    /// `nbf`.
    not_before: Option<u64>,
    /// `iat`.
    issued: Option<u64>,
}

impl Times {
    /// Reads the times.
    pub(super) fn read(claims: &Claims) -> Result<Self, Refusal> {
        let time = |name| claims.get(name).map(|value| second(value).ok_or(Refusal::Times));
        let later = |time: (u64, bool)| time.0 + u64::from(time.1);
        let (expires, _) = time("exp").ok_or(Refusal::Times)??;
        let issued = time("iat").transpose()?;
        if issued.is_some_and(|(issued, _)| expires <= issued) {
            return Err(Refusal::Times);
        }
        Ok(Self {
            expires,
            not_before: time("nbf").transpose()?.map(later),
            issued: issued.map(later),
        })
    }

    /// Checks that the token is valid at `now`, with clocks that differ by at most `skew`.
    pub(super) fn check(&self, now: u64, skew: u64) -> Result<(), Refusal> {
        let to_come = |time: Option<u64>| time.is_some_and(|time| now.saturating_add(skew) < time);
        if now >= self.expires.saturating_add(skew) {
            Err(Refusal::Expired)
        } else if to_come(self.not_before) {
            Err(Refusal::NotYetValid)
        } else if to_come(self.issued) {
            Err(Refusal::IssuedInFuture)
        } else {
            Ok(())
        }
    }
}

/// A time: its second, and whether it lies after that second's beginning. Accepts digits and an optional
/// fraction, but no sign and no exponent: some readers lose digits of those.
fn second(value: &Json) -> Option<(u64, bool)> {
    let Json::Number(number) = value else { return None };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole = whole.parse().ok().filter(|second| *second < END)?;
    Some((whole, fraction.bytes().any(|digit| digit != b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(claims: &str) -> Result<Times, Refusal> {
        Times::read(&Claims::parse(claims.as_bytes()).unwrap())
    }

    #[test]
    fn a_time_is_a_number_of_seconds() {
        let times = read(r#"{"exp":1700000000.9,"nbf":1600000000.1,"iat":1600000000.0}"#).unwrap();
        assert_eq!(
            (times.expires, times.not_before, times.issued),
            (1_700_000_000, Some(1_600_000_001), Some(1_600_000_000))
        );
        assert!(read(r#"{"exp":253402300799}"#).is_ok());
        assert!(read(r#"{"exp":0}"#).is_ok());

        for number in [
            r#""1700000000""#,
            "-1",
            "-0",
            "-1700000000",
            "1.7e9",
            "17E8",
            "1e300",
            "1.0e0",
            "253402300800",
            "1700000000000",
            "18446744073709551616",
            "99999999999999999999999999999999999999",
            "null",
            "true",
            "[1700000000]",
            "{}",
        ] {
            for claims in [
                format!(r#"{{"exp":{number}}}"#),
                format!(r#"{{"exp":1700000000,"nbf":{number}}}"#),
                format!(r#"{{"exp":1700000000,"iat":{number}}}"#),
            ] {
                assert_eq!(read(&claims), Err(Refusal::Times), "{claims}");
            }
        }
        assert_eq!(read("{}"), Err(Refusal::Times));
        assert_eq!(read(r#"{"exp":5,"iat":5}"#), Err(Refusal::Times));
        assert_eq!(read(r#"{"exp":5.9,"iat":5.1}"#), Err(Refusal::Times));
    }

    #[test]
    fn clocks_may_differ_by_the_skew() {
        let times = read(r#"{"exp":2000,"nbf":1000,"iat":1200}"#).unwrap();
        for (now, skew, verdict) in [
            (1999, 0, Ok(())),
            (2000, 0, Err(Refusal::Expired)),
            (2059, 60, Ok(())),
            (2060, 60, Err(Refusal::Expired)),
            (u64::MAX, u64::MAX, Err(Refusal::Expired)),
            (999, 0, Err(Refusal::NotYetValid)),
            (1199, 0, Err(Refusal::IssuedInFuture)),
            (1200, 0, Ok(())),
            (1140, 60, Ok(())),
            (1139, 60, Err(Refusal::IssuedInFuture)),
            (939, 60, Err(Refusal::NotYetValid)),
            (0, 0, Err(Refusal::NotYetValid)),
        ] {
            assert_eq!(times.check(now, skew), verdict, "{now} {skew}");
        }
    }
}
