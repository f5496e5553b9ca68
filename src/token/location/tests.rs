use proptest::prelude::*;

use super::*;

fn header(name: &str, prefix: &str) -> Location {
    Location::Header {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
    }
}

fn found(location: &Location, query: &str, headers: &[(&str, &str)]) -> Result<Option<String>, Refusal> {
    let headers: Vec<Header<'_>> = headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let found = tokens(&[location], query, &headers);
    let token = found.into_iter().next().map(|(_, token)| token).transpose()?;
    Ok(token.map(|token| String::from_utf8(token.to_vec()).unwrap()))
}

#[test]
fn a_header_carries_a_token_behind_its_prefix() {
    let bearer = header("authorization", "Bearer ");
    let own = header("x-token", "");
    for (location, name, value, expected) in [
        (&bearer, "authorization", "Bearer a.b.c", Some("a.b.c")),
        (&bearer, "authorization", "bEARER a.b.c", Some("a.b.c")),
        (&bearer, "authorization", "", None),
        (&bearer, "x-token", "Bearer a.b.c", None),
        (&own, "x-token", "a.b.c", Some("a.b.c")),
        (&own, "x-token", "", None),
        // A token that is not base64url is refused later, by its parser.
        (&bearer, "authorization", "Bearer  a.b.c\t", Some(" a.b.c\t")),
    ] {
        assert_eq!(
            found(location, "", &[(name, value)]),
            Ok(expected.map(str::to_owned)),
            "{value}"
        );
    }
}

