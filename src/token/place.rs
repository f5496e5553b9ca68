//! Where a request carries a token.

use std::borrow::Cow;

use crate::caller::Header;
use crate::caller::percent::is_query_spelling_of;

use super::{Issuer, Refusal};

/// Where a request carries a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A header, its name in lower case; a value without the prefix is no token. The prefix of
    /// `authorization`, which is a scheme (RFC 9110 §11.1), is compared without regard to case.
    Header {
        /// The header's name, in lower case.
        name: String,
        /// What stands before the token; may be empty.
        prefix: String,
    },
    /// A parameter of the query.
    Query(String),
    /// A cookie.
    Cookie(String),
}

impl Place {
    /// The token that a request with this `query` and these `headers` carries here.
    ///
    /// # Errors
    ///
    /// Where there are several: servers differ in which they take.
    pub(super) fn token<'r>(
        &self,
        query: &'r str,
        headers: &[Header<'r>],
    ) -> Result<Option<&'r [u8]>, Refusal> {
        match self {
            Self::Header { name, prefix } => in_header(headers, name, prefix),
            Self::Query(name) => only(in_query(query, name)),
            Self::Cookie(name) => only(in_cookies(headers, name)),
        }
    }
}

/// A request's target with nothing in place of the tokens that its query carries, for logs.
pub fn without_tokens<'t>(target: &'t str, issuers: &[Issuer]) -> Cow<'t, str> {
    let places = || issuers.iter().flat_map(|issuer| &issuer.places);
    let is_token = |pair: &str| {
        let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
        places()
            .any(|place| matches!(place, Place::Query(token) if is_query_spelling_of(name.as_bytes(), token.as_bytes())))
    };
    let Some((path, query)) = target.split_once('?') else {
        return Cow::Borrowed(target);
    };
    if !query.split('&').any(is_token) {
        return Cow::Borrowed(target);
    }
    let kept: Vec<_> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_token(pair) => Cow::Owned(format!("{name}=…")),
            _ => Cow::Borrowed(pair),
        })
        .collect();
    Cow::Owned(format!("{path}?{}", kept.join("&")))
}

fn in_header<'r>(headers: &[Header<'r>], name: &str, prefix: &str) -> Result<Option<&'r [u8]>, Refusal> {
    let value = only(
        headers
            .iter()
            .filter(|(other, _)| *other == name.as_bytes())
            .map(|(_, value)| *value),
    )?;
    let Some((before, token)) = value.and_then(|value| value.split_at_checked(prefix.len())) else {
        return Ok(None);
    };
    let is_there = match name {
        "authorization" => before.eq_ignore_ascii_case(prefix.as_bytes()),
        _ => before == prefix.as_bytes(),
    };
    Ok(is_there.then(|| token.trim_ascii()))
}

/// A token needs no escapes in a query, and an escaped one is refused as no base64url. Its name may
/// be escaped, and a server would find it all the same.
fn in_query<'r>(query: &'r str, name: &str) -> impl Iterator<Item = &'r [u8]> {
    // Parameters are short and may be many: looking at each byte costs less than a searcher does.
    let pairs = query.as_bytes().split(|byte| *byte == b'&');
    pairs.filter_map(move |pair| {
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (other, value) = equals
            .and_then(|at| pair.split_at_checked(at))
            .unwrap_or((pair, b""));
        let value = value.strip_prefix(b"=").unwrap_or(value);
        is_query_spelling_of(other, name.as_bytes()).then_some(value)
    })
}

/// Cookies as servers read them: leniently, the quotes around a value taken off. HTTP/2 may bring
/// each in a header of its own (RFC 9113 §8.2.3).
fn in_cookies<'r>(headers: &[Header<'r>], name: &str) -> impl Iterator<Item = &'r [u8]> {
    headers
        .iter()
        .filter(|(header, _)| *header == b"cookie")
        .flat_map(|(_, cookies)| cookies.split(|byte| *byte == b';'))
        .filter_map(move |cookie| {
            let equals = cookie.iter().position(|byte| *byte == b'=')?;
            let (other, value) = cookie.split_at_checked(equals)?;
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            let unquoted = value
                .strip_prefix(b"\"")
                .and_then(|value| value.strip_suffix(b"\""));
            (other.trim_ascii() == name.as_bytes()).then_some(unquoted.unwrap_or(value))
        })
}

