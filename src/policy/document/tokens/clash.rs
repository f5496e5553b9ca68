//! Issuers that could be taken for each other.

use super::super::Loader;
use super::super::reader::At;
use super::place::overlap;
use crate::token::{Issuer, Place};

impl Loader {
    /// Complains where a token, or a request principal, could be of `issuer` and of one before it.
    pub(super) fn clashes(&mut self, at: At<'_>, before: &[(usize, Issuer)], issuer: &Issuer) {
        for (number, other) in before {
            if let Some((audience, place, surface)) = common(issuer, other) {
                let (of, place) = (
                    issuer
                        .issuer
                        .as_ref()
                        .map_or_else(String::new, |issuer| format!(" of `{issuer}`")),
                    shown(place),
                );
                let found = format!(
                    "a token{of} for `{audience}` in {place} on `{surface}` could be of tokens[{number}] as well"
                );
                let allowed = "another issuer, or audiences, locations or surfaces of its own".to_owned();
                self.reader.error(at, found, Some(allowed));
            } else if issuer.head() == other.head() && issuer.issuer != other.issuer {
                let found = format!(
                    "request principals of `{}` could be those of tokens[{number}] as well",
                    issuer.head()
                );
                let allowed = "an issuer that is no other's name".to_owned();
                self.reader.error(at, found, Some(allowed));
            }
        }
    }
}

/// An audience, a place and a surface that two issuers of one `iss` share.
fn common<'i>(one: &'i Issuer, other: &Issuer) -> Option<(&'i str, &'i Place, &'static str)> {
    if one.issuer != other.issuer {
        return None;
    }
    let audience = one
        .audiences
        .iter()
        .find(|audience| other.audiences.contains(audience))?;
    let taken = |place: &&Place| other.places.iter().any(|other| overlap(place, other));
    let place = one.places.iter().find(taken)?;
    let surface = one.surfaces.iter().find(|surface| other.is_on(**surface))?;
    Some((audience, place, surface.as_str()))
}

fn shown(place: &Place) -> String {
    match place {
        Place::Header { name, .. } => format!("the header `{name}`"),
        Place::Query(name) => format!("the parameter `{name}`"),
        Place::Cookie(name) => format!("the cookie `{name}`"),
    }
}

#[cfg(test)]
mod tests;
