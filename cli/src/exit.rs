//! The exit statuses of all commands; success is 0.

use std::process::ExitCode;

/// The answer is no: a file is not valid, a request is not allowed.
pub(crate) fn negative() -> ExitCode {
    ExitCode::from(1)
}

/// There is no answer: wrong usage, or a file that cannot be read.
pub(crate) fn misuse() -> ExitCode {
    ExitCode::from(2)
}
