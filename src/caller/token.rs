//! What a task's token says. It is not verified here: Airflow verifies the same token after the
//! filter, and nothing is learned about a token but from what Airflow answers to it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::Header;
use super::id;

/// The longest token that is looked at, in bytes. Airflow's have about 400.
const MAX_BYTES: usize = 8 * 1024;

/// A request with more than one `authorization`: servers differ in which they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepeatedAuthorization;

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

/// The task instance that a request's token is for: the subject of a JWT, where it is a UUID, as
/// Airflow's task tokens have it and its user tokens have not.
///
/// # Errors
///
/// Where there is more than one `authorization`.
pub fn task_of(headers: &[Header<'_>]) -> Result<Option<String>, RepeatedAuthorization> {
    let mut values = headers
        .iter()
        .filter(|(name, _)| *name == b"authorization")
        .map(|(_, value)| *value);
    let first = values.next();
    if values.next().is_some() {
        return Err(RepeatedAuthorization);
    }
    match first.and_then(bearer) {
        // Envoy joins the values of a repeated `authorization` by commas, which no such token has.
        Some(token) if token.contains(&b',') => Err(RepeatedAuthorization),
        token => Ok(token.and_then(subject)),
    }
}

/// The token of an `authorization` whose scheme is `Bearer`.
fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let space = authorization.iter().position(|byte| *byte == b' ')?;
    let (scheme, token) = authorization.split_at_checked(space)?;
    scheme.eq_ignore_ascii_case(b"bearer").then_some(token)
}

fn subject(token: &[u8]) -> Option<String> {
    let token = std::str::from_utf8(token).ok()?.trim();
    if token.len() > MAX_BYTES {
        return None;
    }
    let mut parts = token.split('.').skip(1);
    let (claims, _signature) = (parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let Claims { sub } = serde_json::from_slice(&claims).ok()?;
    id::is_uuid(sub.as_bytes()).then_some(sub)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

    fn token(claims: &str) -> String {
        format!(
            "{}.{}.c2ln",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512"}"#),
            URL_SAFE_NO_PAD.encode(claims)
        )
    }

    fn read(authorization: &str) -> Option<String> {
        task_of(&[(b"authorization", authorization.as_bytes())]).unwrap()
    }

    #[test]
    fn a_task_tokens_subject_is_its_task() {
        let token = token(&format!(r#"{{"sub":"{TASK}","scope":"workload","exp":1}}"#));
        assert_eq!(read(&format!("Bearer {token}")).as_deref(), Some(TASK));
        assert_eq!(read(&format!("bearer {token}")).as_deref(), Some(TASK));
        assert_eq!(task_of(&[]), Ok(None));
    }

    #[test]
    fn what_is_no_task_token_says_nothing() {
        let user = token(r#"{"sub":"admin","role":"ADMIN"}"#);
        for authorization in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer a.b",
            "Bearer a.b.c",
            "Basic YTpi",
            &format!("Bearer {user}"),
            &format!("Bearer {}", "e".repeat(420)),
            &format!("Bearer {}", token("[]")),
            &format!("Bearer {}", token(r#"{"sub":5}"#)),
            &format!("Bearer {}", "a".repeat(MAX_BYTES + 1)),
        ] {
            assert_eq!(read(authorization), None, "{authorization:.60}");
        }
        assert_eq!(task_of(&[(b"authorization", b"\xff \xff")]), Ok(None));
    }

    #[test]
    fn two_are_one_too_many() {
        let header: Header<'_> = (b"authorization", b"Bearer a.b.c");
        assert_eq!(task_of(&[header, header]), Err(RepeatedAuthorization));
        let joined: Header<'_> = (b"authorization", b"Bearer a.b.c,Bearer d.e.f");
        assert_eq!(task_of(&[joined]), Err(RepeatedAuthorization));
    }
}
