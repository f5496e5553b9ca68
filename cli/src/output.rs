//! The standard output of all commands.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::exit;

/// Prints the text and returns the status. A reader that has seen enough, such as `head`, closes the pipe: that is not
/// an error.
pub(crate) fn print(text: &str, status: ExitCode) -> ExitCode {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("error: cannot write the output: {error}");
            exit::misuse()
        }
        _ => status,
    }
}
