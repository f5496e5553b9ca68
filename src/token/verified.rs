//! A token that is to be believed.

use super::{Claims, Kind};

/// A token that was verified, by the filter or by Istio before it.
#[derive(Debug, Clone, PartialEq, Eq)]
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
