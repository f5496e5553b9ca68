//! The answer of a script, which is the last line that it prints.

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

/// Reads the last line, as Airflow logs to the same output.
pub(super) fn last_line<T: DeserializeOwned>(printed: &str) -> Result<T> {
    let line = printed.lines().last().context("nothing printed")?;
    Ok(serde_json::from_str(line)?)
}
