//! Reads `tokens`: the issuers whose tokens requests may carry.

mod clash;
mod draft;
mod location;
mod signing;
mod source;
mod url;

use serde_json::value::RawValue;

use super::super::error::LoadError;
use super::super::grammar::{DocumentField, FieldSet, IssuerField, words};
use super::Loader;
use super::reader::{At, Read};
use crate::operation::Surface;
use crate::token::{Issuer, Kind};
use draft::{Draft, Given};

const CLOCK_SKEW: u64 = 60;

impl Loader {
    /// Reads the issuers into `issuers`. Returns their errors, so that the caller can place them in document
    /// order.
    pub(super) fn tokens_first(
        &mut self,
        root: At<'_>,
        fields: &Read<'_, DocumentField>,
        issuers: &mut Vec<Issuer>,
    ) -> Vec<LoadError> {
        let before = self.reader.errors.len();
        let tokens = DocumentField::Tokens;
        if let Some((_, value)) = fields.iter().find(|(field, _)| *field == tokens) {
            *issuers = self.tokens(root.key(tokens.name()), value);
        }
        let errors = self.reader.errors.split_off(before);
        if errors.is_empty() {
            self.issuers = Some(issuers.iter().map(|issuer| issuer.head().to_owned()).collect());
        }
        errors
    }

    fn tokens(&mut self, at: At<'_>, raw: &RawValue) -> Vec<Issuer> {
        let mut named = Vec::new();
        let mut issuers = Vec::new();
        for (number, raw) in self.reader.some_list(at, raw).into_iter().enumerate() {
            let at = at.index(number);
            if let Some(issuer) = self.issuer(at, &mut named, raw) {
                self.clashes(at, &issuers, &issuer);
                issuers.push((number, issuer));
            }
        }
        issuers.into_iter().map(|(_, issuer)| issuer).collect()
    }

    fn issuer(&mut self, at: At<'_>, named: &mut Vec<Option<String>>, raw: &RawValue) -> Option<Issuer> {
        let before = self.reader.errors.len();
        named.push(None);
        let fields = self.reader.object::<IssuerField>(at, raw)?;
        let mut given = Given::default();
        for (field, value) in &fields {
            self.issuer_field(at.key(field.name()), *field, value, named, &mut given);
        }
        self.reader.required(at, &fields);
        let kind = given.kind?;
        let draft = Draft {
            at,
            kind,
            fields: &fields,
            given: &given,
        };
        let algorithms = self.algorithms(&draft);
        let source = self.source(&draft, &algorithms);
        self.belongs(&draft);
        if self.reader.errors.len() > before {
            return None;
        }
        Some(Issuer {
            kind,
            algorithms,
            source: source?,
            name: given.name?,
            issuer: given.issuer,
            audiences: given.audiences,
            locations: given.locations.unwrap_or_else(|| location::default_of(kind)),
            surfaces: given.surfaces.unwrap_or_else(|| surfaces_of(kind)),
            clock_skew: given.clock_skew.unwrap_or(CLOCK_SKEW),
            bound_to_peer: given.bound_to_peer.unwrap_or(kind == Kind::Kubernetes),
            required: given.required,
        })
    }

    fn issuer_field(
        &mut self,
        at: At<'_>,
        field: IssuerField,
        value: &RawValue,
        named: &mut [Option<String>],
        given: &mut Given,
    ) {
        match field {
            IssuerField::Name => given.name = self.issuer_name(at, named, value),
            IssuerField::Kind => given.kind = self.reader.word(at, value, &words::kinds(), Kind::parse),
            IssuerField::Issuer => {
                given.issuer = self.literal(at, value, "the value of `iss`, such as `https://issuer.example`")
            }
            IssuerField::Audiences => given.audiences = self.audiences(at, value),
            IssuerField::Algorithms => given.algorithms = self.algorithm_list(at, value),
            IssuerField::Jwks => given.keys = self.key_set(at, value),
            IssuerField::JwksUri => given.url = self.url(at, value),
            IssuerField::Cluster => {
                let allowed = "Envoy's name of a cluster, such as `outbound|443||issuer.example`";
                given.cluster = self.literal(at, value, allowed);
            }
            IssuerField::RefreshSeconds => {
                given.refresh = self.reader.number(at, value, words::REFRESH_SECONDS);
            }
            IssuerField::FromIstio => given.from_istio = self.reader.flag(at, value),
            IssuerField::Locations => given.locations = Some(self.locations(at, value)),
            IssuerField::Surfaces => given.surfaces = Some(self.surfaces(at, value)),
            IssuerField::ClockSkewSeconds => {
                given.clock_skew = self.reader.number(at, value, words::CLOCK_SKEW_SECONDS);
            }
            IssuerField::BoundToPeer => given.bound_to_peer = Some(self.reader.flag(at, value)),
            IssuerField::Required => given.required = self.reader.flag(at, value),
        }
    }

