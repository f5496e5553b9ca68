//! An issuer's answers to requests for its keys.

use std::fmt;

use crate::token::KeySet;

/// The reason why a fetch brought no keys. It goes into logs, so it shows only the status of the answer: the
/// issuer controls the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No answer came in time, or the proxy could not send the request.
    NoAnswer,
    /// The answer's status is not 200.
    Status(u16),
    /// The answer is not a JWK Set with a usable key, or is too long.
    Document,
}

/// A change that is logged: fetching begins to fail, or works again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The first fetch that failed after one that succeeded, or the very first fetch.
    Failing(Failure),
    /// The first fetch that succeeded after one that failed.
    Working,
}

/// The document in the answer, if it is one: the status, then the body.
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
            Self::Document => f.write_str("not a JWK Set with a usable key"),
        }
    }
}

impl std::error::Error for Failure {}
