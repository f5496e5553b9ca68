//! Encoded slashes: part of an id if Airflow's route takes the rest of the path, otherwise refused.

use super::*;

#[test]
fn an_encoded_slash_may_stand_in_a_key() {
    for (target, key) in [
        ("/execution/xcoms/d/r/t/a%2Fb", "a/b"),
        ("/execution/xcoms/d/r/t/a%2Fb/item/0", "a/b"),
        (
            "/api/v2/dags/d/dagRuns/r/taskInstances/t/xcomEntries/a%2fb",
            "a/b",
        ),
        ("/execution/xcoms/d/r/t/k/", "k/"),
    ] {
        let operation = ok("GET", target);
        assert_eq!(operation.dag_ids(), ["d"]);
        assert_eq!(operation.accesses[0].xcom_key, known(key));
    }
    // Airflow reads a slice of `k`. A filter that splits first would see the key `k/slice`.
    let slice = read_at(&Site::default(), "GET", "/execution/xcoms/d/r/t/k%2Fslice");
    assert_eq!(slice, Err(Malformed::Path(Ambiguity::EncodedSlash)));
    assert_eq!(ok("GET", "/api/v2/pools/a%2Fb").accesses[0].pool, known("a/b"));
    assert_eq!(
        ok("GET", "/execution/variables/a%2Fb").accesses[0].variable,
        known("a/b")
    );
}

/// Airflow reads these since 3.4, and the task SDK encodes the slash. Earlier releases answer 404.
#[test]
fn a_connection_may_have_slashes_for_tasks() {
    for (target, id) in [
        ("a%2Fb", "a/b"),
        ("a%2fb%2Fc", "a/b/c"),
        ("a/b", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("a%2Fb/", "a/b/"),
        ("a%2F", "a/"),
        ("connection-tests%2Fx", "connection-tests/x"),
    ] {
        let target = format!("/execution/connections/{target}");
        let operation = ok("GET", &target);
        let expected = Access {
            action: Fact::Known(Action::ConnectionRead),
            connection: known(id),
            ..Access::default()
        };
        assert_eq!(operation.accesses, [expected], "{target}");
    }
    let refused = |method, target: &str| {
        let found = read_at(&Site::default(), method, target).map(|operation| operation.accesses.len());
        assert!(
            matches!(found, Err(Malformed::Path(_))),
            "{method} {target}: {found:?}"
        );
    };
    for elsewhere in [
        "a%2F..%2Fb",
        "a%2F%2Fb",
        "%2Fa",
        "..%2Fvariables%2Fx",
        "a%5Cb",
        "a%2F.%2Fb",
    ] {
        refused("GET", &format!("/execution/connections/{elsewhere}"));
    }
    refused("GET", "/execution/connections%2Fa%2Fb");
    refused("GET", "/execution%2Fconnections/a%2Fb");
    // In these routes an id is one segment, in every release.
    refused("GET", "/api/v2/connections/a%2Fb");
    refused("GET", "/api/v1/connections/a%2Fb");
    refused("DELETE", "/execution/connections/a%2Fb");
}