/// The only one. One that is empty is none, but is one too many beside another.
fn only<'r>(mut values: impl Iterator<Item = &'r [u8]>) -> Result<Option<&'r [u8]>, Refusal> {
    let first = values.next();
    match values.next() {
        Some(_) => Err(Refusal::Repeated),
        None => Ok(first.filter(|value| !value.is_empty())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, prefix: &str) -> Place {
        Place::Header {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
        }
    }

    fn found(place: &Place, query: &str, headers: &[(&str, &str)]) -> Result<Option<String>, Refusal> {
        let headers: Vec<Header<'_>> = headers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect();
        let token = place.token(query, &headers)?;
        Ok(token.map(|token| String::from_utf8(token.to_vec()).unwrap()))
    }

    #[test]
    fn a_header_carries_a_token_behind_its_prefix() {
        let bearer = header("authorization", "Bearer ");
        let own = header("x-token", "");
        for (place, name, value, expected) in [
            (&bearer, "authorization", "Bearer a.b.c", Some("a.b.c")),
            (&bearer, "authorization", "bEARER a.b.c", Some("a.b.c")),
            (&bearer, "authorization", "Bearer  a.b.c ", Some("a.b.c")),
            (&bearer, "authorization", "Basic YTpi", None),
            (&bearer, "authorization", "Bearer", None),
            (&bearer, "x-token", "Bearer a.b.c", None),
            (&own, "x-token", "a.b.c", Some("a.b.c")),
            (&own, "x-token", "", None),
            (&header("x-token", "JWT "), "x-token", "jwt a", None),
        ] {
            assert_eq!(
                found(place, "", &[(name, value)]),
                Ok(expected.map(str::to_owned)),
                "{value}"
            );
        }
    }

    #[test]
    fn two_in_one_place_are_one_too_many() {
        let bearer = header("authorization", "Bearer ");
        for headers in [
            &[("authorization", "Bearer a"), ("authorization", "Bearer b")][..],
            &[("authorization", "Basic a"), ("authorization", "Bearer b")],
        ] {
            assert_eq!(found(&bearer, "", headers), Err(Refusal::Repeated), "{headers:?}");
        }
        let query = Place::Query("token".to_owned());
        for text in [
            "token=a&token=b",
            "token=a&%74oken=b",
            "t%6Fken=&token=b",
            "token&token=b",
        ] {
            assert_eq!(found(&query, text, &[]), Err(Refusal::Repeated), "{text}");
        }
        let cookie = Place::Cookie("_token".to_owned());
        for headers in [
            &[("cookie", "_token=a; _token=b")][..],
            &[("cookie", "_token=a"), ("cookie", "x=1; _token=b")],
        ] {
            assert_eq!(found(&cookie, "", headers), Err(Refusal::Repeated), "{headers:?}");
        }
    }

    #[test]
    fn a_query_names_its_token_in_any_spelling() {
        let query = Place::Query("my token".to_owned());
        for text in ["my+token=a.b.c", "x=1&my%20token=a.b.c&y", "%6dy token=a.b.c"] {
            assert_eq!(found(&query, text, &[]), Ok(Some("a.b.c".to_owned())), "{text}");
        }
        for text in ["", "token=a", "my%2token=a", "my token=", "%=a", "%6=a"] {
            assert_eq!(found(&query, text, &[]), Ok(None), "{text}");
        }
    }

    #[test]
    fn a_target_is_logged_without_its_tokens() {
        let mut issuer = crate::token::testing::issuer(crate::token::Kind::Oidc, &[]);
        issuer.places = vec![
            header("authorization", "Bearer "),
            Place::Query("token".to_owned()),
        ];
        for (target, expected) in [
            ("/a?token=a.b.c&x=1", "/a?token=…&x=1"),
            ("/a?x=token&%74oken=a.b.c=", "/a?x=token&%74oken=…"),
            ("/token=a.b.c?x", "/token=a.b.c?x"),
            ("/a?tokens=1&token", "/a?tokens=1&token"),
        ] {
            assert_eq!(without_tokens(target, &[issuer.clone()]), expected);
        }
    }

    #[test]
    fn cookies_are_read_as_servers_read_them() {
        let cookie = Place::Cookie("_token".to_owned());
        for (value, expected) in [
            ("_token=a.b.c", Some("a.b.c")),
            ("session=1; _token=a.b.c ;x", Some("a.b.c")),
            ("_token=\"a.b.c\"", Some("a.b.c")),
            (" _token = a.b.c", Some("a.b.c")),
            ("_token=", None),
            ("other_token=a; _token", None),
        ] {
            assert_eq!(
                found(&cookie, "", &[("cookie", value)]),
                Ok(expected.map(str::to_owned)),
                "{value}"
            );
        }
    }
}
