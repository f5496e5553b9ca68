//! Compares the vocabulary with the reader of requests: a pattern accepts every value that a request can
//! have, and refuses values that no request can have.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::arena::ArenaBuilder;
use super::super::facts::Facts;
use super::super::matching::{Bindings, matches};
use super::*;
use crate::fact::Fact;
use crate::operation::{Body, ENCODED_SLASH, Request, Site, classify, classify_elsewhere, host_of};

/// The known facts of a request.
type Values = Vec<(Field, String)>;

/// Ids that Airflow accepts, names of other kinds, and parts of a path.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9_.é日-]{1,8}", "[ -~é日]{0,6}[!-~]"]
}

fn encoded(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn request() -> impl Strategy<Value = Values> {
    let target = prop_oneof![
        4 => (select(&ROUTES[..]), "[a-zA-Z0-9_.é日-]{1,8}", name()).prop_map(|(route, id, name)| {
            route.replace("ID", &encoded(&id)).replace("NAME", &encoded(&name))
        }),
        2 => "(/[!-~]{0,6}){1,3}",
    ];
    let principal = prop_oneof![
        "spiffe://[a-z0-9.-]{1,8}(/[a-zA-Z0-9._-]{1,6}){0,3}",
        "spiffe://[a-z0-9.-]{1,8}/ns/[a-zA-Z0-9._-]{1,6}/sa/[a-zA-Z0-9._-]{1,6}",
    ];
    let host = prop_oneof![
        "[a-zA-Z0-9_-]{1,8}(\\.[a-z]{1,5}){0,2}\\.?(:[0-9]{1,4})?",
        "\\[::[0-9a-f]{1,4}\\](:80)?",
    ];
    (target, principal, host, "[A-Z-]{3,8}", any::<bool>()).prop_map(
        |(target, principal, host, method, elsewhere)| {
            let host = host_of(&host);
            let request = |method| Request {
                method,
                target: &target,
                host: &host,
                body: Body::Whole(&[]),
            };
            let principal = Principal::parse(&principal).ok();
            let site = Site::default().with_base_path("/base").unwrap();
            let mut values = Vec::new();
            for method in [&*method, "GET", "DELETE"] {
                let request = request(method);
                let operation = match elsewhere {
                    true => classify_elsewhere(&request),
                    false => classify(&request, &site),
                };
                for operation in operation.iter() {
                    for access in &operation.accesses {
                        let facts = Facts::new(principal.as_ref(), Fact::Unknown, &[], operation, access);
                        values.extend(Field::ALL.into_iter().filter_map(|field| {
                            let value = *facts.fact(field).known()?;
                            Some((field, value.to_owned()))
                        }));
                    }
                }
            }
            values
        },
    )
}

const ROUTES: [&str; 12] = [
    "/api/v2/dags/ID",
    "/base/api/v2/dags/ID",
    "/api/v2/dags/ID/tasks/ID",
    "/api/v2/connections/NAME",
    "/api/v2/variables/NAME",
    "/api/v2/pools/NAME",
    "/execution/xcoms/ID/r/ID/NAME",
    "/execution/assets/by-name?name=NAME",
    "/api/v1/namespaces/NAME/jobs",
    "/base/NAME",
    "/v1/NAME/x",
    "/ID",
];

/// The value as a pattern, if a pattern can express it. An encoded slash has no pattern.
fn exact(value: &str) -> Option<Written<'_>> {
    let written = Written::parse(value).ok()?;
    let plain = written.shape == Shape::Exact && !written.is_template() && !value.contains(ENCODED_SLASH);
    plain.then_some(written)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn a_value_of_a_request_is_a_pattern(values in request()) {
        for (field, value) in values {
            if let Some(written) = exact(&value) {
                prop_assert_eq!(check(field, &value, &written), Ok(()), "{:?} {:?}", field, value);
            }
        }
    }

    #[test]
    fn a_pattern_that_is_refused_matches_no_request(
        values in request(),
        change in select(&["/", ".", " ", "%20", "%2f", "//x", "/../x", "?", "A", "é", "\\", ":80", "\u{1}"][..]),
        star in select(&["", "*"][..]),
        before in any::<bool>(),
    ) {
        for (field, value) in &values {
            let text = match before {
                true => format!("{star}{change}{value}"),
                false => format!("{value}{change}{star}"),
            };
            let Ok(written) = Written::parse(&text) else { continue };
            if written.is_template() || check(*field, &text, &written).is_ok() {
                continue;
            }
            let mut builder = ArenaBuilder::default();
            let list = builder.list([written], |_| 0);
            let arena = builder.finish();
            for (other, value) in values.iter().filter(|(other, _)| other == field) {
                let matched = matches(&arena, arena.patterns(list)[0], value, &Bindings::default());
                prop_assert!(!matched, "{:?} {:?} {:?}", other, text, value);
            }
        }
    }
}

