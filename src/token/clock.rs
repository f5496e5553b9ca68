//! The time of day, without a call to the proxy for each request.

use std::cell::Cell;
use std::time::Duration;

/// The time for which the filter relies on the monotonic clock. The wall clock may be set meanwhile.
const TRUSTED: Duration = Duration::from_secs(10);

/// The uptime when the filter last asked for the time of day, and the answer.
#[derive(Debug)]
pub struct Clock(Cell<(Duration, Duration)>);

impl Clock {
    /// A clock that shows `time`, since the epoch, at this uptime.
    pub fn new(uptime: Duration, time: Duration) -> Self {
        Self(Cell::new((uptime, time)))
    }

    /// The seconds since the epoch. `ask` asks the proxy for the time of day.
    pub fn seconds(&self, uptime: Duration, ask: impl FnOnce() -> Duration) -> u64 {
        let (asked, said) = self.0.get();
        match uptime.checked_sub(asked) {
            Some(past) if past < TRUSTED => (said + past).as_secs(),
            Some(_) | None => {
                let now = ask();
                self.0.set((uptime, now));
                now.as_secs()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_time_of_day_is_asked_for_every_ten_seconds() {
        let clock = Clock::new(at(100), at(5_000));
        for (uptime, expected) in [(100, 5_000), (109, 5_009)] {
            assert_eq!(clock.seconds(at(uptime), || panic!("asked")), expected);
        }
        // Meanwhile the wall clock was set.
        assert_eq!(clock.seconds(at(110), || at(4_000)), 4_000);
        assert_eq!(clock.seconds(at(111), || panic!("asked")), 4_001);
        // An uptime that goes back is not trusted.
        assert_eq!(clock.seconds(at(5), || at(7_000)), 7_000);
        assert_eq!(clock.seconds(at(6), || panic!("asked")), 7_001);
    }
}
