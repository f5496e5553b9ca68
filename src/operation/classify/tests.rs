use proptest::prelude::*;

use super::*;
use crate::operation::{Body, ENCODED_SLASH};

fn request<'a>(method: &'a str, target: &'a str) -> Request<'a> {
    Request {
        method,
        target,
        host: "airflow-api-server",
        body: Body::Pending,
    }
}

fn read_at<'a>(site: &Site, method: &'a str, target: &'a str) -> Result<Operation<'a>, Malformed> {
    classify(&request(method, target), site)
}

fn ok<'a>(method: &'a str, target: &'a str) -> Operation<'a> {
    read_at(&Site::default(), method, target).unwrap_or_else(|error| panic!("{method} {target}: {error}"))
}

fn known(value: &str) -> Fact<Cow<'_, str>> {
    Fact::Known(Cow::Borrowed(value))
}

#[test]
fn ids_come_from_the_path_and_are_borrowed() {
    let operation = ok("GET", "/execution/xcoms/d/r+1/t/a/b?map_index=0&dag_id=other");
    assert_eq!(operation.surface, Surface::Execution);
    assert_eq!(operation.host, "airflow-api-server");
    assert_eq!(operation.path, known("/execution/xcoms/d/r+1/t/a/b"));
    assert!(!operation.any_dag);
    let expected = Access {
        action: Fact::Known(Action::XcomRead),
        dag: known("d"),
        run: known("r+1"),
        task: known("t"),
        xcom_key: known("a/b"),
        ..Access::default()
    };
    assert_eq!(operation.accesses, [expected]);
    assert!(matches!(operation.accesses[0].dag, Fact::Known(Cow::Borrowed(_))));
}

#[test]
fn clients_encode_differently_and_mean_the_same() {
    let plain = ok(
        "GET",
        "/execution/dag-runs/d/manual__2026-01-01T00:00:00+00:00/state",
    );
    let quoted = ok(
        "GET",
        "/execution/dag-runs/%64/manual__2026-01-01T00%3A00%3A00%2B00%3a00/state",
    );
    assert_eq!(plain, quoted);
}

/// The rows of the measurements on real servers: a path that reaches a DAG there is classified as that DAG
/// here, or refused.
#[test]
fn measured_targets() {
    let refused = |target, ambiguity| {
        for method in ["GET", "POST", "BREW"] {
            assert_eq!(
                read_at(&Site::default(), method, target),
                Err(Malformed::Path(ambiguity)),
                "{target}"
            );
        }
    };
    refused("/api/v2/dags/x%2Fdetails", Ambiguity::EncodedSlash);
    refused("/api/v2/dags/d1%2FdagRuns%2Fr1", Ambiguity::EncodedSlash);
    refused("/api%2Fv2/dags/d1", Ambiguity::EncodedSlash);
    refused("/api%2fv1/dags/d1", Ambiguity::EncodedSlash);
    refused("/execution%2Fhealth", Ambiguity::EncodedSlash);
    refused("/execution/xcoms/d/r%2Fx/t/k", Ambiguity::EncodedSlash);
    refused("//api/v2/dags/d1", Ambiguity::EmptySegment);
    refused("//api/v1/dags/d1", Ambiguity::EmptySegment);
    refused("/api/v2//dags/d1", Ambiguity::EmptySegment);
    refused("/execution/xcoms//r/t/k", Ambiguity::EmptySegment);
    refused("/api/v2/dags/d1/../d2", Ambiguity::DotSegment);
    refused("/api/v2/dags/d1/%2e%2e/d2", Ambiguity::DotSegment);
    refused("/api/v2/dags/d1;x=y", Ambiguity::Parameter);
    refused("/api/v2/dags/d1%00", Ambiguity::Control);
    refused("/api/v2/dags/d1%0A", Ambiguity::Control);
    refused("/api/v2/dags/d1%FF", Ambiguity::NotUtf8);
    refused("/api/v2/dags/d1#frag", Ambiguity::Fragment);
    refused("http://evil/api/v2/dags/d1", Ambiguity::Form);

    assert_eq!(ok("GET", "/api/v2/dags/%64%31").dag_ids(), ["d1"]);
    assert_eq!(ok("GET", "/api/v2/dags/d%20%31").dag_ids(), ["d 1"]);
    assert_eq!(ok("GET", "/api/v2/dags/d%253A").dag_ids(), ["d%3A"]);
    assert_eq!(ok("GET", "/api/v2/dags/d%zz").dag_ids(), ["d%zz"]);
    assert_eq!(ok("GET", "/api/v2/dags/d1/").dag_ids(), ["d1"]);
    assert_eq!(ok("GET", "/execution/dag-runs/d/r/").dag_ids(), ["d"]);
    assert_eq!(ok("GET", "/API/v2/dags/d1").surface, Surface::Other);
    assert_eq!(ok("GET", "/executionx/dags/d1").surface, Surface::Other);
    assert_eq!(
        ok("GET", "/api/v2/DAGS/d1").accesses[0].action,
        Fact::Known(Action::RestUnclassified)
    );
}

