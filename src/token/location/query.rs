//! Tokens in the query.

use std::borrow::Cow;

use crate::token::Issuer;
use crate::wire::percent;

use super::name::is_like;
use super::{Location, Refusal, only};

/// The token in the parameter of this name; `names` are the parameter names of all locations.
///
/// A token needs no escapes in a query, so an escaped token is refused as invalid base64url. The parameter's
/// name may be escaped, because a server would still find it.
pub(super) fn token<'r>(query: &'r str, name: &str, names: &[&str]) -> Result<Option<&'r [u8]>, Refusal> {
    let mut values = Vec::new();
    for pair in query.split('&') {
        let (other, value) = pair.split_once('=').unwrap_or((pair, ""));
        let other = percent::query(other);
        if *other == *name.as_bytes() {
            values.push(value.as_bytes());
        } else if is_like(&other, name) && !names.iter().any(|name| *other == *name.as_bytes()) {
            return Err(Refusal::Unreadable);
        }
        // Some servers also cut at `;`: Python's before 3.9.2 and Go's before 1.17.
        let mut behind = pair.split(';').skip(1);
        if behind.any(|part| is_like(&name_of(part), name)) {
            return Err(Refusal::Unreadable);
        }
    }
    only(&values)
}

/// A request's target without the tokens in its query, for logs.
pub fn without_tokens<'t>(target: &'t str, issuers: &[Issuer]) -> Cow<'t, str> {
    let locations = || issuers.iter().flat_map(|issuer| &issuer.locations);
    let is_token = |pair: &str| {
        let name = name_of(pair);
        locations().any(|location| matches!(location, Location::Query(token) if is_like(&name, token)))
    };
    let Some((path, query)) = target.split_once('?') else {
        return Cow::Borrowed(target);
    };
    let separators = ['&', ';'];
    if !query.split(separators).any(is_token) {
        return Cow::Borrowed(target);
    }
    let mut kept = format!("{path}?");
    for part in query.split_inclusive(separators) {
        let pair = part.trim_end_matches(separators);
        match pair.split_once('=') {
            Some((name, _)) if is_token(pair) => {
                kept.push_str(name);
                kept.push_str("=…");
                kept.push_str(part.get(pair.len()..).unwrap_or_default());
            }
            _ => kept.push_str(part),
        }
    }
    Cow::Owned(kept)
}

fn name_of(pair: &str) -> Cow<'_, [u8]> {
    percent::query(pair.split_once('=').map_or(pair, |(name, _)| name))
}
