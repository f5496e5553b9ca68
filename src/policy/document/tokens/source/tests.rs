use super::super::super::super::error::LoadError;
use super::super::tests::{errors_of, loaded};
use crate::token::Source;

const SECRET: &str = "bm9ib2R5IGtub3dzIHRoaXMgc2VjcmV0LCBidXQgYWxsIHRoZSB0ZXN0cyBkbw";

fn secret() -> String {
    format!(r#"{{"keys":[{{"kty":"oct","alg":"HS512","k":"{SECRET}"}}]}}"#)
}

#[test]
fn keys_may_stand_in_the_policy() {
    let as_text = serde_json::to_string(&secret()).unwrap();
    for jwks in [secret(), as_text] {
        let tokens =
            format!(r#"[{{"name":"a","kind":"airflow-user","audiences":["airflow"],"jwks":{jwks}}}]"#);
        let ruleset = loaded(&tokens).unwrap();
        let Source::Inline(keys) = &ruleset.issuers()[0].source else {
            panic!("{ruleset:?}")
        };
        assert_eq!(keys.keys().len(), 1);
        assert!(!format!("{ruleset:?}").contains(SECRET));
    }
}

#[test]
fn what_is_wrong_with_keys_is_said_without_them() {
    let allowed = "allowed: a JWK Set, `{keys: [...]}` or a text with its JSON";
    let left_out = secret().replace("\"oct\"", "\"secret\"");
    for (fields, expected) in [
        (format!(r#""jwks":"{SECRET}""#), format!("tokens[0].jwks: not JSON, or a name is given twice; {allowed}")),
        (r#""jwks":{"key":[]}"#.to_owned(), format!("tokens[0].jwks: not a JWK Set: expected an object with a list `keys`; {allowed}")),
        (r#""jwks":[]"#.to_owned(), format!("tokens[0].jwks: found an empty list; {allowed}")),
        (format!(r#""jwks":{}"#, secret().replace(SECRET, "c2hvcnQ")), String::new()),
        (format!(r#""jwks":{left_out}"#), String::new()),
        (
            format!(r#""jwks":{},"algorithms":["RS256","EdDSA"]"#, secret()),
            "tokens[0].jwks: no key is for `RS256`, `EdDSA`; allowed: at least one key for one of the `algorithms`".to_owned(),
        ),
        (
            format!(r#""jwks":{},"algorithms":["HS256"]"#, secret()),
            "tokens[0].jwks: no key is for `HS256`; allowed: at least one key for one of the `algorithms`".to_owned(),
        ),
        (
            format!(r#""jwks":{},"jwksUri":"https://a/","cluster":"c""#, secret()),
            "tokens[0].jwksUri: `jwks` is given already; allowed: exactly one of `jwks`, `jwksUri`, `fromIstio`".to_owned(),
        ),
    ] {
        let errors = errors_of("airflow-user", &fields);
        let [error] = &*errors else { panic!("{fields}: {errors:?}") };
        assert!(!error.contains(SECRET) && !error.contains("c2hvcnQ"), "{error}");
        match &*expected {
            "" => assert!(error.starts_with("tokens[0].jwks: no usable key: keys[0] "), "{error}"),
            expected => assert_eq!(error, expected),
        }
    }
    // The error tells which keys were left out if no other key fits.
    let mixed = format!(
        r#""algorithms":["RS256"],"jwks":{{"keys":[{{"kty":"RSA","n":"AQAB","e":"AQAB"}},{{"kty":"oct","k":"{SECRET}"}}]}}"#
    );
    let errors = errors_of("airflow-user", &mixed);
    let [error] = &*errors else { panic!("{errors:?}") };
    assert!(
        error.starts_with("tokens[0].jwks: no key is for `RS256` (keys[0] "),
        "{error}"
    );
}

#[test]
fn a_url_is_what_a_request_says() {
    let url = |url: &str| {
        let fields = format!(r#""issuer":"https://o","jwksUri":"{url}","cluster":"c""#);
        let tokens = format!(r#"[{{"name":"a","kind":"oidc","audiences":["airflow"],{fields}}}]"#);
        loaded(&tokens).map(|ruleset| {
            let remote = ruleset.issuers()[0].remote().unwrap();
            (remote.authority.clone(), remote.path.clone())
        })
    };
    for (text, authority, path) in [
        ("https://a.example", "a.example", "/"),
        ("https://a.example/keys?x=/", "a.example", "/keys?x=/"),
        ("https://a.example?x", "a.example", "/?x"),
        ("http://[::1]:80/k", "[::1]:80", "/k"),
        ("http://[::1]", "[::1]", "/"),
    ] {
        assert_eq!(url(text), Ok((authority.to_owned(), path.to_owned())), "{text}");
    }
    for (text, bad) in [
        ("", "does not begin with `https://` or `http://`"),
        ("ftp://a", "does not begin with `https://` or `http://`"),
        (
            "https:///keys",
            "has no host, or a host with an invalid character",
        ),
        (
            "https://a:b/keys",
            "has a port that is not a number from 1 to 65535",
        ),
        (
            "https://a:0/keys",
            "has a port that is not a number from 1 to 65535",
        ),
        (
            "https://a:+1/keys",
            "has a port that is not a number from 1 to 65535",
        ),
        (
            "https://a:/keys",
            "has a port that is not a number from 1 to 65535",
        ),
        (
            "https://::1/keys",
            "has no host, or a host with an invalid character",
        ),
        ("https://a/k k", "has a character that a URL cannot contain"),
        ("https://a/k#1", "has a fragment, which no request carries"),
        (
            "https://me:hunter2@a/keys",
            "has a user name before its host, which no request carries",
        ),
    ] {
        let errors = url(text).unwrap_err();
        let shown: Vec<String> = errors.iter().map(LoadError::to_string).collect();
        let expected =
            format!("tokens[0].jwksUri: {bad}; allowed: `https://HOST/PATH`, or `http://HOST/PATH`");
        assert_eq!(shown, [expected], "{text}");
    }
}