#[test]
fn head_is_get() {
    assert_eq!(
        ok("HEAD", "/api/v2/dags/d").accesses,
        ok("GET", "/api/v2/dags/d").accesses
    );
}

#[test]
fn a_tilde_is_every_dag() {
    for target in [
        "/api/v2/dags/~/dagRuns",
        "/api/v2/dags/%7E/dagRuns",
        "/api/v1/dags/~/dagRuns",
    ] {
        let operation = ok("GET", target);
        assert!(
            operation.any_dag && operation.accesses[0].dag.is_unknown(),
            "{target}"
        );
    }
    let operation = ok("GET", "/api/v2/dags/d/dagRuns/~/taskInstances");
    assert!(!operation.any_dag && operation.accesses[0].run.is_unknown());
    assert_eq!(operation.dag_ids(), ["d"]);
}

#[test]
fn ids_in_the_query() {
    let count = ok(
        "GET",
        "/execution/task-instances/count?task_ids=t&dag_id=d%5F1&run_ids=a&run_ids=b",
    );
    assert_eq!(count.accesses[0].dag, known("d_1"));
    assert_eq!(count.accesses[0].task, known("t"));
    assert!(count.accesses[0].run.is_unknown());

    for target in [
        "/api/v2/backfills",
        "/api/v2/backfills?dag_id=",
        "/api/v2/backfills?dag_id=~",
    ] {
        let all = ok("GET", target);
        assert!(all.any_dag && all.accesses[0].dag.is_unknown(), "{target}");
    }

    for target in [
        "/api/v2/dagStats?dag_ids=a&dag_ids=b&dag_ids=a",
        "/api/v1/dagStats?dag_ids=a,b",
    ] {
        let stats = ok("GET", target);
        assert_eq!(stats.dag_ids(), ["a", "b"]);
        assert!(!stats.any_dag);
    }

    // The tasks of a group are reported beside those that the body names.
    let group = ok(
        "GET",
        "/execution/task-instances/states?dag_id=d&task_ids=t&task_group_id=g",
    );
    let tasks: Vec<_> = group.accesses.iter().map(|access| access.task.clone()).collect();
    assert_eq!(tasks, [known("t"), Fact::Unknown]);

    let path = "/edge_worker/v1/logs/logfile_path/d/t/r/1/-1";
    assert_eq!(ok("GET", path).accesses.len(), 1);
    let target = format!("{path}?task_instance_id=01890a5d-ac96-774b-bcce-b302099a8057");
    let other = ok("GET", &target);
    assert!(
        other.any_dag
            && other.dag_ids() == ["d"]
            && other.accesses.iter().any(|access| access.dag.is_unknown())
    );

    let events = ok("GET", "/execution/asset-events/by-asset?name=n&uri=s3%3A%2F%2Fb");
    let assets: Vec<_> = events
        .accesses
        .iter()
        .map(|access| access.asset.clone())
        .collect();
    assert_eq!(assets, [known("n"), known("s3://b")]);

    let twice = read_at(&Site::default(), "GET", "/api/v2/backfills?dag_id=a&dag_id=b");
    assert_eq!(twice, Err(Malformed::RepeatedParameter("dag_id")));
}

