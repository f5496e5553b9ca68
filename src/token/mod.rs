//! What a caller's tokens say, and whether they are to be believed.
//!
//! A token is a JWT in the compact serialization of a JWS (RFC 7519, RFC 7515), and what is read
//! of one is strict: there is one spelling of everything, and what two parsers could read
//! differently is refused (RFC 8725).

mod algorithm;
mod cache;
mod check;
mod claims;
mod issuer;
mod istio;
mod json;
mod key;
mod key_set;
mod place;
mod refusal;
mod signature;
#[cfg(test)]
mod testing;
mod verified;
mod verify;

pub use algorithm::{Algorithm, Family};
pub use check::{Checked, Judged, Judges, Keys, Presented, Tokens, Voucher, check};
pub use claims::Claims;
pub use issuer::{Issuer, Kind, Remote, Source};
pub use json::{BadJson, Json};
pub use key::{Curve, Key, Material};
pub use key_set::{BadKeySet, KeySet, MAX_BYTES, MAX_KEYS};
pub use place::{Place, without_tokens};
pub use refusal::Refusal;
pub use signature::{InModule, Signatures};
pub use verified::Verified;
pub use verify::verify;
