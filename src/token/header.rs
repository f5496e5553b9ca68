//! The JOSE header of a token (RFC 7515 §4).

use std::fmt;

use super::{Algorithm, Json, Refusal};

/// Members with which a token would choose the key that verifies it (RFC 7515 §4.1.2, §4.1.3, §4.1.5, §4.1.6;
/// `trust_chain` is OpenID Federation's). `x5t` is only a thumbprint.
const KEYS: [&str; 5] = ["jku", "jwk", "x5u", "x5c", "trust_chain"];

/// Members that change the signed text: `crit` lists extensions that the verifier must understand (RFC 7515
/// §4.1.11), and `b64` is one of these (RFC 7797 §3).
const CRITICAL: [&str; 2] = ["crit", "b64"];

/// Members of encrypted tokens (RFC 7516 §4.1.2, §4.1.3).
const ENCRYPTION: [&str; 2] = ["enc", "zip"];

/// Members that must be texts if they are present.
const TEXTS: [&str; 4] = ["kid", "cty", "x5t", "x5t#S256"];

/// The types that tokens for callers have, if any (RFC 7519 §5.1, RFC 9068 §2.1, JWT-SVID §2.3). Tokens of
/// other types, such as logout tokens, security events and proofs of possession, serve another purpose and
/// must not be accepted in their place (RFC 8725 §3.11).
const TYPES: [&str; 4] = ["JWT", JOSE, "at+jwt", "application/at+jwt"];

/// The type of a JWT-SVID that does not have the type `JWT`. It does not tell the purpose of a token.
const JOSE: &str = "JOSE";

/// The JOSE header of a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `kid`.
    pub key_id: Option<String>,
    /// All its members: an object.
    pub members: Json,
}

impl Header {
    /// Reads a header.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let members = Json::parse(bytes).map_err(|_| Refusal::Header)?;
        let has = |name: &&str| members.get(name).is_some();
        // A value that is not an object has no `alg`.
        let Some(Json::Text(algorithm)) = members.get("alg") else {
            return Err(Refusal::Header);
        };
        if algorithm.eq_ignore_ascii_case("none") {
            return Err(Refusal::Unsigned);
        }
        let algorithm = Algorithm::parse(algorithm).ok_or(Refusal::Algorithm)?;
        if CRITICAL.iter().any(has) {
            return Err(Refusal::Critical);
        }
        if KEYS.iter().any(has) {
            return Err(Refusal::KeyInHeader);
        }
        let no_text = |name: &&str| members.get(name).is_some_and(|value| value.text().is_none());
        let known = |name: &str| TYPES.iter().any(|own| own.eq_ignore_ascii_case(name));
        let strange = |value: &Json| !value.text().is_some_and(known);
        if ENCRYPTION.iter().any(has) || TEXTS.iter().any(no_text) || members.get("typ").is_some_and(strange)
        {
            return Err(Refusal::Header);
        }
        let key_id = members.get("kid").and_then(Json::text);
        Ok(Self {
            algorithm,
            key_id: key_id.map(str::to_owned),
            members,
        })
    }
}

impl Header {
    /// Whether its type does not tell the purpose of the token.
    pub(super) fn is_of_any_type(&self) -> bool {
        let kind = self.members.get("typ").and_then(Json::text);
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case(JOSE))
    }
}

