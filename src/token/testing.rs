//! Issuers for tests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::{Algorithm, Issuer, KeySet, Kind, Place, Source};
use crate::operation::Surface;

/// A set of one secret.
pub(crate) fn secret(id: &str) -> KeySet {
    let jwk = json!({"kty": "oct", "kid": id, "alg": "HS512", "k": URL_SAFE_NO_PAD.encode([7; 64])});
    KeySet::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap()
}

/// Airflow, whose users show a bearer token without `iss`, everywhere.
pub(crate) fn issuer() -> Issuer {
    Issuer {
        name: "users".to_owned(),
        kind: Kind::AirflowUser,
        issuer: None,
        audiences: vec!["apache-airflow".to_owned()],
        algorithms: vec![Algorithm::Hs512],
        source: Source::Inline(secret("k")),
        places: vec![Place::Header {
            name: "authorization".to_owned(),
            prefix: "Bearer ".to_owned(),
        }],
        surfaces: Surface::ALL.to_vec(),
        clock_skew: 60,
        bound_to_peer: false,
        required: false,
    }
}
