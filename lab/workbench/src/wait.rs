//! Waits that probe until a deadline. No code here sleeps for a fixed time and hopes.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// The first pause, and the share of the elapsed time that a later pause may take: a long wait must
/// not take CPU time from the work that it waits for.
const PAUSE: Duration = Duration::from_millis(20);
const SHARE: u32 = 50;

/// Calls `probe` until it returns a value; an error of `probe` ends the wait at once.
///
/// `what` completes the sentence "gave up waiting for …".
pub fn until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = probe()? {
            return Ok(value);
        }
        let waited = start.elapsed();
        if waited >= limit {
            return Err(anyhow!("gave up waiting for {what} after {limit:?}"));
        }
        thread::sleep(PAUSE.max(waited / SHARE));
    }
}
