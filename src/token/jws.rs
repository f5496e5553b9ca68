//! The compact serialization of a JWS (RFC 7515 §7.1) whose payload is claims.

use std::fmt;

use super::{Claims, Header, Refusal, base64url};

/// The longest token that is read, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

/// A token that was parsed but not verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// Its header.
    pub header: Header,
    /// Its claims.
    pub claims: Claims,
    /// The signed text: header and claims as they were sent.
    pub(super) signed: &'a [u8],
    /// The signature.
    pub(super) signature: Vec<u8>,
}

impl<'a> Parsed<'a> {
    /// Reads a token.
    ///
    /// # Errors
    ///
    /// A part of the token is malformed, could be read in two ways, or is never acceptable from any issuer.
    pub fn parse(token: &'a [u8]) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN {
            return Err(Refusal::TooLong);
        }
        let mut parts = token.splitn(4, |byte| *byte == b'.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::NotJwt);
        };
        let decode = |part| base64url::decode(part).ok_or(Refusal::Base64url);
        let signed = token.get(..header.len() + 1 + claims.len()).unwrap_or_default();
        let (header, claims, signature) = (decode(header)?, decode(claims)?, decode(signature)?);
        let header = Header::parse(&header)?;
        if signature.is_empty() {
            return Err(Refusal::Unsigned);
        }
        Ok(Self {
            header,
            claims: Claims::parse(&claims).map_err(|_| Refusal::Claims)?,
            signed,
            signature,
        })
    }
}

/// Shows the header's algorithm only.
impl fmt::Debug for Parsed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsed")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
