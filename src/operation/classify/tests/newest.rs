//! The additions of Airflow 3.4: fields of bodies, routes beside an id, and files of log servers.

use super::*;

fn with_body<'a>(method: &'a str, target: &'a str, body: &'a str) -> Operation<'a> {
    let request = Request {
        body: Body::Whole(body.as_bytes()),
        ..request(method, target)
    };
    classify(&request, &Site::default()).unwrap_or_else(|error| panic!("{target} {body}: {error}"))
}

/// UUIDs, groups, expanded tasks and iterations count as tasks of the path's DAG that have no name.
#[test]
fn tasks_to_clear_may_be_named_in_other_ways() {
    let tasks = |body: &str| {
        let operation = with_body("POST", "/api/v2/dags/d/clearTaskInstances", body);
        assert_eq!(operation.dag_ids(), ["d"], "{body}");
        let (known, open): (Vec<_>, Vec<_>) = operation
            .accesses
            .iter()
            .map(|access| access.task.clone().map(Cow::into_owned))
            .partition(|task| task.known().is_some());
        let known: Vec<_> = known.iter().filter_map(Fact::known).cloned().collect();
        (known, open.contains(&Fact::Unknown))
    };
    let uuid = r#""019ab1c2-7d11-7b3f-a3c4-5d6e7f809112""#;
    for (body, named, others) in [
        (r#"{"task_ids":["t"]}"#.to_owned(), &["t"][..], false),
        (format!(r#"{{"task_instance_ids":[{uuid}]}}"#), &[], true),
        (
            format!(r#"{{"task_ids":["t"],"task_instance_ids":[{uuid}]}}"#),
            &["t"],
            true,
        ),
        (
            format!(r#"{{"task_ids":["t"],"whole_expansion_ids":[{uuid}]}}"#),
            &["t"],
            true,
        ),
        (
            r#"{"task_ids":["t"],"task_group_id":"g"}"#.to_owned(),
            &["t"],
            true,
        ),
        (r#"{"task_group_id":"g"}"#.to_owned(), &[], true),
        (
            r#"{"task_ids":["t"],"include_later_loop_iterations":true}"#.to_owned(),
            &["t"],
            true,
        ),
        (
            r#"{"task_ids":["t"],"include_later_loop_iterations":false}"#.to_owned(),
            &["t"],
            false,
        ),
    ] {
        let named: Vec<_> = named.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(tasks(&body), (named, others), "{body}");
    }
}

/// In older releases this is the path of a DAG called `bulk`. To pause it then requires access to all DAGs.
#[test]
fn dags_in_bulk_are_those_of_the_body() {
    for (body, dags, any) in [
        (
            r#"{"actions":[{"entities":[{"dag_id":"a"},{"dag_id":"b"}]}]}"#,
            &["a", "b"][..],
            false,
        ),
        (
            r#"{"actions":[{"entities":["a",{"is_paused":true}]}]}"#,
            &["a"],
            true,
        ),
        (r#"{"is_paused":true}"#, &[], true),
        ("", &[], true),
    ] {
        let operation = with_body("PATCH", "/api/v2/dags/bulk", body);
        assert_eq!(operation.actions(), [Action::DagUpdate]);
        assert_eq!(
            (operation.dag_ids(), operation.any_dag),
            (dags.to_vec(), any),
            "{body}"
        );
    }
    let one = with_body("PATCH", "/api/v2/dags/bulk2", r#"{"is_paused":true}"#);
    assert_eq!(one.dag_ids(), ["bulk2"]);
}

#[test]
fn the_log_of_a_callback_is_its_run_s() {
    for file in [
        "executor_callbacks/d/r/0192",
        "triggerer_callbacks/d/r/0192/callback.log",
    ] {
        let target = format!("/log/{file}");
        let operation = ok("GET", &target);
        let access = &operation.accesses[0];
        assert_eq!(
            (&access.action, &access.dag, &access.run),
            (&Fact::Known(Action::TaskLogRead), &known("d"), &known("r"))
        );
        assert_eq!(
            (&access.task, operation.any_dag),
            (&Fact::Unknown, false),
            "{target}"
        );
    }
    // A file name in another layout names no DAG.
    for file in [
        "executor_callbacks/d/r",
        "executor_callbacks/d/r/0192/x",
        "triggerer_callbacks/d/r/0192/other.log",
        "triggerer_callbacks/d/r/x/0192/callback.log",
    ] {
        let target = format!("/log/{file}");
        assert!(ok("GET", &target).any_dag, "{target}");
    }
    let slash = read_at(&Site::default(), "GET", "/log/executor_callbacks/d%2Fr/0192");
    assert_eq!(slash, Err(Malformed::Path(Ambiguity::EncodedSlash)));
}

/// No answer names the callback's DAG, and its UUID must be the token's own.
#[test]
fn a_callback_starts_by_its_uuid() {
    let uuid = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";
    let target = format!("/execution/callbacks/{uuid}/run");
    let operation = ok("PATCH", &target);
    assert!(
        operation.starts() && operation.starts_callback() && operation.any_dag && !operation.awaits_answer
    );
    assert_eq!(
        (operation.own_id(), operation.task_instance.as_deref()),
        (Some(uuid), None)
    );
    // People read the log of a callback; that starts nothing.
    let log = format!("/ui/dags/d/dagRuns/r/callbacks/{uuid}/logs");
    let operation = ok("GET", &log);
    assert!(!operation.starts_callback());
    assert_eq!((operation.own_id(), operation.dag_ids()), (None, vec!["d"]));
}
