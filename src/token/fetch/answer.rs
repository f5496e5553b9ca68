//! What an issuer answers when it is asked for its keys.

use std::fmt;

use crate::token::KeySet;

/// Why a fetch brought no keys. Of what was answered it tells the status alone: it is for logs, and
/// anything may stand in the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answered in time, or the proxy could not ask.
    NoAnswer,
    /// The answer's status is not 200.
    Status(u16),
    /// The answer is no JWK Set with a key of use, or too long a one.
    Document,
}

/// When a line in the log is due: once where fetching begins to fail, and once where it works again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The first fetch that failed after one that did not, or the very first.
    Failing(Failure),
    /// The first fetch that did not fail after one that did.
    Working,
}

/// The document that was answered, if it is one: the status, then the body.
pub(super) fn document(answer: Option<(u16, &[u8])>) -> Result<&[u8], Failure> {
    let (status, body) = answer.ok_or(Failure::NoAnswer)?;
    if status != 200 {
        return Err(Failure::Status(status));
    }
    match KeySet::parse(body) {
        Ok(_) => Ok(body),
        Err(_) => Err(Failure::Document),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("no answer"),
            Self::Status(status) => write!(f, "status {status}, expected 200"),
            Self::Document => f.write_str("no JWK Set with a key of use"),
        }
    }
}

impl std::error::Error for Failure {}