#[test]
fn each_error_says_what_to_write() {
    for (field, text, found, nearest) in [
        (
            Field::Paths,
            "/a%20b",
            "has an escape; paths are compared decoded",
            Some("/a b"),
        ),
        (
            Field::Paths,
            "/ns/s3%3A%2F*",
            "has an escape; paths are compared decoded",
            Some("/ns/s3:/*"),
        ),
        (Field::Paths, "/a//b", "matches nothing", None),
        (Field::Paths, "/a/../b*", "matches nothing", None),
        (Field::Paths, "*/./b", "matches nothing", None),
        (Field::Paths, "/a#b", "matches nothing", None),
        (
            Field::Principals,
            "spiffe://td/ns/a/sa/b/",
            "matches nothing",
            Some("spiffe://td/ns/a/sa/b"),
        ),
        (Field::Principals, "*/sa/b/", "matches nothing", Some("*/sa/b")),
        (Field::Principals, "spiffe://td//sa/b", "matches nothing", None),
        (Field::Principals, "spiffe://td/ns/a b/*", "matches nothing", None),
        (Field::Principals, "spiffe://td:80/*", "matches nothing", None),
        (
            Field::Hosts,
            "api.svc.",
            "ends with a dot; hosts are compared without it",
            Some("api.svc"),
        ),
        (
            Field::Hosts,
            "*:8080",
            "names a port; hosts are compared without theirs",
            Some("*"),
        ),
        (Field::Hosts, "a b", "matches nothing", None),
        (Field::Namespaces, "a.b", "has `.`, so it matches nothing", None),
        (Field::ServiceAccounts, "a.b/c", "matches nothing", None),
        (Field::ServiceAccounts, "/c", "matches nothing", None),
        (
            Field::Variables,
            "key ",
            "ends with a space, which does not count there",
            Some("key"),
        ),
        (Field::Methods, "GET POST", "has ` `, so it matches nothing", None),
    ] {
        let written = Written::parse(text).unwrap();
        let complaint = check(field, text, &written).unwrap_err();
        assert_eq!(complaint.found, format!("`{text}` {found}"));
        assert_eq!(complaint.nearest.as_deref(), nearest, "{text}");
    }
    for (field, length) in [(Field::Dags, 251), (Field::Namespaces, 64)] {
        let text = "a".repeat(length);
        let written = Written::parse(&text).unwrap();
        assert!(check(field, &text, &written).is_err(), "{field:?}");
    }
}

#[test]
fn a_pattern_of_something_passes() {
    for (field, text) in [
        (Field::Principals, "*"),
        (Field::Principals, "spif*"),
        (Field::Principals, "spiffe://td/*"),
        (Field::Principals, "spiffe://td*"),
        (Field::Principals, "spiffe://td/ns/{ns}/sa/w-{t}"),
        (Field::Principals, "*/sa/w"),
        (Field::Principals, "*-worker"),
        (Field::ServiceAccounts, "airflow/*"),
        (Field::ServiceAccounts, "airf*"),
        (Field::ServiceAccounts, "*/worker"),
        (Field::ServiceAccounts, "{ns}/w"),
        (Field::Paths, "/v1/*"),
        (Field::Paths, "*/x"),
        (Field::Paths, "*.json"),
        (Field::Paths, "/{team}/x"),
        (Field::Paths, "/a b/100%"),
        (Field::Hosts, "*.svc"),
        (Field::Hosts, "api.*"),
        (Field::Hosts, "[::1]"),
        (Field::Dags, "{team}_*"),
        (Field::Methods, "{verb}"),
        (Field::Variables, "key *"),
    ] {
        let written = Written::parse(text).unwrap();
        assert_eq!(check(field, text, &written), Ok(()), "{field:?} {text}");
    }
}
