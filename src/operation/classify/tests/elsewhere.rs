//! Requests to services that are not Airflow.

use super::*;

#[test]
fn elsewhere_nothing_is_refused() {
    for target in [
        "//x",
        "/a/../b",
        "/a;b",
        "/%00",
        "*",
        "",
        "shop:443",
        "http://shop/x",
        "/a%2F..%2Fb",
        "/a%2F.",
        "/a%252Fb",
        "/a%3Fb",
        "/é",
    ] {
        let operation = ok("CONNECT", target);
        assert_eq!(
            (operation.surface, &operation.path),
            (Surface::Other, &Fact::Unknown),
            "{target}"
        );
        assert_eq!(operation.accesses, [Access::default()]);
    }
    assert_eq!(ok("POST", "/orders?x=1").path, known("/orders"));
    assert_eq!(ok("GET", "/a%2Fb/c%20d").path, known("/a\u{1f}b/c d"));
    assert_eq!(ok("GET", "/a%2F%2Fb").path, known("/a\u{1f}\u{1f}b"));
}

/// Requests to Marquez, and others. To Airflow, some of them would be malformed.
#[test]
fn another_service_has_paths_and_bodies_of_its_own() {
    for (target, path) in [
        (
            "/api/v1/namespaces/s3%3A%2F%2Fbucket/datasets/a%2Fb",
            Some("/api/v1/namespaces/s3:\u{1f}\u{1f}bucket/datasets/a\u{1f}b"),
        ),
        ("/api/v1/lineage", Some("/api/v1/lineage")),
        ("/ui/config?x#y", Some("/ui/config")),
        (
            "/execution/task-instances/x/run",
            Some("/execution/task-instances/x/run"),
        ),
        ("/log/a%20b", Some("/log/a b")),
        ("/api/v2/dags/d;x", None),
        ("/api/v2/../x", None),
        ("/ui/a%2F..%2Fb", None),
        ("/ui//b", None),
    ] {
        for body in [Body::Pending, Body::TooLong, Body::Whole(b"form=1")] {
            let request = Request {
                method: "POST",
                target,
                host: "marquez",
                body,
            };
            let operation = classify_elsewhere(&request).unwrap();
            assert_eq!(operation.path, path.map_or(Fact::Unknown, known), "{target}");
            assert_eq!(operation.surface, Surface::Other);
            assert_eq!(operation.accesses, [Access::default()]);
            assert!(!operation.awaits_body && !operation.below_execution && !operation.verifies_token());
        }
    }
    let nothing = Request {
        method: "",
        target: "/",
        host: "",
        body: Body::Pending,
    };
    assert_eq!(classify_elsewhere(&nothing), Err(Malformed::RequestLine));
}
