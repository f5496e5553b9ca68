//! Wait for something by asking again until a deadline; nothing here sleeps and hopes.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

const PAUSE: Duration = Duration::from_millis(20);

/// Asks `probe` until it gives a value; an error of `probe` ends the wait at once.
///
/// `what` completes the sentence "gave up waiting for …".
pub fn until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = probe()? {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            return Err(anyhow!("gave up waiting for {what} after {limit:?}"));
        }
        thread::sleep(PAUSE);
    }
}
