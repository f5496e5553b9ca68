//! The exit statuses of all commands. Success is 0.

use std::process::ExitCode;

/// The exit status for a negative answer: a file is invalid, or a request is refused.
pub(crate) fn negative() -> ExitCode {
    ExitCode::from(1)
}

/// The exit status for no answer: wrong usage, or an unreadable file.
pub(crate) fn misuse() -> ExitCode {
    ExitCode::from(2)
}
