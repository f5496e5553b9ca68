//! A token that is to be believed.

use std::fmt;

use super::{Claims, Kind};

/// A token that was verified, by the filter or by Istio before it.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whose token it is.
    pub kind: Kind,
    /// `issuer/subject`, as Istio writes its `request.auth.principal`. The issuer is the policy's,
    /// for tokens that have none the name of the entry in the policy.
    pub request_principal: String,
    /// Everything that it claims.
    pub claims: Claims,
    /// When it expires, in seconds since the epoch, without any skew.
    pub expires: u64,
}

/// Shows neither subject nor claims.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("kind", &self.kind)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
