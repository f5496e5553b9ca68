//! The output of a command that ends by itself.

use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// The output of `command` on `input`, whether it fails or not.
pub fn fed(mut command: Command, input: &str) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{program}`"))?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    let output = std::thread::scope(|scope| {
        // The command may print before it has read all of its input.
        scope.spawn(move || std::io::Write::write_all(&mut stdin, input.as_bytes()));
        child.wait_with_output()
    })?;
    Ok(output)
}

/// The text that `command` prints when it gets `input`; if it fails, an error that quotes its
/// output.
pub fn output_of(command: Command, input: &str) -> Result<String> {
    let output = fed(command, input)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!(
            "{}{}",
            String::from_utf8_lossy(&output.stderr).trim_end(),
            printed
        );
    }
    Ok(printed)
}
