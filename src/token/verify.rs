//! Is this token the issuer's, for this audience, now?

use super::{Issuer, KeySet, Refusal, Signatures, Verified};

/// Verifies `token` as one of `issuer`, whose keys are `keys`, at `now`, in seconds since the epoch.
///
/// # Errors
///
/// The first check that fails, the signature before the claims.
pub fn verify(
    _token: &[u8],
    _issuer: &Issuer,
    _keys: &KeySet,
    _signatures: &dyn Signatures,
    _now: u64,
) -> Result<Verified, Refusal> {
    Err(Refusal::Signature)
}
