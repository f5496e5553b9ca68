//! Tokens in the query.

use std::borrow::Cow;

use crate::token::Issuer;
use crate::wire::percent;

use super::name::is_like;
use super::{Location, Refusal, only};

/// The token that the parameter of this name carries; `names` are those of all places.
///
/// A token needs no escapes in a query, and an escaped one is refused as no base64url. Its name may
/// be escaped, and a server would find it all the same.
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
        // Some servers cut at `;` as well: Python's before 3.9.2 and Go's before 1.17.
        let mut behind = pair.split(';').skip(1);
        if behind.any(|part| is_like(&name_of(part), name)) {
            return Err(Refusal::Unreadable);
        }
    }
    only(&values)
}

/// A request's target with nothing in place of the tokens that its query carries, for logs.
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
