//! Reads which party vouches for the signature of an issuer's tokens.

use std::time::Duration;

use serde_json::value::RawValue;

use super::super::super::grammar::{FieldSet, IssuerField};
use super::super::super::json::Node;
use super::super::Loader;
use super::super::reader::{At, quoted};
use super::{Draft, Kind};
use crate::token::{Algorithm, KeySet, Remote, Source};

const SOURCES: [IssuerField; 3] = [IssuerField::Jwks, IssuerField::JwksUri, IssuerField::FromIstio];

const REFRESH: u64 = 300;

/// The location of a JWKS.
pub(super) struct Url {
    scheme: String,
    authority: String,
    path: String,
}

impl Loader {
    /// Reads a JWKS that stands in the policy. Its errors quote none of it, because some keys are secret.
    pub(super) fn key_set(&mut self, at: At<'_>, raw: &RawValue) -> Option<KeySet> {
        let allowed = "a JWK Set, `{keys: [...]}` or a text with its JSON";
        let text = match Node::read(raw) {
            Node::Object(_) => raw.get().into(),
            _ => self.reader.formal(at, raw, allowed)?,
        };
        match KeySet::parse(text.as_bytes()) {
            Ok(keys) => Some(keys),
            Err(error) => {
                self.reader.error(at, error.to_string(), Some(allowed.to_owned()));
                None
            }
        }
    }

    /// Reads the URL of a JWKS.
    pub(super) fn url(&mut self, at: At<'_>, raw: &RawValue) -> Option<Url> {
        let allowed = "`https://HOST/PATH`, or `http://HOST/PATH`";
        let text = self.reader.formal(at, raw, allowed)?;
        let url = Url::parse(&text);
        if let Err(bad) = url {
            // The error does not quote the URL, which may contain a password.
            self.reader.error(at, bad.to_owned(), Some(allowed.to_owned()));
        }
        url.ok()
    }

    /// The one source that vouches for the signature.
    pub(super) fn source(&mut self, draft: &Draft<'_>, algorithms: &[Algorithm]) -> Option<Source> {
        let given = draft.given;
        self.only_beside(draft);
        let fields = draft.fields.iter().map(|(field, _)| *field);
        let mut sources = fields.filter(|field| match field {
            IssuerField::FromIstio => given.from_istio,
            other => SOURCES.contains(other),
        });
        let Some(source) = sources.next() else {
            let found = format!("none of {} is given", quoted(&SOURCES.map(IssuerField::name)));
            self.reader
                .missing(draft.at, found, "exactly one of them".to_owned());
            return None;
        };
        for other in sources.filter(|other| *other != source) {
            let found = format!("`{}` is given already", source.name());
            let allowed = format!("exactly one of {}", quoted(&SOURCES.map(IssuerField::name)));
            self.reader.conflict(draft.at.key(other.name()), found, allowed);
        }
        match (&given.url, &given.keys) {
            _ if given.from_istio => Some(Source::Istio),
            (_, Some(keys)) => self.inline(draft, keys, algorithms),
            (Some(url), None) => Some(Source::Remote(Remote {
                cluster: given.cluster.clone()?,
                scheme: url.scheme.clone(),
                authority: url.authority.clone(),
                path: url.path.clone(),
                every: Duration::from_secs(given.refresh.unwrap_or(REFRESH)),
            })),
            (None, None) => None,
        }
    }