#[test]
fn a_server_that_goes_beyond_what_is_named_is_about_both() {
    for (method, target) in [
        ("POST", "/api/v1/dags/d/dagRuns/r/clear"),
        ("POST", "/edge_worker/v1/logs/push/d/t/r/1/-1"),
    ] {
        let operation = ok(method, target);
        assert!(operation.any_dag && !operation.awaits_body, "{target}");
        assert_eq!(operation.dag_ids(), ["d"], "{target}");
        assert!(
            operation.accesses.iter().any(|access| access.dag.is_unknown()),
            "{target}"
        );
    }
}

#[test]
fn a_flood_of_ids_is_any_dag() {
    let target = format!("/api/v2/dagStats?{}", "dag_ids=a&".repeat(1000));
    let operation = ok("GET", &target);
    assert!(operation.any_dag && operation.accesses.len() == 1);
}

#[test]
fn logs_name_their_task() {
    let log = ok(
        "GET",
        "/log/dag_id=d/run_id=manual__x/task_id=g.t/map_index=3/attempt=1.log.trigger.7.log",
    );
    assert_eq!(
        (log.surface, log.actions()),
        (Surface::Logs, vec![Action::TaskLogRead])
    );
    assert_eq!(
        (&log.accesses[0].dag, &log.accesses[0].task),
        (&known("d"), &known("g.t"))
    );
    let other = ok("GET", "/log/d/t/2026/1.log");
    assert!(other.any_dag && other.accesses[0].dag.is_unknown());
}

fn any_route() -> impl Strategy<Value = (&'static str, String)> {
    let rows: Vec<_> = crate::operation::routes::all().map(|(_, route)| route).collect();
    (prop::sample::select(rows), "[a-z0-9_.+:-]{1,12}[a-z]").prop_map(|(route, id)| {
        let path = route
            .template
            .split('/')
            .skip(1)
            .map(|segment| match segment.split_once('{') {
                Some((prefix, _)) => format!("/{prefix}{id}"),
                None => format!("/{segment}"),
            });
        (route.method, path.collect())
    })
}

/// Each byte of `path` as it is or encoded, as `choices` says.
fn encode(path: &str, choices: &[bool]) -> String {
    path.bytes()
        .zip(choices.iter().cycle())
        .map(|(byte, &encoded)| {
            if encoded {
                format!("%{byte:02X}")
            } else {
                char::from(byte).to_string()
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn never_panics(method in "GET|HEAD|POST|PUT|[A-Z]{1,4}", target in any::<String>(), host in any::<String>()) {
        let body = Body::Pending;
        let _ = classify(&Request { method: &method, target: &target, host: &host, body }, &Site::default());
    }

    #[test]
    fn an_encoded_path_is_the_same_operation_or_refused(
        (method, path) in any_route(),
        choices in prop::collection::vec(any::<bool>(), 1..40),
    ) {
        let encoded = encode(&path, &choices);
        let plain = ok(method, &path);
        match read_at(&Site::default(), method, &encoded) {
            Ok(operation) if encoded.starts_with('/') => prop_assert_eq!(operation, plain),
            Ok(operation) => prop_assert_eq!(operation.surface, Surface::Other),
            Err(Malformed::Path(ambiguity)) => prop_assert!(
                matches!(ambiguity, Ambiguity::EncodedSlash | Ambiguity::Form), "{}", ambiguity
            ),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn an_encoded_slash_never_hides_a_dag((method, path) in any_route(), at in any::<prop::sample::Index>()) {
        let slashes: Vec<_> = path.match_indices('/').map(|(place, _)| place).skip(1).collect();
        prop_assume!(!slashes.is_empty());
        let place = slashes[at.index(slashes.len())];
        let (before, slash) = path.split_at(place);
        let encoded = format!("{before}{}", slash.replacen('/', "%2F", 1));
        match read_at(&Site::default(), method, &encoded) {
            Ok(operation) if operation.surface == Surface::Other => {
                let read = operation.path.known().unwrap();
                prop_assert_eq!(read.replace(ENCODED_SLASH, "/"), path);
            }
            Ok(operation) => prop_assert_eq!(operation.accesses, ok(method, &path).accesses),
            Err(error) => prop_assert_eq!(error, Malformed::Path(Ambiguity::EncodedSlash)),
        }
    }
}

mod bodies;
mod elsewhere;
mod newest;
mod runs;
mod sites;
mod slashes;
mod unclassified;
mod unread;
