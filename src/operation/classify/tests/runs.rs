//! The DAG run that a request is about.

use super::*;

/// The runs of all accesses, as texts: `?` for an unknown run, `-` for none.
fn runs(method: &str, target: &str, body: &str) -> Vec<String> {
    let request = Request {
        body: Body::Whole(body.as_bytes()),
        ..request("", "/")
    };
    let request = Request {
        method,
        target,
        ..request
    };
    let operation = classify(&request, &Site::default()).unwrap();
    let mut runs: Vec<String> = operation
        .accesses
        .iter()
        .map(|access| match &access.run {
            Fact::Known(run) => run.clone().into_owned(),
            Fact::Absent => "-".to_owned(),
            Fact::Unknown | Fact::Pending => "?".to_owned(),
        })
        .collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

#[test]
fn the_run_is_named_or_it_may_be_any() {
    let of_run = "/api/v2/dags/d/dagRuns/r1";
    for (method, target, body, expected) in [
        // Where path, query and body name a run.
        ("GET", "/execution/xcoms/d/r1/t/k", "", &["r1"][..]),
        (
            "GET",
            "/execution/dag-runs/count?dag_id=d&run_ids=r1",
            "",
            &["r1"],
        ),
        (
            "POST",
            "/api/v2/dags/d/dagRuns",
            r#"{"dag_run_id":"r1"}"#,
            &["r1"],
        ),
        (
            "POST",
            "/api/v1/dags/d/dagRuns",
            r#"{"dag_run_id":"r1"}"#,
            &["r1"],
        ),
        (
            "POST",
            "/api/v2/dags/d/clearTaskInstances",
            r#"{"dag_run_id":"r1"}"#,
            &["r1"],
        ),
        (
            "POST",
            "/api/v2/dags/d/clearDagRuns",
            r#"{"dag_runs":[{"dag_run_id":"r1"}]}"#,
            &["r1"],
        ),
        (
            "PATCH",
            "/api/v2/dags/d/dagRuns",
            r#"{"actions":[{"entities":["r1",{"dag_run_id":"r2"}]}]}"#,
            &["r1", "r2"],
        ),
        (
            "PATCH",
            "/api/v2/dags/d/dagRuns/r1/taskInstances",
            r#"{"actions":[{"entities":[{"task_id":"t","dag_run_id":"r2"}]}]}"#,
            &["r1", "r2"],
        ),
        (
            "POST",
            "/api/v2/dags/~/dagRuns/~/taskInstances/list",
            r#"{"dag_run_ids":["r1","r2"]}"#,
            &["r1", "r2"],
        ),
        // Several or all runs.
        ("GET", "/api/v2/dags/d/dagRuns", "", &["?"]),
        ("GET", "/api/v2/dags/d/dagRuns/~/taskInstances", "", &["?"]),
        ("GET", "/execution/dag-runs/count?dag_id=d", "", &["?"]),
        (
            "GET",
            "/execution/dag-runs/count?dag_id=d&run_ids=a&run_ids=b",
            "",
            &["?"],
        ),
        ("GET", "/execution/dag-runs/previous?dag_id=d", "", &["?"]),
        ("POST", "/api/v2/dags/d/dagRuns", "{}", &["?"]),
        (
            "POST",
            "/api/v2/dags/d/clearTaskInstances",
            r#"{"task_ids":["t"]}"#,
            &["?"],
        ),
        (
            "POST",
            "/api/v2/dags/d/clearTaskInstances",
            r#"{"dag_run_id":"r1","include_past":true}"#,
            &["?", "r1"],
        ),
        (
            "POST",
            "/api/v2/dags/d/clearTaskInstances",
            r#"{"dag_run_id":"r1","task_instance_ids":["x"]}"#,
            &["?", "r1"],
        ),
        (
            "PATCH",
            &format!("{of_run}/taskInstances/t"),
            r#"{"include_future":true}"#,
            &["?", "r1"],
        ),
        (
            "PATCH",
            &format!("{of_run}/taskInstances/t"),
            r#"{"new_state":"failed"}"#,
            &["r1"],
        ),
        (
            "PATCH",
            &format!("{of_run}/taskGroupInstances/g"),
            r#"{"include_past":true}"#,
            &["?", "r1"],
        ),
        (
            "POST",
            "/api/v1/dags/d/updateTaskInstancesState",
            r#"{"task_id":"t","dag_run_id":"r1","include_past":true}"#,
            &["?", "r1"],
        ),
        (
            "GET",
            "/execution/xcoms/d/r1/t/k?include_prior_dates=true",
            "",
            &["?", "r1"],
        ),
        (
            "GET",
            "/execution/xcoms/d/r1/t/k/slice?start=0&include%5Fprior_dates=1",
            "",
            &["?", "r1"],
        ),
        ("DELETE", "/api/v2/dags/d", "", &["?"]),
        ("GET", "/api/v2/backfills?dag_id=d", "", &["?"]),
        ("GET", "/api/v2/eventLogs/7", "", &["?"]),
        // No run at all.
        ("GET", "/api/v2/dags/d", "", &["-"]),
        ("GET", "/execution/variables/v", "", &["-"]),
    ] {
        assert_eq!(runs(method, target, body), expected, "{method} {target} {body}");
    }
}

#[test]
fn an_answer_or_a_body_to_come_may_name_the_run() {
    let run = ok(
        "PATCH",
        "/execution/task-instances/019ab1c2-7d11-7b3f-a3c4-5d6e7f809112/run",
    );
    assert_eq!(run.accesses[0].run, Fact::Pending);
    assert_eq!(
        ok("POST", "/api/v2/dags/d/dagRuns").accesses[0].run,
        Fact::Pending
    );
}
