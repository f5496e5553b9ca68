//! Where a request carries a token.
//!
//! Servers differ in what they take for a token: they trim, fold case, unescape, and cut at other
//! characters. So a place holds one token in one spelling, or nothing, or the request is refused.
//! What a server could take for a token never counts as none.

mod cookie;
mod header;
mod name;
mod query;

use crate::wire::Header;

use super::Refusal;

pub use query::without_tokens;

/// Where a request carries a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// A header. The prefix of `authorization`, which is a scheme (RFC 9110 §11.1), is compared
    /// without regard to case.
    Header {
        /// The header's name, in lower case.
        name: String,
        /// What stands before the token; may be empty.
        prefix: String,
    },
    /// A parameter of the query.
    Query(String),
    /// A cookie.
    Cookie(String),
}

/// A place that is not empty, and its token.
type Held<'p, 'r> = (&'p Location, Result<&'r [u8], Refusal>);

/// What a request with this `query` and these `headers` carries in `places`.
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

/// The only value. An empty one is none, but is one too many beside another.
fn only<'r>(values: &[&'r [u8]]) -> Result<Option<&'r [u8]>, Refusal> {
    match values {
        [] | [[]] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err(Refusal::Repeated),
    }
}

#[cfg(test)]
mod tests;
