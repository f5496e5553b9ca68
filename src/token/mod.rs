//! The tokens of a caller: finds, verifies and reads them.
//!
//! A token is a JWT in the compact serialization of a JWS (RFC 7519, RFC 7515). The parser is strict:
//! everything has one spelling, and a token that two parsers could read differently is refused (RFC 8725).

mod algorithm;
mod base64url;
mod cache;
mod check;
mod claims;
mod clock;
mod curve;
mod der;
mod fetch;
mod header;
mod in_module;
mod issuer;
mod istio;
mod jwk;
mod jws;
mod key;
mod key_set;
mod kubernetes;
mod location;
mod refusal;
mod signature;
#[cfg(test)]
mod testing;
mod times;
mod verified;
mod verify;

pub use algorithm::{Algorithm, Family};
pub use check::{Checked, Keys, Presented, TokenResult, TokenVerifiers, Tokens, Voucher, check, issuer_of};
pub use claims::Claims;
pub use clock::Clock;
pub use curve::Curve;
pub use der::ecdsa_signature;
pub use fetch::{Caller, Failure, RemoteKeys, Turn};
pub use header::Header;
pub use in_module::InModule;
pub use issuer::{Issuer, Kind, Remote, Source, named_by};
pub use istio::{BadMetadata, verified_by_istio};
pub use jws::{MAX_TOKEN, Parsed};
pub use key::{Key, Material};
pub use key_set::{BadKeySet, KeySet, MAX_BYTES, MAX_KEYS};
pub use kubernetes::service_account;
pub use location::{Location, without_tokens};
pub use refusal::Refusal;
pub use signature::Signatures;
pub use verified::Verified;
pub use verify::{accept, verify};

pub use crate::wire::json::BadJson;

/// A value in a token. Numbers keep their spelling, because policies compare their texts.
pub type Json = crate::wire::json::Json<'static, String>;
