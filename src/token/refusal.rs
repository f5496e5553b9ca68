//! The reasons why a token is refused, as words.

use std::fmt;

/// `www-authenticate` if another token would help (RFC 6750 §3).
const INVALID: Option<&str> = Some(r#"Bearer error="invalid_token""#);

/// Defines the refusals, one each: variant, word, `www-authenticate`, the message to the caller, the remedy
/// for the operator.
macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident $word:literal: $challenge:expr, $message:literal, $remedy:literal;)+) => {
        /// The reason why a token is refused. The words are an interface: callers, metrics and tools see
        /// them. No reason contains any text of the token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Refusal {
            $($(#[$doc])* $variant,)+
        }

        impl Refusal {
            /// Every refusal.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The value of `www-authenticate` (RFC 6750 §3); `None` if another token would not help.
            pub const fn challenge(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $challenge,)+
                }
            }

            /// The message to the caller.
            pub const fn message(self) -> &'static str {
                match self {
                    $(Self::$variant => $message,)+
                }
            }

            /// The remedy for the operator, in Markdown.
            pub const fn remedy(self) -> &'static str {
                match self {
                    $(Self::$variant => $remedy,)+
                }
            }
        }
    };
}

refusals! {
    /// A required token is absent.
    Missing "token_missing":
        Some("Bearer"),
        "a token is required",
        "Send the token that the issuer gives, or remove `required` from the issuer.";
    /// One location has more than one token.
    Repeated "token_repeated":
        INVALID,
        "there is more than one token in one location",
        "Send one token in each location.";
    /// A location holds something other than one token in one spelling.
    Unreadable "token_unreadable":
        INVALID,
        "a token's location holds something other than one token",
        "Send the token in [one spelling](tokens.md#places), with nothing beside it that a server could take for a token.";
    /// The token is longer than the limit.
    TooLong "token_too_long":
        INVALID,
        "the token is too long",
        "Have the issuer leave claims out: a token has at most 16 KiB.";
    /// The token is not three parts separated by dots (RFC 7515 §7.1).
    NotJwt "token_not_a_jwt":
        INVALID,
        "the token is not a signed JWT",
        "Send a signed JWT, three parts with dots between; opaque tokens cannot be verified.";
    /// A part is not base64url in its one spelling: no padding, no other alphabet, no stray bits.
    Base64url "token_base64url":
        INVALID,
        "a part of the token is not base64url",
        "Send the token as the issuer gave it: without padding, white space or another alphabet.";
    /// The header is not a JSON object, names a member twice, or has a member of the wrong type.
    Header "token_header":
        INVALID,
        "the token's header is malformed",
        "Have the issuer write the header as a JSON object that names each member once.";
    /// `alg` is `none`, or the signature is empty.
    Unsigned "token_unsigned":
        INVALID,
        "the token is not signed",
        "Send a signed token; suspect a forgery.";
    /// The policy does not allow `alg`.
    Algorithm "token_algorithm":
        INVALID,
        "the token's algorithm is not allowed",
        "Compare the token's `alg` with the issuer's `algorithms`.";
    /// `alg` is allowed, but neither the proxy nor the module can verify it.
    AlgorithmUnsupported "token_algorithm_unsupported":
        None,
        "this proxy cannot verify the token's algorithm",
        "Use a proxy with `verify_signature`, which `ES256`, `ES384` and `ES512` need, or another algorithm.";
    /// `crit` is present: the filter understands no extension (RFC 7515 §4.1.11).
    Critical "token_critical":
        INVALID,
        "the token's header has `crit`",
        "Have the issuer leave `crit` and `b64` out.";
    /// `jku`, `jwk`, `x5u`, `x5c` or the like is present: a token must not choose its own key.
    KeyInHeader "token_key_in_header":
        INVALID,
        "the token's header brings its own key",
        "Have the issuer leave `jku`, `jwk`, `x5u` and `x5c` out; suspect a forgery.";
    /// The claims are not a JSON object, name a member twice, or have a member of the wrong type.
    Claims "token_claims":
        INVALID,
        "the token's claims are malformed",
        "Have the issuer write the claims as a JSON object that names each member once.";
    /// The token is from no issuer of the policy.
    Issuer "token_issuer":
        INVALID,
        "the token's issuer is not known here",
        "Compare `iss` with `issuer` in `tokens`, and look whether that issuer has this location and surface.";
    /// `aud` contains none of the policy's audiences, or is absent.
    Audience "token_audience":
        INVALID,
        "the token is for another audience, or for none (`aud`)",
        "Ask the issuer for a token with one of its `audiences`.";
    /// There is no `sub`, or it is empty.
    Subject "token_subject":
        INVALID,
        "the token has no subject, or one that looks like another issuer's",
        "Have the issuer write a `sub` that does not make the token look like one of another issuer.";
    /// `exp` is absent, or a time is not a valid number.
    Times "token_times":
        INVALID,
        "the token's times are missing or malformed",
        "Have the issuer write `exp`, and each time as a number of seconds.";
    /// `exp` has passed.
    Expired "token_expired":
        INVALID,
        "the token has expired",
        "Renew the token, or compare the clocks.";
    /// `nbf` is in the future.
    NotYetValid "token_not_yet_valid":
        INVALID,
        "the token is not valid yet",
        "Compare the clocks of the issuer and the proxy; `clockSkewSeconds` is the difference that is tolerated.";
    /// `iat` is in the future.
    IssuedInFuture "token_issued_in_future":
        INVALID,
        "the token was issued in the future",
        "Compare the clocks of the issuer and the proxy; `clockSkewSeconds` is the difference that is tolerated.";
    /// No key has the token's `kid`.
    KeyUnknown "token_key_unknown":
        INVALID,
        "the token's key is not known",
        "Check whether the issuer's keys have this `kid`; new keys count after `refreshSeconds` at the latest.";
    /// The key has another type than the token's algorithm, or is for another algorithm.
    KeyMismatch "token_key_mismatch":
        INVALID,
        "the token's key is not for its algorithm",
        "Compare the type and `alg` of the issuer's key with the token's `alg`.";
    /// The key is too weak, or not usable for another reason.
    KeyUnusable "token_key_unusable":
        INVALID,
        "the token's key is too weak or not usable",
        "Use RSA keys of at least 2,048 bits and secrets of at least 16 bytes.";
    /// No keys could be fetched so far.
    KeysUnavailable "token_keys_unavailable":
        None,
        "the issuer's keys could not be fetched yet",
        "Check whether the proxy has the `cluster` and whether `jwksUri` answers; the proxy's log says why not.";
    /// The signature does not fit the key.
    Signature "token_signature":
        INVALID,
        "the token's signature is wrong",
        "Check whether the issuer's keys are those that sign; suspect a forgery.";
    /// Istio has not verified a token of this issuer.
    NotVerifiedByIstio "token_not_verified_by_istio":
        INVALID,
        "Istio has not verified the token",
        "Give Istio's RequestAuthentication the same issuer and locations as the entry in `tokens`.";
    /// The token is bound to a peer (`boundToPeer`), and another peer sends it.
    BoundToAnotherPeer "token_bound_to_another_peer":
        None,
        "the token is bound to another peer",
        "Send the token from the workload that it names; suspect a theft.";
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for Refusal {}
