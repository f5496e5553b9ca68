//! Progress of slow work: a spinner on a terminal, plain lines elsewhere.

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;

/// Lines of output that an error quotes.
const QUOTED_LINES: usize = 15;

/// Shows `message` on standard error while `work` runs.
pub fn during<T>(message: &str, work: impl FnOnce(&ProgressBar) -> T) -> T {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        eprintln!("{message} ...");
        ProgressBar::hidden()
    };
    bar.set_message(message.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    let result = work(&bar);
    bar.finish_and_clear();
    result
}

/// Runs `command` to its end under a spinner that shows its latest line.
///
/// If it fails, the error quotes the last lines of its output.
pub fn run(message: &str, command: &mut Command) -> Result<()> {
    during(message, |bar| {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{program}`"))?;

        let output = child.stdout.take();
        let errors = child.stderr.take();
        let mut lines = thread::scope(|scope| {
            let reader = scope.spawn(|| follow(errors, bar, message));
            let mut lines = follow(output, bar, message);
            lines.extend(reader.join().unwrap_or_default());
            lines
        });

        let status = child.wait()?;
        if status.success() {
            return Ok(());
        }
        let quoted = lines.split_off(lines.len().saturating_sub(QUOTED_LINES));
        bail!("`{program}` ended with {status}:\n  {}", quoted.join("\n  "))
    })
}

fn follow(source: Option<impl Read>, bar: &ProgressBar, message: &str) -> Vec<String> {
    let Some(source) = source else {
        return Vec::new();
    };
    BufReader::new(source)
        .lines()
        .map_while(Result::ok)
        .inspect(|line| {
            bar.set_message(format!(
                "{message}: {}",
                line.chars().take(80).collect::<String>()
            ))
        })
        .collect()
}
