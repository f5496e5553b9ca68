//! Tokens in headers.

use crate::wire::Header;

use super::name::is_like;
use super::{Held, Location, Refusal, only};

const AUTHORIZATION: &str = "authorization";

/// The tokens in those of `locations` that are headers.
pub(super) fn tokens<'p, 'r>(locations: &[&'p Location], headers: &[Header<'r>]) -> Vec<Held<'p, 'r>> {
    let mut found = Vec::new();
    let mut read: Vec<&str> = Vec::new();
    for &location in locations {
        if let Location::Header { name, .. } = location
            && !read.contains(&name.as_str())
        {
            read.push(name);
            found.extend(token(location, name, locations, headers));
        }
    }
    found
}

/// The token in the header of this name, with the location whose prefix it has; `first` is the first location
/// that looks at this header.
fn token<'p, 'r>(
    first: &'p Location,
    name: &str,
    locations: &[&'p Location],
    headers: &[Header<'r>],
) -> Option<Held<'p, 'r>> {
    let mut values = Vec::new();
    for (other, value) in headers {
        if *other == name.as_bytes() {
            values.push(*value);
        } else if is_like(other, name) && !is_read(other, locations) {
            return Some((first, Err(Refusal::Unreadable)));
        }
    }
    let value = match only(&values) {
        Ok(value) => value?,
        Err(refusal) => return Some((first, Err(refusal))),
    };
    let here = locations.iter().filter_map(|location| match location {
        Location::Header { name: other, prefix } if other == name => Some((*location, prefix.as_str())),
        _ => None,
    });
    let longest = here
        .clone()
        .filter(|(_, prefix)| has_prefix(value, prefix, name))
        .max_by_key(|(_, prefix)| prefix.len());
    if let Some((location, prefix)) = longest {
        return Some((location, Ok(value.get(prefix.len()..).unwrap_or_default())));
    }
    let is_none = name == AUTHORIZATION
        && here
            .clone()
            .all(|(_, prefix)| is_of_another_scheme(value, prefix));
    (!is_none).then_some((first, Err(Refusal::Unreadable)))
}

/// Whether a location has exactly this name.
fn is_read(header: &[u8], locations: &[&Location]) -> bool {
    locations
        .iter()
        .any(|location| matches!(location, Location::Header { name, .. } if name.as_bytes() == header))
}

fn has_prefix(value: &[u8], prefix: &str, name: &str) -> bool {
    let head = value.get(..prefix.len());
    head.is_some_and(|head| match name {
        AUTHORIZATION => head.eq_ignore_ascii_case(prefix.as_bytes()),
        _ => head == prefix.as_bytes(),
    })
}

/// Whether a value of `authorization` is for a scheme other than that of `prefix`, such as Airflow 2's
/// `Basic` (RFC 9110 §11.4). False if the value contains the prefix anywhere: Envoy joins the values of a
/// repeated `authorization` with commas, and its own JWT filter searches the whole value for the prefix
/// (`extractor.cc`).
fn is_of_another_scheme(value: &[u8], prefix: &str) -> bool {
    let Some(blank) = value.iter().position(|byte| *byte == b' ') else {
        return false;
    };
    let (scheme, rest) = value.split_at_checked(blank).unwrap_or_default();
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let ours = prefix.trim_end().as_bytes();
    let has_ours = value
        .windows(ours.len().max(1))
        .any(|part| part.eq_ignore_ascii_case(ours));
    !scheme.is_empty() && scheme.iter().all(is_tchar) && rest.len() > 1 && !has_ours
}
