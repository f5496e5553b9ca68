//! What a caller's tokens say, and whether they are to be believed.
//!
//! A token is a JWT in the compact serialization of a JWS (RFC 7519, RFC 7515), and what is read
//! of one is strict: there is one spelling of everything, and what two parsers could read
//! differently is refused (RFC 8725).

mod algorithm;
mod claims;
mod fetch;
mod issuer;
mod json;
mod key;
mod key_set;
mod place;
mod refusal;
mod signature;
mod verified;
mod verify;

pub use algorithm::{Algorithm, Family};
pub use claims::Claims;
pub use fetch::{Failure, Fetcher, Turn};
pub use issuer::{Issuer, Kind, Remote, Source};
pub use json::{BadJson, Json};
pub use key::{Curve, Key, Material};
pub use key_set::{BadKeySet, KeySet, MAX_BYTES, MAX_KEYS};
pub use place::Place;
pub use refusal::Refusal;
pub use signature::{InModule, Signatures};
pub use verified::Verified;
pub use verify::verify;
