//! Verifies that a token is the issuer's, for this audience, and valid now.

use super::times::Times;
use super::{Claims, Issuer, Json, Key, KeySet, Kind, Parsed, Refusal, Signatures, Verified, kubernetes};

/// Claims that must be texts if they are present (RFC 7519 §4.1.7, OpenID Connect Core §2).
const TEXTS: [&str; 2] = ["jti", "nonce"];

/// Verifies `token` as one of `issuer`, with `keys`, at `now` in seconds since the epoch.
///
/// # Errors
///
/// The first check that fails. The signature is checked before the claims.
pub fn verify(
    token: &Parsed<'_>,
    issuer: &Issuer,
    keys: &KeySet,
    signatures: &dyn Signatures,
    now: u64,
) -> Result<Verified, Refusal> {
    // `Header::parse` accepts any known algorithm; the policy names those that the issuer uses. A token must
    // not choose how it is verified (RFC 8725 §3.1).
    let algorithm = token.header.algorithm;
    if !issuer.algorithms.contains(&algorithm) {
        return Err(Refusal::Algorithm);
    }
    if !issuer.takes(&token.header) {
        return Err(Refusal::Header);
    }
    let candidates = keys.candidates(token.header.key_id.as_deref(), algorithm)?;
    if !signatures.can(algorithm) {
        return Err(Refusal::AlgorithmUnsupported);
    }
    let signed_with = |key: &&Key| signatures.verify(algorithm, key, token.signed, &token.signature);
    if !candidates.iter().any(signed_with) {
        return Err(Refusal::Signature);
    }
    accept(&token.claims, issuer, now)
}

/// Accepts claims as those of `issuer` at `now`. The filter or Istio has verified their signature.
///
/// # Errors
///
/// The first check that fails.
pub fn accept(claims: &Claims, issuer: &Issuer, now: u64) -> Result<Verified, Refusal> {
    let named = claims.get("iss");
    let own = match &issuer.issuer {
        Some(issuer) => named.and_then(Json::text) == Some(issuer),
        None => named.is_none(),
    };
    if !own {
        return Err(Refusal::Issuer);
    }
    audience(claims, issuer)?;
    let no_text = |name: &&str| claims.get(name).is_some_and(|value| value.text().is_none());
    if TEXTS.iter().any(no_text) {
        return Err(Refusal::Claims);
    }
    let subject = subject(claims, issuer.kind)?;
    let times = Times::read(claims)?;
    times.check(now, issuer.clock_skew)?;
    if issuer.kind == Kind::Kubernetes {
        kubernetes::check(claims, subject)?;
    }
    Ok(Verified {
        kind: issuer.kind,
        request_principal: format!("{}/{subject}", issuer.head()),
        claims: claims.clone(),
        expires: times.expires,
    })
}

/// Checks that the token is for one of the issuer's audiences. `aud` is a text or a list of texts (RFC 7519
/// §4.1.3).
fn audience(claims: &Claims, issuer: &Issuer) -> Result<(), Refusal> {
    let audiences = match claims.get("aud") {
        None => return Err(Refusal::Audience),
        Some(Json::List(audiences)) => audiences.as_slice(),
        Some(audience) => std::slice::from_ref(audience),
    };
    let mut meant = false;
    for audience in audiences {
        let audience = audience.text().ok_or(Refusal::Claims)?;
        meant |= issuer.audiences.iter().any(|own| own == audience);
    }
    if meant { Ok(()) } else { Err(Refusal::Audience) }
}

/// The subject of the token. Some of Airflow's auth managers write `user_id` instead of `sub`.
fn subject(claims: &Claims, kind: Kind) -> Result<&str, Refusal> {
    let subject = match claims.get("sub") {
        None if kind == Kind::AirflowUser => claims.get("user_id"),
        subject => subject,
    };
    let subject = subject.and_then(Json::text).filter(|subject| !subject.is_empty());
    subject.ok_or(Refusal::Subject)
}

#[cfg(test)]
mod tests;