    /// Reports fields that have no effect with the given source.
    fn only_beside(&mut self, draft: &Draft<'_>) {
        if draft.has(IssuerField::JwksUri) && !draft.has(IssuerField::Cluster) {
            let host = draft.given.url.as_ref().map_or("issuer.example", Url::host);
            let port = draft.given.url.as_ref().map_or(443, Url::port);
            let allowed =
                format!("Envoy's name of the cluster that leads there, such as `outbound|{port}||{host}`");
            self.reader
                .missing(draft.at, "`cluster` is missing".to_owned(), allowed);
        }
        for field in [IssuerField::Cluster, IssuerField::RefreshSeconds] {
            if draft.has(field) && !draft.has(IssuerField::JwksUri) {
                let field = field.name();
                let found = format!("`{field}` has no effect without `jwksUri`");
                let allowed = format!("`{field}` beside `jwksUri`");
                self.reader.conflict(draft.at.key(field), found, allowed);
            }
        }
        if !draft.given.from_istio {
            return;
        }
        for field in [IssuerField::Algorithms, IssuerField::ClockSkewSeconds] {
            if draft.has(field) {
                let field = field.name();
                let found = format!("`{field}` has no effect: Istio verifies these tokens (`fromIstio`)");
                let allowed = format!("`{field}` beside `jwks` or `jwksUri`");
                self.reader.conflict(draft.at.key(field), found, allowed);
            }
        }
        if matches!(draft.kind, Kind::AirflowUser | Kind::AirflowTask) {
            let found = format!("Istio verifies no tokens of kind `{}`", draft.kind.as_str());
            let allowed = "`fromIstio` with `kubernetes` or `oidc`; here `jwks` or `jwksUri`".to_owned();
            self.reader.conflict(draft.at.key("fromIstio"), found, allowed);
        }
    }

    /// The keys that stand in the policy. At least one must be for one of the algorithms.
    fn inline(&mut self, draft: &Draft<'_>, keys: &KeySet, algorithms: &[Algorithm]) -> Option<Source> {
        let fits = |algorithm: &Algorithm| keys.keys().iter().any(|key| key.fits(*algorithm));
        if algorithms.is_empty() || algorithms.iter().any(fits) {
            return Some(Source::Inline(keys.clone()));
        }
        let algorithms: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        let left_out: Vec<String> = keys.left_out().collect();
        let left_out = match &*left_out {
            [] => String::new(),
            some => format!(" ({})", some.join("; ")),
        };
        let found = format!("no key is for {}{left_out}", quoted(&algorithms));
        let allowed = "at least one key for one of the `algorithms`".to_owned();
        self.reader.conflict(draft.at.key("jwks"), found, allowed);
        None
    }
}

impl Url {
    /// Splits a URL into the parts that a request for it needs.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
            _ => return Err("does not begin with `https://` or `http://`"),
        };
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("has a character that a URL cannot contain");
        }
        if rest.contains('#') {
            return Err("has a fragment, which no request carries");
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("has a user name before its host, which no request carries");
        }
        let url = Self {
            scheme: scheme.to_owned(),
            authority: authority.to_owned(),
            path: if path.starts_with('/') {
                path.to_owned()
            } else {
                format!("/{path}")
            },
        };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let bracketed = url
            .host()
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = bracketed.unwrap_or(url.host());
        if host.is_empty()
            || !host
                .bytes()
                .all(|byte| legal(byte) || (bracketed.is_some() && byte == b':'))
        {
            return Err("has no host, or a host with an invalid character");
        }
        match authority.strip_prefix(url.host()).unwrap_or_default() {
            "" => Ok(url),
            _ if url.written_port().is_some_and(|port| port != 0) => Ok(url),
            _ => Err("has a port that is not a number from 1 to 65535"),
        }
    }

    fn host(&self) -> &str {
        let end = self
            .authority
            .rfind(':')
            .filter(|colon| self.authority.rfind(']').is_none_or(|end| end < *colon));
        end.and_then(|end| self.authority.get(..end))
            .unwrap_or(&self.authority)
    }

    fn written_port(&self) -> Option<u16> {
        let port = self.authority.strip_prefix(self.host())?.strip_prefix(':')?;
        port.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(port)?
            .parse()
            .ok()
    }

    fn port(&self) -> u16 {
        let default = if self.scheme == "https" { 443 } else { 80 };
        self.written_port().unwrap_or(default)
    }
}

#[cfg(test)]
mod tests;
