//! Wait for something by asking again until a deadline; nothing here sleeps and hopes.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// The first pause, and how much of the time so far a later one may take: who waits long should not keep what he
/// waits for from its work.
const PAUSE: Duration = Duration::from_millis(20);
const SHARE: u32 = 50;

/// Asks `probe` until it gives a value; an error of `probe` ends the wait at once.
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
