//! The credential that a request carries for Airflow's Execution API.
//!
//! dagward does not verify it here: Airflow verifies it after the filter. So this module must not overlook a
//! token that Airflow would read. A credential that Airflow could read as a task's token is
//! [`Credential::Task`] or [`Credential::Unreadable`]; it is never absent, and never another task's. Airflow
//! accepts more spellings than its own client sends:
//!
//! * Envoy accepts blanks and tabs around a value over HTTP/2 (envoyproxy/envoy#23267), and HTTP/1.1 servers
//!   behind it trim them (RFC 9110 §5.5).
//! * Starlette decodes values as Latin-1 and takes the first of several (`Headers`).
//! * FastAPI cuts at the first blank. Since 0.128.1 it also strips everything that Python's `str.strip()`
//!   strips, including U+0085 and U+00A0 (`get_authorization_scheme_param`, fastapi/fastapi#14786).
//! * PyJWT cuts at the first and at the last dot (`_load`). Before 2.14.0 its decoder drops every character
//!   that is not base64 (GHSA-hxm8-2xgr-2p9m), and all releases accept padding.
//! * Python's `json` accepts UTF-16, `NaN`, and the last of two members with the same name.
//! * Python's `UUID` accepts more than one spelling of a task instance's id.

use std::collections::HashSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::TaskInstanceId;
use crate::wire::Header;

/// The longest value that is read, in bytes. Airflow's values have about 400.
const MAX_BYTES: usize = 8 * 1024;

/// The scheme and the blank after it.
const SCHEME: &[u8] = b"bearer ";

/// A request's `authorization`, as the Execution API reads it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Credential<Text> {
    /// The request has no `authorization`.
    #[default]
    Absent,
    /// The token of this task instance.
    Task(TaskInstanceId<Text>),
    /// A token whose subject is not the id of a task instance. The Execution API refuses it.
    Other,
    /// A credential that dagward cannot read but that Airflow may be able to read.
    Unreadable(Unreadable),
}

/// The reason why a credential cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// There is more than one value, or Envoy has joined several with commas.
    Repeated,
    /// The value is longer than 8 KiB.
    TooLong,
    /// The value is not `Bearer`, one blank, and a token.
    Scheme,
    /// The token is not three parts of base64url with dots between them.
    Token,
    /// The claims are not a JSON object with a text as `sub`, or have a repeated name.
    Claims,
    /// The subject is a UUID in an unusual spelling.
    Subject,
}

impl Credential<String> {
    /// The same credential, with the task borrowed.
    pub fn as_deref(&self) -> Credential<&str> {
        match self {
            Self::Absent => Credential::Absent,
            Self::Task(task) => Credential::Task(task.as_deref()),
            Self::Other => Credential::Other,
            Self::Unreadable(why) => Credential::Unreadable(*why),
        }
    }
}

impl<Text> Credential<Text> {
    /// The task instance that the token is for.
    pub fn task(self) -> Option<TaskInstanceId<Text>> {
        match self {
            Self::Task(task) => Some(task),
            Self::Absent | Self::Other | Self::Unreadable(_) => None,
        }
    }

    /// The reason why the credential cannot be read.
    pub fn unreadable(&self) -> Option<Unreadable> {
        match self {
            Self::Unreadable(why) => Some(*why),
            Self::Absent | Self::Task(_) | Self::Other => None,
        }
    }
}

/// Reads the credential of a request with these headers.
pub fn credential(headers: &[Header<'_>]) -> Credential<String> {
    let mut values = headers
        .iter()
        .filter(|(name, _)| *name == b"authorization")
        .map(|(_, value)| *value);
    let Some(value) = values.next() else {
        return Credential::Absent;
    };
    let read = match values.next() {
        Some(_) => Err(Unreadable::Repeated),
        None => subject(value),
    };
    match read.map(TaskInstanceId::parse) {
        Ok(Ok(task)) => Credential::Task(task),
        Ok(Err(subject)) if python_may_read_uuid(&subject) => Credential::Unreadable(Unreadable::Subject),
        Ok(Err(_)) => Credential::Other,
        Err(why) => Credential::Unreadable(why),
    }
}

/// The subject of the token in `authorization`.
fn subject(authorization: &[u8]) -> Result<String, Unreadable> {
    if authorization.len() > MAX_BYTES {
        return Err(Unreadable::TooLong);
    }
    if authorization.contains(&b',') {
        return Err(Unreadable::Repeated);
    }
    let (_, token) = authorization
        .split_at_checked(SCHEME.len())
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
        .ok_or(Unreadable::Scheme)?;
    let mut parts = token.split(|byte| *byte == b'.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Unreadable::Token);
    };
    let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| Unreadable::Token);
    let (_, claims, _) = (decode(header)?, decode(claims)?, decode(signature)?);
    let Claims { sub } = serde_json::from_slice(&claims).map_err(|_| Unreadable::Claims)?;
    Ok(sub)
}

/// Whether Python could read `subject` as a UUID. `UUID` drops `urn:`, `uuid:`, hyphens, and braces at the
/// ends. It passes the remaining 32 characters to `int(…, 16)`, which accepts white space, signs, `0x`,
/// underscores, and digits of any script. Pydantic accepts fewer spellings.
fn python_may_read_uuid(subject: &str) -> bool {
    let plain = subject
        .to_ascii_lowercase()
        .replace("urn:", "")
        .replace("uuid:", "");
    let digits = plain.trim_matches(['{', '}']).replace('-', "");
    digits.chars().count() == 32
        && digits
            .chars()
            .all(|c| !c.is_ascii() || c.is_ascii_control() || c.is_ascii_hexdigit() || " _+x".contains(c))
}

/// The claims of a JWT. Only one of them matters here.
struct Claims {
    sub: String,
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A derived reader would accept a list in place of the object.
        deserializer.deserialize_map(ClaimsVisitor)
    }
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut claims: A) -> Result<Claims, A::Error> {
        let mut sub = None;
        let mut names = HashSet::new();
        while let Some(name) = claims.next_key::<String>()? {
            match name.as_str() {
                "sub" => sub = Some(claims.next_value()?),
                _ => drop(claims.next_value::<IgnoredAny>()?),
            }
            if !names.insert(name) {
                return Err(A::Error::custom("a name is there twice"));
            }
        }
        let sub = sub.ok_or_else(|| A::Error::missing_field("sub"))?;
        Ok(Claims { sub })
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("header `authorization`: ")?;
        f.write_str(match self {
            Self::Repeated => "there is more than one; send one",
            Self::TooLong => "the value is longer than 8 KiB",
            Self::Scheme => "expected `Bearer`, one blank and the task's token",
            Self::Token => "the token is not three parts of base64url with dots between them",
            Self::Claims => "the token's claims must be a JSON object with a text as `sub` and no name twice",
            Self::Subject => "the token's subject must be a UUID in lower case with hyphens",
        })
    }
}

#[cfg(test)]
mod tests;
