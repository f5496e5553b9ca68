//! A token that counts as verified: the user gives its claims, and everything but its signature is checked.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dagward::policy::{Ruleset, nearest};
use dagward::token::{Algorithm, Issuer, Key, KeySet, Signatures, Source};
use serde_json::{Map, Value, json};

use super::shown::{Shown, bearer};
use crate::time::Time;

/// The seconds for which such a token is valid.
const LIFETIME: u64 = 600;

/// The claims of a token, and the name of its issuer in the policy.
#[derive(Debug, Clone)]
pub(crate) struct Vouched {
    pub(crate) issuer: String,
    pub(crate) claims: Map<String, Value>,
}

/// Accepts every signature.
pub(super) struct AnySignature;

impl Vouched {
    /// The token, at the first place where its issuer looks for it.
    ///
    /// # Errors
    /// The policy has no such issuer.
    pub(crate) fn shown(&self, ruleset: &Ruleset, now: Time) -> Result<Shown, String> {
        let issuer = self.issuer_in(ruleset)?;
        let mut claims = Map::new();
        if let Some(iss) = &issuer.issuer {
            claims.insert("iss".to_owned(), json!(iss));
        }
        claims.insert("aud".to_owned(), json!(issuer.audiences.first()));
        claims.insert("iat".to_owned(), json!(now.seconds()));
        claims.insert("exp".to_owned(), json!(now.seconds() + LIFETIME));
        claims.extend(self.claims.clone());
        claims.retain(|_, value| !value.is_null());
        let header = json!({"typ": "JWT", "alg": algorithm(issuer).as_str()});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        Ok(Shown {
            token: format!(
                "{}.{}.{}",
                part(&header),
                part(&Value::Object(claims)),
                URL_SAFE_NO_PAD.encode("any")
            ),
            location: issuer.locations.first().cloned().unwrap_or_else(bearer),
            is_vouched: true,
        })
    }

    fn issuer_in<'r>(&self, ruleset: &'r Ruleset) -> Result<&'r Issuer, String> {
        let issuers = ruleset.issuers();
        let named = issuers.iter().find(|issuer| issuer.name == self.issuer);
        named.ok_or_else(|| {
            let names = issuers.iter().map(|issuer| issuer.name.as_str());
            let near = nearest(&self.issuer, names).map(|near| format!("; did you mean `{near}`?"));
            format!(
                "error: the policy has no issuer `{}`{}",
                self.issuer,
                near.unwrap_or_default()
            )
        })
    }
}

/// An algorithm of the issuer for which there is a key. An issuer whose tokens Istio verifies names none.
fn algorithm(issuer: &Issuer) -> Algorithm {
    let fits = |algorithm: &&Algorithm| match &issuer.source {
        Source::Inline(keys) => keys.keys().iter().any(|key| key.fits(**algorithm)),
        Source::Istio | Source::Remote(_) => true,
    };
    let fitting = issuer.algorithms.iter().find(fits);
    let algorithm = fitting.or(issuer.algorithms.first());
    algorithm.copied().unwrap_or(Algorithm::Rs256)
}

/// One key of each kind, in place of those that an issuer publishes. The points are those of RFC 7515 (A.3, A.4) and
/// RFC 8037 (A.2), and the base point of P-384.
pub(super) fn keys() -> Option<KeySet> {
    let modulus = format!("{}w", "_".repeat(341));
    let keys = json!({"keys": [
        {"kty": "RSA", "n": modulus, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty": "EC", "crv": "P-384", "x": "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3", "y": "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"},
        {"kty": "EC", "crv": "P-521",
            "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
            "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"},
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ]});
    KeySet::parse(keys.to_string().as_bytes()).ok()
}

impl Signatures for AnySignature {
    fn can(&self, _: Algorithm) -> bool {
        true
    }

    fn verify(&self, _: Algorithm, _: &Key, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

impl FromStr for Vouched {
    type Err = String;

    fn from_str(pair: &str) -> Result<Self, Self::Err> {
        let (issuer, claims) = pair.split_once('=').ok_or("expected `issuer={…}`")?;
        let claims = serde_json::from_str(claims)
            .map_err(|error| format!("the claims are not a JSON object: {error}"))?;
        Ok(Self {
            issuer: issuer.to_owned(),
            claims,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_key_for_each_algorithm() {
        let keys = keys().unwrap();
        for name in ["RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"] {
            let algorithm = Algorithm::parse(name).unwrap();
            assert!(keys.keys().iter().any(|key| key.fits(algorithm)), "{name}");
        }
        assert_eq!(keys.left_out().count(), 0);
    }
}
