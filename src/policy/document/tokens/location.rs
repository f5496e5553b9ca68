//! Reads where requests carry an issuer's tokens.

use serde_json::value::RawValue;

use super::super::super::error::ErrorKind;
use super::super::super::grammar::{FieldSet, LocationField};
use super::super::Loader;
use super::super::reader::At;
use super::Kind;
use crate::token::Location;

const ONE: &str = "exactly one of `header`, `query` and `cookie`";

/// The bytes of a token in RFC 9110 §5.6.2, beside letters and digits. The names of headers and cookies are
/// such tokens.
const TOKEN: &[u8] = b"!#$%&'*+-.^_`|~";

/// The bytes that a URL spells in one way only (RFC 3986 §2.3), beside letters and digits.
const UNRESERVED: &[u8] = b"-._~";

impl Loader {
    pub(super) fn locations(&mut self, at: At<'_>, raw: &RawValue) -> Vec<Location> {
        let mut locations: Vec<(usize, Location)> = Vec::new();
        for (number, item) in self.reader.some_list(at, raw).into_iter().enumerate() {
            let at = at.index(number);
            let Some(location) = self.location(at, item) else {
                continue;
            };
            match locations.iter().find(|(_, other)| overlap(other, &location)) {
                Some((first, _)) => {
                    let found = format!("locations[{first}] takes tokens from there already");
                    self.reader
                        .conflict(at, found, "a location of its own".to_owned());
                }
                None => locations.push((number, location)),
            }
        }
        locations.into_iter().map(|(_, location)| location).collect()
    }

    fn location(&mut self, at: At<'_>, raw: &RawValue) -> Option<Location> {
        let fields = self.reader.object::<LocationField>(at, raw)?;
        let (mut locations, mut prefix) = (Vec::new(), None);
        for (field, value) in &fields {
            let at = at.key(field.name());
            match field {
                LocationField::Header => {
                    locations.push(self.header(at, value).map(|name| Location::Header {
                        name,
                        prefix: String::new(),
                    }))
                }
                LocationField::Query => {
                    let allowed = "a parameter's name, such as `access_token`";
                    locations.push(self.name_of(at, value, UNRESERVED, allowed).map(Location::Query));
                }
                LocationField::Cookie => {
                    let allowed = "a cookie's name, such as `_token`";
                    locations.push(self.name_of(at, value, TOKEN, allowed).map(Location::Cookie));
                }
                LocationField::Prefix => prefix = Some(self.prefix(at, value)),
            }
        }
        if locations.len() != 1 {
            let (kind, found) = match locations.is_empty() {
                true => (
                    ErrorKind::MissingField,
                    "none of `header`, `query` and `cookie` is given",
                ),
                false => (
                    ErrorKind::Conflict,
                    "more than one of `header`, `query` and `cookie` is given",
                ),
            };
            self.reader
                .push(kind, at, found.to_owned(), Some(ONE.to_owned()), None);
            return None;
        }
        match (locations.pop().flatten()?, prefix) {
            (location, None) => Some(location),
            (Location::Header { name, .. }, Some(prefix)) => Some(Location::Header {
                name,
                prefix: prefix?,
            }),
            (Location::Query(_) | Location::Cookie(_), Some(_)) => {
                let found = "only a header's token has a prefix".to_owned();
                let allowed = "`prefix` beside `header`".to_owned();
                self.reader.conflict(at.key("prefix"), found, allowed);
                None
            }
        }
    }

    fn header(&mut self, at: At<'_>, raw: &RawValue) -> Option<String> {
        let allowed = "a header's name in lower case, such as `x-service-account-token`";
        let name = self.name_of(at, raw, TOKEN, allowed)?;
        if name == "cookie" {
            let found = "`cookie` holds all cookies".to_owned();
            self.reader
                .error(at, found, Some("`cookie: NAME` in place of `header`".to_owned()));
            return None;
        }
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let nearest = Some(name.to_ascii_lowercase());
            self.reader.misspelt(
                at,
                format!("`{name}` has upper case"),
                allowed.to_owned(),
                nearest,
            );
            return None;
        }
        Some(name)
    }

    /// Reads a name made of ASCII letters, digits and `others`.
    fn name_of(&mut self, at: At<'_>, raw: &RawValue, others: &[u8], allowed: &str) -> Option<String> {
        let name = self.reader.text(at, raw, allowed)?.into_owned();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
        if name.is_empty() || !name.bytes().all(legal) {
            let found = format!("invalid name `{}`", name.escape_debug());
            self.reader.error(at, found, Some(allowed.to_owned()));
            return None;
        }
        Some(name)
    }

    fn prefix(&mut self, at: At<'_>, raw: &RawValue) -> Option<String> {
        let allowed = "the text before the token, such as `Bearer `";
        let prefix = self.reader.text(at, raw, allowed)?.into_owned();
        let legal = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        // White space around a header's value does not belong to the value.
        if prefix.starts_with(' ') || !prefix.bytes().all(legal) {
            let found = format!("invalid prefix `{}`", prefix.escape_debug());
            self.reader.error(at, found, Some(allowed.to_owned()));
            return None;
        }
        Some(prefix)
    }
}

/// Whether the same token can be in both locations.
pub(super) fn overlap(one: &Location, other: &Location) -> bool {
    match (one, other) {
        (
            Location::Header { name, prefix },
            Location::Header {
                name: other,
                prefix: other_prefix,
            },
        ) => {
            let common = prefix.len().min(other_prefix.len());
            let heads = (prefix.get(..common), other_prefix.get(..common));
            let alike = match heads {
                (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
                _ => false,
            };
            name == other && alike
        }
        _ => one == other,
    }
}

/// The default locations for a kind of token: the header of RFC 6750 §2.1, and the cookie of Airflow's pages.
pub(super) fn default_of(kind: Kind) -> Vec<Location> {
    let bearer = Location::Header {
        name: "authorization".to_owned(),
        prefix: "Bearer ".to_owned(),
    };
    match kind {
        Kind::AirflowUser => vec![bearer, Location::Cookie("_token".to_owned())],
        Kind::Kubernetes | Kind::Oidc | Kind::AirflowTask => vec![bearer],
    }
}

#[cfg(test)]
mod tests;