#[test]
fn another_scheme_is_no_token() {
    let bearer = header("authorization", "Bearer ");
    for value in [
        "Basic YTpi",
        "basic YTpi",
        "Negotiate YTpi",
        "AWS4-HMAC-SHA256 Credential=a, Signature=b",
    ] {
        assert_eq!(
            found(&bearer, "", &[("authorization", value)]),
            Ok(None),
            "{value}"
        );
    }
    let both = [&bearer, &header("authorization", "JWT ")];
    let headers: [Header<'_>; 1] = [(b"authorization", b"jwt a.b.c")];
    let held = tokens(&both, "", &headers);
    assert_eq!(held, [(both[1], Ok(b"a.b.c".as_slice()))]);
}

#[test]
fn what_a_server_could_take_for_a_token_is_unreadable() {
    let bearer = header("authorization", "Bearer ");
    for value in [
        "Bearer",
        "Bearers a.b.c",
        "bearer\ta.b.c",
        "Bearer\u{a0}a.b.c",
        " Bearer a.b.c",
        "\tBearer a.b.c",
        "\u{85}Bearer a.b.c",
        "a.b.c",
        "Basic",
        "Basic ",
        "Basic YTpi,Bearer a.b.c",
        "Basic YTpi, bearer\ta.b.c",
        ", Bearer a.b.c",
    ] {
        let held = found(&bearer, "", &[("authorization", value)]);
        assert_eq!(held, Err(Refusal::Unreadable), "{value:?}");
    }
    let own = header("x-token", "JWT ");
    for (name, value) in [
        ("x-token", "jwt a"),
        ("x-token", "a.b.c"),
        ("x-token", "Bearer a.b.c"),
        ("x-token", " "),
        ("x_token", "JWT a.b.c"),
    ] {
        let held = found(&own, "", &[(name, value)]);
        assert_eq!(held, Err(Refusal::Unreadable), "{name}: {value}");
    }
}

#[test]
fn names_that_are_places_of_their_own_are_not_taken_for_each_other() {
    let locations = [
        header("x-token", ""),
        header("x_token", ""),
        Location::Query("a.b".to_owned()),
        Location::Query("a_b".to_owned()),
        Location::Cookie("t".to_owned()),
        Location::Cookie("T".to_owned()),
    ];
    let headers: [Header<'_>; 3] = [(b"x-token", b"1"), (b"x_token", b"2"), (b"cookie", b"t=5; T=6")];
    let locations: Vec<&Location> = locations.iter().collect();
    let held = tokens(&locations, "a_b=4&a.b=3", &headers);
    let values: Vec<_> = held.into_iter().map(|(_, token)| token.unwrap()).collect();
    assert_eq!(values, [b"1", b"2", b"3", b"4", b"5", b"6"]);
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
    let query = Location::Query("token".to_owned());
    for text in [
        "token=a&token=b",
        "token=a&%74oken=b",
        "t%6Fken=&token=b",
        "token&token=b",
    ] {
        assert_eq!(found(&query, text, &[]), Err(Refusal::Repeated), "{text}");
    }
    let cookie = Location::Cookie("_token".to_owned());
    for headers in [
        &[("cookie", "_token=a; _token=b")][..],
        &[("cookie", "_token=a"), ("cookie", "x=1; _token=b")],
    ] {
        assert_eq!(found(&cookie, "", headers), Err(Refusal::Repeated), "{headers:?}");
    }
}

#[test]
fn a_query_names_its_token_in_any_spelling() {
    let query = Location::Query("my token".to_owned());
    for text in ["my+token=a.b.c", "x=1&my%20token=a.b.c&y", "%6dy token=a.b.c"] {
        assert_eq!(found(&query, text, &[]), Ok(Some("a.b.c".to_owned())), "{text}");
    }
    for text in [
        "",
        "token=a",
        "my%2token=a",
        "my token=",
        "%=a",
        "%6=a",
        "x=my+token",
    ] {
        assert_eq!(found(&query, text, &[]), Ok(None), "{text}");
    }
    for text in [
        "MY+token=a",
        "+my+token=a",
        "my_token=a",
        "my.token[]=a",
        "my%00token=&%C2%A0my+token%09=a",
        "x=1;my+token=a",
        "my+token=a;my+token=b",
        "x;my%20token",
    ] {
        assert_eq!(found(&query, text, &[]), Err(Refusal::Unreadable), "{text}");
    }
}

#[test]
fn a_target_is_logged_without_its_tokens() {
    let mut issuer = crate::token::testing::issuer(crate::token::Kind::Oidc, &[]);
    issuer.locations = vec![
        header("authorization", "Bearer "),
        Location::Query("token".to_owned()),
    ];
    for (target, expected) in [
        ("/a?token=a.b.c&x=1", "/a?token=…&x=1"),
        ("/a?x=token&%74oken=a.b.c=", "/a?x=token&%74oken=…"),
        ("/token=a.b.c?x", "/token=a.b.c?x"),
        ("/a?tokens=1&token", "/a?tokens=1&token"),
        ("/a?x=1;token=a.b.c;y&Token=a.b.c;", "/a?x=1;token=…;y&Token=…;"),
    ] {
        assert_eq!(without_tokens(target, &[issuer.clone()]), expected);
    }
}

#[test]
fn cookies_are_read_as_servers_read_them() {
    let cookie = Location::Cookie("_token".to_owned());
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

#[test]
fn what_a_server_could_take_for_the_cookie_is_unreadable() {
    let cookie = Location::Cookie("_token".to_owned());
    for value in [
        &b"\xa0_token=a.b.c"[..],
        b"_token\x85=a.b.c",
        b"_token\xa0=a.b.c; _token=a.b.c",
        b"\x0b_token=a.b.c",
        b"\"_token\"=a.b.c",
        b"_TOKEN=a.b.c",
        b"a=1, _token=a.b.c",
        b"a=1 _token=a.b.c",
        b"a _token=a.b.c",
        b"_token=a.b.c, _token=d.e.f",
        b"$Version=1, _token=a.b.c",
    ] {
        let headers: [Header<'_>; 1] = [(b"cookie", value)];
        let held = tokens(&[&cookie], "", &headers);
        assert_eq!(
            held,
            [(&cookie, Err(Refusal::Unreadable))],
            "{:?}",
            value.escape_ascii().to_string()
        );
    }
    for value in [
        &b"session=\xff; x=\xa0"[..],
        b"_token_x=1",
        b"a=\"_token\"",
        b"my_token=1",
    ] {
        let headers: [Header<'_>; 1] = [(b"cookie", value)];
        assert_eq!(
            tokens(&[&cookie], "", &headers),
            [],
            "{:?}",
            value.escape_ascii().to_string()
        );
    }
}

/// The cookies that Starlette reads (`cookie_parser`), without those that have no name there.
fn starlette(cookies: &[u8]) -> Vec<(String, String)> {
    let text: String = cookies.iter().map(|byte| char::from(*byte)).collect();
    let strip = |text: &str| {
        let is_space = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
        text.trim_matches(is_space).to_owned()
    };
    let pairs = text.split(';').filter_map(|chunk| chunk.split_once('='));
    pairs.map(|(name, value)| (strip(name), strip(value))).collect()
}

proptest! {
    #[test]
    fn no_cookie_that_starlette_reads_is_absent(
        pieces in prop::collection::vec(
            prop_oneof![
                3 => Just(b"_token".to_vec()),
                3 => Just(b"=".to_vec()),
                2 => Just(b"; ".to_vec()),
                2 => Just(b"a.b.c".to_vec()),
                2 => prop::collection::vec(prop::sample::select(b" \t\x0b\x1c\x85\xa0\",;$=".to_vec()), 1..3),
                1 => prop::collection::vec(any::<u8>(), 1..3),
            ],
            0..10,
        ),
    ) {
        let cookies = pieces.concat();
        let location = Location::Cookie("_token".to_owned());
        let headers: [Header<'_>; 1] = [(b"cookie", &cookies)];
        let held = tokens(&[&location], "", &headers);
        let read = starlette(&cookies);
        let there = read.iter().any(|(name, value)| name == "_token" && !value.is_empty() && value != "\"\"");
        prop_assert!(!there || !held.is_empty());
    }

    #[test]
    fn no_authorization_that_fastapi_reads_is_absent(
        before in "[ \t\u{a0}\u{85},A-Za-z]{0,2}",
        scheme in "[Bb][Ee][Aa][Rr][Ee][Rr]",
        between in "[ \t\u{a0}\u{85}]{0,2}",
        token in "[a-c.]{0,5}",
    ) {
        let location = header("authorization", "Bearer ");
        let value = format!("{before}{scheme}{between}{token}");
        let bytes: Vec<u8> = value.chars().map(|c| c as u8).collect();
        let headers: [Header<'_>; 1] = [(b"authorization", &bytes)];
        let held = tokens(&[&location], "", &headers);
        let read = value.trim_matches([' ', '\t']).split_once(' ');
        let there = read.is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()
        });
        prop_assert!(!there || !held.is_empty());
    }
}
