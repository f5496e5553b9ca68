//! Where a request carries a token.
//!
//! Servers differ in what they take for a token: they trim, fold case, unescape, and cut at other
//! characters. So a place holds one token in one spelling, or nothing, or the request is refused.
//! What a server could take for a token never counts as none.

mod cookie;
mod header;
mod name;
mod query;

use crate::caller::Header;

use super::Refusal;

pub use query::without_tokens;

/// Where a request carries a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
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
type Held<'p, 'r> = (&'p Place, Result<&'r [u8], Refusal>);

/// What a request with this `query` and these `headers` carries in `places`.
pub(super) fn tokens<'p, 'r>(
    places: &[&'p Place],
    query: &'r str,
    headers: &[Header<'r>],
) -> Vec<Held<'p, 'r>> {
    let names = |of: fn(&'p Place) -> Option<&'p str>| -> Vec<&'p str> {
        places.iter().filter_map(|place| of(place)).collect()
    };
    let parameters = names(|place| match place {
        Place::Query(name) => Some(name),
        _ => None,
    });
    let cookies = names(|place| match place {
        Place::Cookie(name) => Some(name),
        _ => None,
    });
    let mut found = header::tokens(places, headers);
    for place in places {
        let token = match place {
            Place::Header { .. } => Ok(None),
            Place::Query(name) => query::token(query, name, &parameters),
            Place::Cookie(name) => cookie::token(headers, name, &cookies),
        };
        found.extend(token.transpose().map(|token| (*place, token)));
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
