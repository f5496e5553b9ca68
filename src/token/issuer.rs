//! An issuer of tokens in the policy.

use std::time::Duration;

use crate::operation::Surface;

use super::{Algorithm, Header, KeySet, Location};

/// The kind of a token. The words are an interface: policies and metrics contain them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Kubernetes' ServiceAccount tokens.
    Kubernetes,
    /// ID and access tokens of an OpenID provider.
    Oidc,
    /// Tokens that Airflow's api-server issues to its users.
    AirflowUser,
    /// Tokens that Airflow issues to its tasks.
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

    /// Parses the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One issuer of tokens.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its name in the policy.
    pub name: String,
    /// The kind of its tokens.
    pub kind: Kind,
    /// The required `iss`. `None` if its tokens may have none, as Airflow's do by default.
    pub issuer: Option<String>,
    /// The accepted audiences; never empty. `aud` must contain one of them.
    pub audiences: Vec<String>,
    /// The algorithms that may sign tokens: either all of them take a secret, or none does.
    pub algorithms: Vec<Algorithm>,
    /// The source that vouches for the signature.
    pub source: Source,
    /// The locations in which a request carries the token.
    pub locations: Vec<Location>,
    /// The surfaces on which the filter looks for the token.
    pub surfaces: Vec<Surface>,
    /// The seconds by which the clocks of issuer and proxy may differ.
    pub clock_skew: u64,
    /// Whether a token is valid only from the peer that it names.
    pub bound_to_peer: bool,
    /// Whether a request without such a token is refused.
    pub required: bool,
}

/// The source that vouches for a token's signature.
#[derive(Debug, Clone)]
pub enum Source {
    /// Istio's RequestAuthentication, which verified the token before the filter saw the request.
    Istio,
    /// These keys.
    Inline(KeySet),
    /// The keys of a JWKS that is fetched.
    Remote(Remote),
}

/// The location from which a JWKS is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Remote {
    /// Envoy's name of the cluster that leads to the host.
    pub cluster: String,
    /// `http` or `https`.
    pub scheme: String,
    /// The host, with its port if the URL has one.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// The time from one fetch to the next.
    pub every: Duration,
}

impl Issuer {
    /// The beginning of its tokens' request principals, before a `/`.
    pub fn head(&self) -> &str {
        self.issuer.as_ref().unwrap_or(&self.name)
    }

    /// Whether its tokens may have this header. A token whose type does not tell its purpose must be bound to
    /// its peer, as JWT-SVIDs are.
    pub(super) fn takes(&self, header: &Header) -> bool {
        !header.is_of_any_type() || (self.kind == Kind::Oidc && self.bound_to_peer)
    }

    /// Whether the filter looks for its tokens on `surface`.
    pub fn is_on(&self, surface: Surface) -> bool {
        self.surfaces.contains(&surface)
    }

    /// The JWKS that is fetched for it, if its keys are elsewhere.
    pub fn remote(&self) -> Option<&Remote> {
        match &self.source {
            Source::Remote(remote) => Some(remote),
            Source::Istio | Source::Inline(_) => None,
        }
    }
}

/// The issuer that `text` names before a `/`, by its [head](Issuer::head). One issuer's head may begin with
/// another's head and a `/`, as Okta's do. Then the longest head counts.
pub fn named_by<'i>(issuers: &'i [Issuer], text: &str) -> Option<&'i str> {
    let is_named = |head: &&str| text.strip_prefix(head).is_some_and(|rest| rest.starts_with('/'));
    let heads = issuers.iter().map(Issuer::head).filter(is_named);
    heads.max_by_key(|head| head.len())
}