/// Shows the algorithm only.
impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read() {
        let header = Header::parse(
            br#"{"alg":"ES256","typ":"JWT","cty":"x","kid":"2","x5t":"a","x5t#S256":"b","new":{}}"#,
        )
        .unwrap();
        assert_eq!(header.algorithm, Algorithm::Es256);
        assert_eq!(header.key_id.as_deref(), Some("2"));
        assert!(header.members.get("new").is_some());
        assert_eq!(format!("{header:?}"), "Header { algorithm: Es256, .. }");
        assert_eq!(Header::parse(br#"{"alg":"HS512"}"#).unwrap().key_id, None);
        for name in ["JWT", "jwt", "JOSE", "at+jwt", "application/at+JWT"] {
            assert!(Header::parse(format!(r#"{{"alg":"HS512","typ":"{name}"}}"#).as_bytes()).is_ok());
        }
    }

    #[test]
    fn every_odd_header_has_its_refusal() {
        for (header, refusal) in [
            ("", Refusal::Header),
            ("[]", Refusal::Header),
            (r#""alg""#, Refusal::Header),
            ("{}", Refusal::Header),
            (r#"{"typ":"JWT"}"#, Refusal::Header),
            (r#"{"ALG":"HS256"}"#, Refusal::Header),
            (r#"{"alg":null}"#, Refusal::Header),
            (r#"{"alg":["HS256"]}"#, Refusal::Header),
            (r#"{"alg":"none","alg":"HS256"}"#, Refusal::Header),
            (r#"{"alg":"HS256","\u0061lg":"HS256"}"#, Refusal::Header),
            (r#"{"alg":"HS256","x":{"y":1,"y":1}}"#, Refusal::Header),
            (r#"{"alg":"HS256","kid":1}"#, Refusal::Header),
            (r#"{"alg":"HS256","kid":null}"#, Refusal::Header),
            (r#"{"alg":"HS256","typ":["JWT"]}"#, Refusal::Header),
            (r#"{"alg":"HS256","typ":"logout+jwt"}"#, Refusal::Header),
            (r#"{"alg":"HS256","typ":"dpop+jwt"}"#, Refusal::Header),
            (r#"{"alg":"HS256","typ":""}"#, Refusal::Header),
            (r#"{"alg":"HS256","cty":{}}"#, Refusal::Header),
            (r#"{"alg":"HS256","x5t":1}"#, Refusal::Header),
            (r#"{"alg":"HS256","zip":"DEF"}"#, Refusal::Header),
            (r#"{"alg":"HS256","enc":"A128GCM"}"#, Refusal::Header),
            (r#"{"alg":"none"}"#, Refusal::Unsigned),
            (r#"{"alg":"None"}"#, Refusal::Unsigned),
            (r#"{"alg":"nOnE"}"#, Refusal::Unsigned),
            (r#"{"alg":"NONE"}"#, Refusal::Unsigned),
            (r#"{"alg":"\u006eone"}"#, Refusal::Unsigned),
            (r#"{"alg":" none"}"#, Refusal::Algorithm),
            (r#"{"alg":""}"#, Refusal::Algorithm),
            (r#"{"alg":"hs256"}"#, Refusal::Algorithm),
            (r#"{"alg":"HS256 "}"#, Refusal::Algorithm),
            (r#"{"alg":"HS256\u0000"}"#, Refusal::Algorithm),
            (r#"{"alg":"HS1"}"#, Refusal::Algorithm),
            (r#"{"alg":"ES256K"}"#, Refusal::Algorithm),
            (r#"{"alg":"RSA-OAEP"}"#, Refusal::Algorithm),
            (r#"{"alg":"dir"}"#, Refusal::Algorithm),
            (r#"{"alg":"HS256","crit":["exp"]}"#, Refusal::Critical),
            (r#"{"alg":"HS256","crit":[]}"#, Refusal::Critical),
            (r#"{"alg":"HS256","crit":null}"#, Refusal::Critical),
            (
                r#"{"alg":"HS256","\u0063rit":["b64"],"b64":false}"#,
                Refusal::Critical,
            ),
            (r#"{"alg":"HS256","b64":true}"#, Refusal::Critical),
            (r#"{"alg":"HS256","jku":"https://a"}"#, Refusal::KeyInHeader),
            (
                r#"{"alg":"HS256","jwk":{"kty":"oct","k":""}}"#,
                Refusal::KeyInHeader,
            ),
            (r#"{"alg":"HS256","x5u":"https://a"}"#, Refusal::KeyInHeader),
            (r#"{"alg":"HS256","x5c":[]}"#, Refusal::KeyInHeader),
            (r#"{"alg":"HS256","trust_chain":[]}"#, Refusal::KeyInHeader),
        ] {
            assert_eq!(Header::parse(header.as_bytes()).unwrap_err(), refusal, "{header}");
        }
    }
}
