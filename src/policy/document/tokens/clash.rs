//! Finds issuers that the filter could confuse with each other.

use super::super::Loader;
use super::super::reader::At;
use super::location::overlap;
use crate::token::{Issuer, Location};

impl Loader {
    /// Reports a token, or a request principal, that could belong both to `issuer` and to an earlier one.
    pub(super) fn clashes(&mut self, at: At<'_>, before: &[(usize, Issuer)], issuer: &Issuer) {
        for (number, other) in before {
            if let Some((audience, location, surface)) = common(issuer, other) {
                let (of, location) = (
                    issuer
                        .issuer
                        .as_ref()
                        .map_or_else(String::new, |issuer| format!(" of `{issuer}`")),
                    shown(location),
                );
                let found = format!(
                    "a token{of} for `{audience}` in {location} on `{surface}` could be of tokens[{number}] as well"
                );
                let allowed = "another issuer, or audiences, locations or surfaces of its own".to_owned();
                self.reader.conflict(at, found, allowed);
            } else if issuer.head() == other.head() && issuer.issuer != other.issuer {
                let found = format!(
                    "request principals of `{}` could be those of tokens[{number}] as well",
                    issuer.head()
                );
                let allowed = "an issuer that is not another's name".to_owned();
                self.reader.conflict(at, found, allowed);
            }
        }
    }
}

/// An audience, a location and a surface that two issuers with the same `iss` share.
fn common<'i>(one: &'i Issuer, other: &Issuer) -> Option<(&'i str, &'i Location, &'static str)> {
    if one.issuer != other.issuer {
        return None;
    }
    let audience = one
        .audiences
        .iter()
        .find(|audience| other.audiences.contains(audience))?;
    let taken = |location: &&Location| other.locations.iter().any(|other| overlap(location, other));
    let location = one.locations.iter().find(taken)?;
    let surface = one.surfaces.iter().find(|surface| other.is_on(**surface))?;
    Some((audience, location, surface.as_str()))
}

fn shown(location: &Location) -> String {
    match location {
        Location::Header { name, .. } => format!("the header `{name}`"),
        Location::Query(name) => format!("the parameter `{name}`"),
        Location::Cookie(name) => format!("the cookie `{name}`"),
    }
}

#[cfg(test)]
mod tests;
