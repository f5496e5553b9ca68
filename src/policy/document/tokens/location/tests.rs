use super::super::tests::{FETCHED, errors_of};

#[test]
fn a_location_is_one_place() {
    for (location, expected) in [
        (
            r#"{}"#,
            "locations[0]: none of `header`, `query` and `cookie` is given; allowed: exactly one of `header`, `query` and `cookie`",
        ),
        (
            r#"{"query":"a","cookie":"b"}"#,
            "locations[0]: more than one of `header`, `query` and `cookie` is given; allowed: exactly one of `header`, `query` and `cookie`",
        ),
        (
            r#"{"header":"X-Token"}"#,
            "locations[0].header: `X-Token` has upper case; allowed: a header's name in lower case, such as `x-service-account-token`; did you mean `x-token`?",
        ),
        (
            r#"{"header":":path"}"#,
            "locations[0].header: invalid name `:path`; allowed: a header's name in lower case, such as `x-service-account-token`",
        ),
        (
            r#"{"header":"cookie"}"#,
            "locations[0].header: `cookie` holds all cookies; allowed: `cookie: NAME` in place of `header`",
        ),
        (
            r#"{"query":"a&b"}"#,
            "locations[0].query: invalid name `a&b`; allowed: a parameter's name, such as `access_token`",
        ),
        (
            r#"{"cookie":"a=b"}"#,
            "locations[0].cookie: invalid name `a=b`; allowed: a cookie's name, such as `_token`",
        ),
        (
            r#"{"cookie":"a","prefix":"b"}"#,
            "locations[0].prefix: only a header's token has a prefix; allowed: `prefix` beside `header`",
        ),
        (
            r#"{"header":"a","prefix":" b"}"#,
            "locations[0].prefix: invalid prefix ` b`; allowed: the text before the token, such as `Bearer `",
        ),
        (
            r#"{"heade":"a"}"#,
            "locations[0].heade: unknown field `heade`; allowed: `header`, `prefix`, `query`, `cookie`; did you mean `header`?",
        ),
        (
            r#"{"header":"authorization","prefix":"Bearer "},{"header":"authorization"}"#,
            "locations[1]: locations[0] takes tokens from there already; allowed: a location of its own",
        ),
    ] {
        let fields = format!(r#""locations":[{location}],{FETCHED}"#);
        let errors = errors_of("airflow-user", &fields);
        assert_eq!(
            errors.first(),
            Some(&format!("tokens[0].{expected}")),
            "{location}"
        );
    }
    let apart = r#""locations":[{"header":"authorization","prefix":"Bearer "},{"header":"authorization","prefix":"Token "}]"#;
    assert_eq!(
        errors_of("airflow-user", &format!("{apart},{FETCHED}")),
        Vec::<String>::new()
    );
}
