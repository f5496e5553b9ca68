//! The places in which a request carries a token.
//!
//! Servers differ in what they accept as a token: they trim, fold case, unescape, and cut at various
//! characters. So a location must hold exactly one token in one spelling, or nothing. Otherwise the request
//! is refused. A text that any server could take for a token never counts as absent.

mod cookie;
mod header;
mod name;
mod query;

use crate::wire::Header;

use super::Refusal;

pub use query::without_tokens;

/// A place in which a request carries a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// A header. The prefix of `authorization` is a scheme (RFC 9110 §11.1), so its case is ignored.
    Header {
        /// The header's name, in lower case.
        name: String,
        /// The text before the token; may be empty.
        prefix: String,
    },
    /// A parameter of the query.
    Query(String),
    /// A cookie.
    Cookie(String),
}

/// A location that is not empty, and its token.
type Held<'p, 'r> = (&'p Location, Result<&'r [u8], Refusal>);

/// The tokens in `locations`, in a request with this `query` and these `headers`.
pub(super) fn tokens<'p, 'r>(
    locations: &[&'p Location],
    query: &'r str,
    headers: &[Header<'r>],
) -> Vec<Held<'p, 'r>> {
    let names = |of: fn(&'p Location) -> Option<&'p str>| -> Vec<&'p str> {
        locations.iter().filter_map(|location| of(location)).collect()
    };
    let parameters = names(|location| match location {
        Location::Query(name) => Some(name),
        _ => None,
    });
    let cookies = names(|location| match location {
        Location::Cookie(name) => Some(name),
        _ => None,
    });
    let mut found = header::tokens(locations, headers);
    for location in locations {
        let token = match location {
            Location::Header { .. } => Ok(None),
            Location::Query(name) => query::token(query, name, &parameters),
            Location::Cookie(name) => cookie::token(headers, name, &cookies),
        };
        found.extend(token.transpose().map(|token| (*location, token)));
    }
    found
}

/// The only value. A single empty value counts as none, but beside another value it is one too many.
fn only<'r>(values: &[&'r [u8]]) -> Result<Option<&'r [u8]>, Refusal> {
    match values {
        [] | [[]] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err(Refusal::Repeated),
    }
}

#[cfg(test)]
mod tests;