    fn issuer_name(&mut self, at: At<'_>, named: &mut [Option<String>], raw: &RawValue) -> Option<String> {
        let name = self.reader.name(at, raw)?.into_owned();
        if let Some(first) = named.iter().position(|other| other.as_ref() == Some(&name)) {
            let found = format!("`{name}` is the name of tokens[{first}] already");
            self.reader
                .conflict(at, found, "a name that no other issuer has".to_owned());
            return None;
        }
        if let Some(last) = named.last_mut() {
            *last = Some(name.clone());
        }
        Some(name)
    }

    /// Reads a text that is compared as a whole, without patterns.
    fn literal(&mut self, at: At<'_>, raw: &RawValue, allowed: &str) -> Option<String> {
        let text = self.reader.text(at, raw, allowed)?.into_owned();
        let bad = match &*text {
            "" => "is empty",
            text if text.contains('*') => "has a `*`, and is compared as it is written",
            text if text.contains(|c: char| c.is_whitespace() || c.is_control()) => "has white space",
            _ => return Some(text),
        };
        let found = format!("`{}` {bad}", text.escape_debug());
        self.reader.error(at, found, Some(allowed.to_owned()));
        None
    }

    fn audiences(&mut self, at: At<'_>, raw: &RawValue) -> Vec<String> {
        let audiences = self.reader.some_list(at, raw);
        let read = |(number, item)| self.literal(at.index(number), item, "an audience, such as `airflow`");
        audiences.into_iter().enumerate().filter_map(read).collect()
    }

    fn surfaces(&mut self, at: At<'_>, raw: &RawValue) -> Vec<Surface> {
        let words = words::surfaces();
        let mut surfaces = Vec::new();
        for (number, item) in self.reader.some_list(at, raw).into_iter().enumerate() {
            surfaces.extend(self.reader.word(at.index(number), item, &words, Surface::parse));
        }
        surfaces
    }

    /// Reports fields that the kind does not take, and fields that it requires.
    fn belongs(&mut self, draft: &Draft<'_>) {
        let kind = draft.kind.as_str();
        let of_airflow = matches!(draft.kind, Kind::AirflowUser | Kind::AirflowTask);
        // A JWT-SVID does not need to name its issuer. If it is bound to its peer, its subject names the
        // issuer.
        let is_svid =
            draft.kind == Kind::Oidc && draft.given.bound_to_peer == Some(true) && !draft.given.from_istio;
        if !of_airflow && !is_svid && !draft.has(IssuerField::Issuer) {
            let allowed = match draft.kind {
                Kind::Oidc => {
                    "the `iss` of its tokens, such as `https://issuer.example`; for JWT-SVIDs without `iss` \
                     `boundToPeer: true`"
                }
                _ => "the `iss` of its tokens, such as `https://issuer.example`",
            };
            self.reader
                .missing(draft.at, "`issuer` is missing".to_owned(), allowed.to_owned());
        }
        if of_airflow && draft.given.bound_to_peer == Some(true) {
            let found = format!("tokens of kind `{kind}` name no peer");
            let allowed = "`boundToPeer: true` with `kubernetes` or `oidc`".to_owned();
            self.reader.conflict(draft.at.key("boundToPeer"), found, allowed);
        }
    }
}

/// The default surfaces for a kind of token. On the surfaces `execution` and `logs` the header
/// `authorization` carries Airflow's own tokens.
fn surfaces_of(kind: Kind) -> Vec<Surface> {
    match kind {
        Kind::AirflowTask => vec![Surface::Execution],
        Kind::AirflowUser => vec![Surface::Rest, Surface::Ui, Surface::Auth],
        Kind::Kubernetes | Kind::Oidc => Surface::ALL
            .into_iter()
            .filter(|surface| !matches!(surface, Surface::Execution | Surface::Logs))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
