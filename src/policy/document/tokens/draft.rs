//! An issuer of tokens while it is read.

use super::super::super::grammar::IssuerField;
use super::super::reader::{At, Read};
use super::url::Url;
use crate::operation::Surface;
use crate::token::{Algorithm, KeySet, Kind, Location};

/// The fields of an issuer that are given and valid.
#[derive(Default)]
pub(super) struct Given {
    pub(super) name: Option<String>,
    pub(super) kind: Option<Kind>,
    pub(super) issuer: Option<String>,
    pub(super) audiences: Vec<String>,
    /// Each with its number in the list.
    pub(super) algorithms: Vec<(usize, Algorithm)>,
    pub(super) keys: Option<KeySet>,
    pub(super) url: Option<Url>,
    pub(super) cluster: Option<String>,
    pub(super) refresh: Option<u64>,
    pub(super) from_istio: bool,
    pub(super) locations: Option<Vec<Location>>,
    pub(super) surfaces: Option<Vec<Surface>>,
    pub(super) clock_skew: Option<u64>,
    pub(super) bound_to_peer: Option<bool>,
    pub(super) required: bool,
}

/// An issuer that is being read: its position, and its fields so far.
pub(super) struct Draft<'r> {
    pub(super) at: At<'r>,
    pub(super) kind: Kind,
    pub(super) fields: &'r Read<'r, IssuerField>,
    pub(super) given: &'r Given,
}

impl Draft<'_> {
    pub(super) fn has(&self, field: IssuerField) -> bool {
        self.fields.iter().any(|(other, _)| *other == field)
    }
}
