//! Tokens that were tampered with, against the filter's own verification and against jwt-simple's.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

mod forged;
mod opinion;
mod tampered;
#[path = "../../src/token/testing.rs"]
mod testing;

// The items of the module that the helpers of its own tests use.
use dagward::token::{Algorithm, InModule, Issuer, KeySet, Kind, Parsed, Refusal, Source, verify};
use testing::{NOW, issuer, jwk, set};

/// The verdict on a token of an issuer that has one key and uses one algorithm.
fn verdict(token: &str, algorithm: Algorithm) -> Result<(), Refusal> {
    let issuer = issuer(Kind::Oidc, &[algorithm]);
    let parsed = Parsed::parse(token.as_bytes())?;
    verify(&parsed, &issuer, &set(&[jwk(algorithm)]), &InModule, NOW).map(drop)
}
