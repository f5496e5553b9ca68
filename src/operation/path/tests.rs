use proptest::prelude::*;

use super::*;

#[test]
fn reads_what_every_server_reads_alike() {
    for (raw, text) in [
        ("/api/v2/dags/d1", "/api/v2/dags/d1"),
        ("/api/v2/dags/d1/", "/api/v2/dags/d1/"),
        ("/", "/"),
        ("/api/v2/dags/%64%31", "/api/v2/dags/d1"),
        ("/api/v2/dags/%7E", "/api/v2/dags/~"),
        ("/x/a%253Ab", "/x/a%3Ab"),
        ("/x/%zz%4", "/x/%zz%4"),
        ("/x/a%20b", "/x/a b"),
        ("/x/%C3%A9", "/x/é"),
        ("/x/a%3Bb%23%3F", "/x/a;b#?"),
        ("/x/2026-01-01T00:00:00+00:00", "/x/2026-01-01T00:00:00+00:00"),
        ("/x/...", "/x/..."),
    ] {
        let path = read(raw).unwrap_or_else(|error| panic!("{raw}: {error}"));
        assert_eq!(path.text, text);
        assert_eq!(path.encoded_slashes, None);
        assert_eq!(matches!(path.text, Cow::Borrowed(_)), !raw.contains('%'));
    }
}

#[test]
fn tells_where_encoded_slashes_stand() {
    assert_eq!(read("/%41%2fb%2Fc%2F").unwrap().encoded_slashes, Some((2, 6)));
}

#[test]
fn refuses_what_parsers_read_differently() {
    for (raw, ambiguity) in [
        ("", Ambiguity::Form),
        ("*", Ambiguity::Form),
        ("api/v2", Ambiguity::Form),
        ("http://airflow/api/v2/dags", Ambiguity::Form),
        ("/a#b", Ambiguity::Fragment),
        ("/a\\b", Ambiguity::Backslash),
        ("/a%5Cb", Ambiguity::Backslash),
        ("/a;b=c", Ambiguity::Parameter),
        ("/a b", Ambiguity::Control),
        ("/a\tb", Ambiguity::Control),
        ("/a%00b", Ambiguity::Control),
        ("/a%0D%0Ab", Ambiguity::Control),
        ("/a%C2%85b", Ambiguity::Control),
        ("/é", Ambiguity::NotUtf8),
        ("/%FF", Ambiguity::NotUtf8),
        ("/%C0%AF", Ambiguity::NotUtf8),
        ("//", Ambiguity::EmptySegment),
        ("//api/v1/dags/d1", Ambiguity::EmptySegment),
        ("/a//b", Ambiguity::EmptySegment),
        ("/a/%2Fb", Ambiguity::EmptySegment),
        ("/a//", Ambiguity::EmptySegment),
    ] {
        assert_eq!(read(raw), Err(ambiguity), "{raw:?}");
    }
    for raw in [
        "/.",
        "/..",
        "/a/./b",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a%2F../b",
        "/a/..",
    ] {
        assert_eq!(read(raw), Err(Ambiguity::DotSegment), "{raw}");
    }
}

#[test]
fn nothing_hides_an_airflow_prefix() {
    for raw in [
        "//api/v1/dags",
        "/api//v2/dags",
        "/api/v2/../x",
        "/x/../api/v2/dags",
        "/x/%2e%2e/api/v2",
        "/./execution/health",
        "/api%2Fv2//dags",
        "/%61pi/v2/#",
        "/api;x=y/v2;z/dags",
        "/api\\v2\\dags",
        "/api%5Cv2/dags",
        "/api/v2/dags/%00",
        "/exec%00ution/x",
        "/execution%0A/x",
        "/ui/%FF",
        "http://evil/api/v2/dags",
        "api/v2/dags",
        "/log/%0D",
        "/execution/variables/s3://bucket",
        "http://x/health",
        "//metrics",
    ] {
        assert!(read(raw).is_err(), "{raw}");
        assert!(may_be_airflow(raw, &Site::default()), "{raw}");
    }
    for raw in [
        "*",
        "",
        "/x//y",
        "/executionx/;",
        "/API/v2//",
        "http://api/x",
        "airflow:8080",
        "/x/api/v2//",
    ] {
        assert!(!may_be_airflow(raw, &Site::default()), "{raw}");
    }
}

#[test]
fn no_reading_of_a_very_long_path_is_tried() {
    let ambiguous = |bytes: usize| format!("/{}", "x/../".repeat(bytes / 5));
    assert!(!may_be_airflow(&ambiguous(8_000), &Site::default()));
    assert!(may_be_airflow(&ambiguous(9_000), &Site::default()));
}

#[test]
fn nothing_hides_what_the_document_names() {
    let base = Site::default().with_base_path("/team/airflow").unwrap();
    for raw in [
        "/team/airflow//api/v2/dags",
        "/team//airflow/api/v2/dags",
        "/team%2Fairflow/%61pi/v2/;",
        "/x/../team/airflow/execution",
        "http://x/team/airflow/ui",
        "//api/v2/dags",
    ] {
        assert!(may_be_airflow(raw, &base), "{raw}");
    }
    for raw in [
        "/team//api/v2",
        "/team/airflow/team/airflow/api/v2//",
        "/team/airflowx/api/v2//",
    ] {
        assert!(!may_be_airflow(raw, &base), "{raw}");
    }
    let pages = base.with_web_pages(true);
    for raw in [
        "//",
        "/#x/y",
        "/team/airflow//",
        "/team/airflow/#x",
        "http://x/#x/y",
        "//clear",
        "/dags/d;",
        "/team/airflow/xcom/../log",
        "/object%2F/x",
    ] {
        assert!(!may_be_airflow(raw, &Site::default()), "{raw}");
        assert!(may_be_airflow(raw, &pages), "{raw}");
    }
}

proptest! {
    #[test]
    fn never_panics(raw in any::<String>(), more in "[/.;#%\\\\ 0-9a-fA-F~é\u{0}]{0,40}") {
        for raw in [raw, more] {
            let _ = (read(&raw), may_be_airflow(&raw, &Site::default()));
        }
    }

    #[test]
    fn decodes_once(text in "(/[a-zA-Z0-9%_~+:é-]{1,8}){1,6}") {
        let encoded: String = text.bytes().map(|byte| match byte {
            b'/' => "/".to_owned(),
            byte => format!("%{byte:02x}"),
        }).collect();
        prop_assert_eq!(&*read(&encoded).unwrap().text, &*text);
    }
}
