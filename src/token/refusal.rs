//! Why a token is refused, in one word.

use std::fmt;

/// Why a token is refused. The words are an interface: callers, metrics and tools see them. None
/// says anything that stands in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// A required token is not there.
    Missing,
    /// One place has more than one token.
    Repeated,
    /// A place holds something else than one token in one spelling.
    Unreadable,
    /// It is longer than any token is looked at.
    TooLong,
    /// Not three parts with dots between (RFC 7515 §7.1).
    Malformed,
    /// A part is not base64url in its one spelling: no padding, no other alphabet, no stray bits.
    Base64url,
    /// The header is no JSON object, names a member twice, or has one of the wrong type.
    Header,
    /// `alg` is `none`, or the signature is empty.
    Unsigned,
    /// `alg` is none of those that the policy allows.
    Algorithm,
    /// `alg` is allowed, but neither the proxy nor the module can verify it.
    AlgorithmUnsupported,
    /// `crit` is there: no extension is understood (RFC 7515 §4.1.11).
    Critical,
    /// `jku`, `jwk`, `x5u`, `x5c` or the like: a token does not choose its own key.
    KeyInHeader,
    /// The claims are no JSON object, name a member twice, or have one of the wrong type.
    Claims,
    /// No issuer of the policy is the token's.
    Issuer,
    /// `aud` has none of the policy's audiences, or is not there.
    Audience,
    /// There is no `sub`, or it is empty.
    Subject,
    /// `exp` is not there, or a time is no number that can be a time.
    Times,
    /// `exp` has passed.
    Expired,
    /// `nbf` is to come.
    NotYetValid,
    /// `iat` is to come.
    IssuedInFuture,
    /// No key has the token's `kid`.
    KeyUnknown,
    /// The key is of another type or for another algorithm than the token's.
    KeyMismatch,
    /// The key is too weak, or otherwise of no use.
    KeyUnusable,
    /// No keys could be fetched so far.
    KeysUnavailable,
    /// The signature is not the key's.
    Signature,
    /// Istio has not verified a token of this issuer.
    NotVerifiedByIstio,
    /// The token belongs to another peer.
    OfAnother,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 27] = [
        Self::Missing,
        Self::Repeated,
        Self::Unreadable,
        Self::TooLong,
        Self::Malformed,
        Self::Base64url,
        Self::Header,
        Self::Unsigned,
        Self::Algorithm,
        Self::AlgorithmUnsupported,
        Self::Critical,
        Self::KeyInHeader,
        Self::Claims,
        Self::Issuer,
        Self::Audience,
        Self::Subject,
        Self::Times,
        Self::Expired,
        Self::NotYetValid,
        Self::IssuedInFuture,
        Self::KeyUnknown,
        Self::KeyMismatch,
        Self::KeyUnusable,
        Self::KeysUnavailable,
        Self::Signature,
        Self::NotVerifiedByIstio,
        Self::OfAnother,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Repeated => "token_repeated",
            Self::Unreadable => "token_unreadable",
            Self::TooLong => "token_too_long",
            Self::Malformed => "token_malformed",
            Self::Base64url => "token_base64url",
            Self::Header => "token_header",
            Self::Unsigned => "token_unsigned",
            Self::Algorithm => "token_algorithm",
            Self::AlgorithmUnsupported => "token_algorithm_unsupported",
            Self::Critical => "token_critical",
            Self::KeyInHeader => "token_key_in_header",
            Self::Claims => "token_claims",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::Subject => "token_subject",
            Self::Times => "token_times",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::IssuedInFuture => "token_issued_in_future",
            Self::KeyUnknown => "token_key_unknown",
            Self::KeyMismatch => "token_key_mismatch",
            Self::KeyUnusable => "token_key_unusable",
            Self::KeysUnavailable => "token_keys_unavailable",
            Self::Signature => "token_signature",
            Self::NotVerifiedByIstio => "token_not_verified_by_istio",
            Self::OfAnother => "token_of_another",
        }
    }

    /// What `www-authenticate` says (RFC 6750 §3); `None` where another token would not help.
    pub const fn challenge(self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("Bearer"),
            Self::OfAnother | Self::KeysUnavailable | Self::AlgorithmUnsupported => None,
            _ => Some(r#"Bearer error="invalid_token""#),
        }
    }

    /// What the caller is told.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Missing => "a token is required",
            Self::Repeated => "there is more than one token in one place",
            Self::Unreadable => "the place of a token holds something else than one token",
            Self::TooLong => "the token is too long",
            Self::Malformed => "the token is no signed JWT",
            Self::Base64url => "a part of the token is not base64url",
            Self::Header => "the token's header is malformed",
            Self::Unsigned => "the token is not signed",
            Self::Algorithm => "the token's algorithm is not allowed",
            Self::AlgorithmUnsupported => "this proxy cannot verify the token's algorithm",
            Self::Critical => "the token's header has `crit`",
            Self::KeyInHeader => "the token's header brings its own key",
            Self::Claims => "the token's claims are malformed",
            Self::Issuer => "the token's issuer is not known here",
            Self::Audience => "the token is for another audience, or for none (`aud`)",
            Self::Subject => "the token has no subject, or one that looks like another issuer's",
            Self::Times => "the token's times are missing or malformed",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::IssuedInFuture => "the token was issued in the future",
            Self::KeyUnknown => "the token's key is not known",
            Self::KeyMismatch => "the token's key is not for its algorithm",
            Self::KeyUnusable => "the token's key is too weak or of no use",
            Self::KeysUnavailable => "the issuer's keys could not be fetched yet",
            Self::Signature => "the token's signature is wrong",
            Self::NotVerifiedByIstio => "Istio has not verified the token",
            Self::OfAnother => "the token does not belong to this caller",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for Refusal {}
