//! An issuer of tokens, as the policy names it.

use std::time::Duration;

use crate::operation::Surface;

use super::{Algorithm, Header, KeySet, Location};

/// Whose tokens these are. The words are an interface: policies and metrics have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Kubernetes' ServiceAccount tokens.
    Kubernetes,
    /// ID and access tokens of an OpenID provider.
    Oidc,
    /// What Airflow's api-server gives its users.
    AirflowUser,
    /// What Airflow gives its tasks.
    AirflowTask,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Kubernetes, Self::Oidc, Self::AirflowUser, Self::AirflowTask];

    /// The word in policies and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Oidc => "oidc",
            Self::AirflowUser => "airflow-user",
            Self::AirflowTask => "airflow-task",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One issuer of tokens.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its name in the policy.
    pub name: String,
    /// Whose tokens these are.
    pub kind: Kind,
    /// What `iss` must be. `None` where its tokens may have none, as Airflow's do by default.
    pub issuer: Option<String>,
    /// `aud` must have one of these; never empty.
    pub audiences: Vec<String>,
    /// What tokens may be signed with: all of them take a secret, or none does.
    pub algorithms: Vec<Algorithm>,
    /// Who vouches for the signature.
    pub source: Source,
    /// Where a request carries the token.
    pub locations: Vec<Location>,
    /// The surfaces on which it is looked for.
    pub surfaces: Vec<Surface>,
    /// By how many seconds the clocks of issuer and proxy may differ.
    pub clock_skew: u64,
    /// Whether a token is good in the hands only of the peer that it names.
    pub bound_to_peer: bool,
    /// Whether a request without such a token is refused.
    pub required: bool,
}

/// Who vouches for a token's signature.
#[derive(Debug, Clone)]
pub enum Source {
    /// Istio's RequestAuthentication, which verified the token before the filter saw the request.
    Istio,
    /// These keys.
    Inline(KeySet),
    /// The keys of a JWKS that is fetched.
    Remote(Remote),
}

/// Where a JWKS is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Remote {
    /// Envoy's name of the cluster that leads there.
    pub cluster: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Host, with its port where that is written.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// How long after one fetch the next is due.
    pub every: Duration,
}

impl Issuer {
    /// What the request principals of its tokens begin with, before a `/`.
    pub fn head(&self) -> &str {
        self.issuer.as_ref().unwrap_or(&self.name)
    }

    /// Whether its tokens may have this header. One of any type must be bound to its peer, as JWT-SVIDs are.
    pub(super) fn takes(&self, header: &Header) -> bool {
        !header.is_of_any_type() || (self.kind == Kind::Oidc && self.bound_to_peer)
    }

    /// Whether its tokens are looked for on `surface`.
    pub fn is_on(&self, surface: Surface) -> bool {
        self.surfaces.contains(&surface)
    }

    /// What is fetched for it, where its keys are.
    pub fn remote(&self) -> Option<&Remote> {
        match &self.source {
            Source::Remote(remote) => Some(remote),
            Source::Istio | Source::Inline(_) => None,
        }
    }
}

/// The issuer that `text` names before a `/`, by its [head](Issuer::head). One issuer's may begin with another's and a `/`, as
/// Okta's do: the longest is meant.
pub fn named_by<'i>(issuers: &'i [Issuer], text: &str) -> Option<&'i str> {
    let is_named = |head: &&str| text.strip_prefix(head).is_some_and(|rest| rest.starts_with('/'));
    let heads = issuers.iter().map(Issuer::head).filter(is_named);
    heads.max_by_key(|head| head.len())
}
