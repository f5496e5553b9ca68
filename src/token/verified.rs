//! A token that is accepted.

use std::fmt;

use crate::caller::Principal;

use super::{Claims, Kind, service_account};

/// A token that was verified, by the filter or by Istio before it.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    /// The kind of the token.
    pub kind: Kind,
    /// `issuer/subject`, as Istio writes its `request.auth.principal`. The issuer is the policy's. For tokens
    /// without an issuer it is the name of the entry in the policy.
    pub request_principal: String,
    /// All claims of the token.
    pub claims: Claims,
    /// The expiry, in seconds since the epoch, without any skew.
    pub expires: u64,
}

impl Verified {
    /// Whether the token names this peer: Kubernetes' tokens by namespace and service account, others by a
    /// subject that is the peer's SPIFFE ID, as JWT-SVIDs do.
    ///
    /// <https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md>
    pub(super) fn is_of(&self, peer: Option<&Principal>) -> bool {
        let (Some(peer), Some(subject)) = (peer, self.claims.text("sub")) else {
            return false;
        };
        match self.kind {
            Kind::Kubernetes => service_account(subject).is_some_and(|account| {
                peer.service_account().and_then(|account| account.split_once('/')) == Some(account)
            }),
            Kind::Oidc | Kind::AirflowUser | Kind::AirflowTask => subject == peer.as_str(),
        }
    }
}

/// Shows no claim: only the policy may read claims.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
