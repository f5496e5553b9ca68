//! The ids that bodies name.

use super::*;
use crate::operation::BadBody;

/// Classifies a request with this body.
fn with_body<'a>(method: &'a str, target: &'a str, body: &'a str) -> Result<Operation<'a>, Malformed> {
    let request = Request {
        body: Body::Whole(body.as_bytes()),
        ..request(method, target)
    };
    classify(&request, &Site::default())
}

#[test]
fn a_body_to_come_leaves_open_what_it_may_name() {
    let bulk = ok("PATCH", "/api/v2/dags/mine/dagRuns/r/taskInstances");
    let dags: Vec<_> = bulk.accesses.iter().map(|access| access.dag.clone()).collect();
    assert_eq!(dags, [known("mine"), Fact::Pending, known("mine"), Fact::Pending]);
    assert_eq!(
        bulk.actions(),
        [Action::TaskInstanceUpdate, Action::TaskInstanceDelete]
    );
    assert!(!bulk.any_dag && bulk.awaits_body);

    let backfill = ok("POST", "/api/v2/backfills");
    assert_eq!(
        (&backfill.accesses[0].dag, backfill.any_dag),
        (&Fact::Pending, false)
    );

    let event = ok("POST", "/api/v2/assets/events");
    assert!(event.accesses[0].dag.is_unknown() && event.any_dag);
    assert_eq!(event.accesses[0].asset, Fact::Pending);

    let trigger = ok("POST", "/api/v2/dags/mine/dagRuns");
    assert_eq!((trigger.accesses.len(), trigger.dag_ids()), (1, vec!["mine"]));
    assert!(!ok("POST", "/execution/xcoms/d/r/t/k").awaits_body);
}

#[test]
fn what_a_body_names_counts_beside_the_path() {
    let bulk = "/api/v2/dags/mine/dagRuns/r/taskInstances";
    for (target, body, dags, any_dag) in [
        (bulk, r#"{"actions": [{"entities": ["t"]}]}"#, vec!["mine"], false),
        (
            bulk,
            r#"{"actions": [{"entities": [{"task_id": "t", "dag_id": "other"}]}]}"#,
            vec!["mine", "other"],
            false,
        ),
        (
            "/api/v2/dags/~/dagRuns/~/taskInstances",
            r#"{"actions": [{"entities": [{"task_id": "t", "dag_id": "a"}, {"task_id": "t", "dag_id": "b"}]}]}"#,
            vec!["a", "b"],
            false,
        ),
        (
            "/api/v2/dags/~/dagRuns/~/taskInstances",
            r#"{"actions": [{"entities": [{"task_id": "t", "dag_id": "a"}, {"task_id": "t"}]}]}"#,
            vec!["a"],
            true,
        ),
        (
            "/api/v2/dags/~/dagRuns/~/taskInstances",
            r#"{"actions": [{"entities": [{"task_id": "t", "dag_id": "~"}]}]}"#,
            vec!["~"],
            true,
        ),
    ] {
        let operation = with_body("PATCH", target, body).unwrap();
        assert_eq!(operation.dag_ids(), dags, "{body}");
        assert_eq!(operation.any_dag, any_dag, "{body}");
        assert_eq!(
            operation.accesses.iter().any(|access| access.dag.is_unknown()),
            any_dag,
            "{body}"
        );
        assert!(!operation.awaits_body);
    }
}

#[test]
fn clearing_may_reach_further_than_it_names() {
    let clear = |body| with_body("POST", "/api/v1/dags/mine/clearTaskInstances", body).unwrap();
    let tasks = |body| {
        clear(body)
            .accesses
            .iter()
            .map(|access| access.task.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(tasks(r#"{"task_ids": ["a"]}"#), [known("a")]);
    assert_eq!(
        tasks(r#"{"task_ids": ["a"], "include_downstream": true}"#),
        [known("a"), Fact::Unknown]
    );
    assert_eq!(tasks("{}"), [Fact::Unknown]);
    let above = clear(r#"{"task_ids": ["a"], "include_parentdag": true}"#);
    assert!(above.any_dag && above.dag_ids() == ["mine"]);
}

#[test]
fn a_list_of_none_is_a_list_of_all() {
    let list = |body| with_body("POST", "/api/v2/dags/~/dagRuns/list", body).unwrap();
    for body in ["{}", r#"{"dag_ids": []}"#, r#"{"dag_ids": null}"#] {
        assert!(
            list(body).any_dag && list(body).accesses[0].dag.is_unknown(),
            "{body}"
        );
    }
    assert_eq!(list(r#"{"dag_ids": ["a", "b"]}"#).dag_ids(), ["a", "b"]);
    assert!(!list(r#"{"dag_ids": ["a", "b"]}"#).any_dag);
    let same = format!(r#"{{"dag_ids": [{}"a"]}}"#, r#""a","#.repeat(1000));
    assert_eq!(
        (list(&same).accesses.len(), list(&same).dag_ids()),
        (1, vec!["a"])
    );
    let ids: Vec<_> = (0..1000).map(|number| format!(r#""d{number}""#)).collect();
    let flood = format!(r#"{{"dag_ids": [{}]}}"#, ids.join(","));
    assert!(list(&flood).any_dag && list(&flood).accesses.len() == 1);
}

#[test]
fn a_number_in_a_form_of_its_own_is_any() {
    let of_body = |id: &str| {
        let body = format!(r#"{{"asset_id": {id}}}"#);
        let operation = with_body("POST", "/api/v2/assets/events", &body).unwrap();
        assert_eq!(operation.accesses.len(), 1, "{id}");
        operation.accesses[0].asset.known().map(ToString::to_string)
    };
    for id in ["7", "7.0", "\"7\""] {
        assert_eq!(of_body(id).as_deref(), Some("7"), "{id}");
    }
    for id in [
        "\" 7\"",
        "\"+7\"",
        "\"007\"",
        "\"7.0\"",
        "-0",
        "7.5",
        "18446744073709551617",
    ] {
        assert_eq!(of_body(id), None, "{id}");
    }
    for (target, expected) in [
        ("/api/v2/assets/7", known("7")),
        ("/api/v2/assets/007", Fact::Unknown),
        ("/api/v2/assets/+7", Fact::Unknown),
        ("/api/v2/assets/7.0", Fact::Unknown),
        ("/api/v2/assets/events?asset_id=7", known("7")),
        ("/api/v2/assets/events?asset_id=%2B7", Fact::Unknown),
        ("/api/v1/datasets/007", known("007")),
    ] {
        assert_eq!(ok("GET", target).accesses[0].asset, expected, "{target}");
    }
}

#[test]
fn a_body_that_cannot_be_read_is_refused_where_it_counts() {
    let bad = with_body("POST", "/api/v2/backfills", "dag_id=x");
    assert!(
        matches!(bad, Err(Malformed::Body(BadBody::NotJson(_)))),
        "{bad:?}"
    );
    assert!(with_body("POST", "/execution/xcoms/d/r/t/k", "dag_id=x").is_ok());
}

/// The asset of each access, with its action.
fn assets<'o>(operation: &'o Operation<'_>) -> Vec<(Action, &'o str)> {
    let accesses = operation.accesses.iter();
    accesses
        .map(|access| {
            (
                *access.action.known().unwrap(),
                access.asset.known().map_or("", AsRef::as_ref),
            )
        })
        .collect()
}

#[test]
fn a_task_that_ends_asks_for_the_assets_that_it_names() {
    let path = "/execution/task-instances/01890a5d-ac96-774b-bcce-b302099a8057/state";
    let ends = (Action::TaskInstanceState, "");
    let coming = ok("PATCH", path);
    assert!(coming.awaits_body);
    assert_eq!(assets(&coming), [ends]);

    for body in [
        "",
        r#"{"state": "failed"}"#,
        r#"{"task_outlets": [], "outlet_events": null}"#,
    ] {
        let operation = with_body("PATCH", path, body).unwrap();
        assert!(!operation.awaits_body, "{body}");
        assert_eq!(assets(&operation), [ends], "{body}");
    }
    let body = r#"{"state": "success", "task_outlets": [{"name": "a", "uri": "s3://a", "type": "Asset"},
        {"name": "a", "uri": null}], "outlet_events": [{"dest_asset_key": {"name": "b", "uri": "b"}}]}"#;
    let mut operation = with_body("PATCH", path, body).unwrap();
    let named = [
        ends,
        (Action::AssetCreate, "a"),
        (Action::AssetCreate, "s3://a"),
        (Action::AssetCreate, "b"),
    ];
    assert_eq!(assets(&operation), named);
    // The accesses are not about the task's own DAG.
    operation.belongs_to(Some(("mine", "r")));
    let dags: Vec<_> = operation
        .accesses
        .iter()
        .map(|access| access.dag.known().map(AsRef::as_ref))
        .collect();
    assert_eq!(dags, [Some("mine"), None, None, None]);

    let many: Vec<_> = (0..200)
        .map(|number| format!(r#"{{"name": "a{number}"}}"#))
        .collect();
    let body = format!(r#"{{"task_outlets": [{}]}}"#, many.join(","));
    let operation = with_body("PATCH", path, &body).unwrap();
    assert_eq!(assets(&operation), [ends, (Action::AssetCreate, "")]);
    assert!(operation.accesses[1].asset.is_unknown());
}

#[test]
fn no_id_is_copied_for_each_of_many_others() {
    let tasks: Vec<_> = (0..120)
        .map(|number| format!(r#"{{"task_id": "t{number}"}}"#))
        .collect();
    let body = format!(r#"{{"actions": [{{"entities": [{}]}}]}}"#, tasks.join(","));
    let accesses = |dag: &str| {
        let target = format!("/api/v2/dags/%41{dag}/dagRuns/r/taskInstances");
        let operation = with_body("PATCH", &target, &body).unwrap();
        let any = operation
            .accesses
            .iter()
            .filter(|access| access.task.is_unknown())
            .count();
        (operation.accesses.len(), any)
    };
    assert_eq!(accesses(&"d".repeat(250)), (2 * 120, 0));
    assert_eq!(accesses(&"d".repeat(30_000)), (2, 2));

    let long: Vec<_> = (0..100)
        .map(|number| format!(r#""{}{number}""#, "d".repeat(600)))
        .collect();
    let list = format!(
        r#"{{"dag_ids": ["a", "b", "c"], "task_ids": [{}]}}"#,
        long.join(",")
    );
    let operation = with_body("POST", "/api/v2/dags/~/dagRuns/~/taskInstances/list", &list).unwrap();
    assert_eq!(operation.dag_ids(), ["a", "b", "c"]);
    assert!(operation.accesses.iter().all(|access| access.task.is_unknown()));
}

#[test]
fn what_a_body_names_twice_is_asked_for_once() {
    let entity = |dag: usize| format!(r#"{{"task_id": "t", "dag_id": "d{dag}"}}"#);
    let entities: Vec<_> = (0..900).map(|number| entity(number % 3)).collect();
    let body = format!(r#"{{"actions": [{{"entities": [{}]}}]}}"#, entities.join(","));
    let target = "/api/v2/dags/d1/dagRuns/r/taskInstances";
    let operation = with_body("PATCH", target, &body).unwrap();
    // The path's own DAG comes first.
    assert_eq!(operation.dag_ids(), ["d1", "d0", "d2"]);
    assert!(operation.accesses.iter().all(|access| access.task == known("t")));
    let (updates, deletions) = operation.accesses.split_at(3);
    assert_eq!((updates.len(), deletions.len()), (3, 3));
}

#[test]
fn some_fields_ask_for_more() {
    let trigger = "/api/v2/dags/mine/dagRuns";
    let more = [Action::DagRunTrigger, Action::DagUpdate];
    for (target, body, actions) in [
        (
            trigger,
            r#"{"conf": {"drain_dag": true}, "note": "n"}"#,
            &[Action::DagRunTrigger][..],
        ),
        (
            trigger,
            r#"{"drain_dag": false, "bundle_version": null}"#,
            &[Action::DagRunTrigger],
        ),
        (trigger, r#"{"drain_dag": true}"#, &more),
        // Airflow accepts texts and numbers as truth values.
        (trigger, r#"{"drain_dag": "yes"}"#, &more),
        (trigger, r#"{"drain_dag": 1}"#, &more),
        (
            trigger,
            r#"{"bundle_version": "v1"}"#,
            &[Action::DagRunTrigger, Action::DagVersionRun],
        ),
        (
            "/api/v2/assets/7/materialize",
            r#"{"drain_dag": true}"#,
            &[Action::AssetCreate, Action::DagRunTrigger, Action::DagUpdate],
        ),
        (
            "/api/v2/backfills",
            r#"{"dag_id": "mine", "drain_dag": true}"#,
            &[Action::BackfillCreate, Action::DagUpdate],
        ),
        (
            "/api/v2/connections/enqueue-test",
            r#"{"connection_id": "c", "commit_on_success": true}"#,
            &[
                Action::ConnectionTest,
                Action::ConnectionCreate,
                Action::ConnectionUpdate,
            ],
        ),
    ] {
        assert!(ok("POST", target).awaits_body, "{target}");
        let operation = with_body("POST", target, body).unwrap();
        assert_eq!(operation.actions(), actions, "{target} {body}");
        // Each of these actions is on the request's own object.
        let about = operation
            .accesses
            .iter()
            .map(|access| (&access.dag, &access.connection));
        let first = (&operation.accesses[0].dag, &operation.accesses[0].connection);
        assert!(about.into_iter().all(|ids| ids == first), "{target} {body}");
        assert!(!operation.awaits_body);
    }
}

/// A table that is one release behind takes a literal segment for an id.
#[test]
fn a_body_that_no_release_reads_leaves_nothing_known() {
    for (method, target, body) in [
        (
            "PATCH",
            "/api/v2/dags/many",
            r#"{"actions": [{"entities": ["finance_close"]}]}"#,
        ),
        ("DELETE", "/api/v2/dags/many", r#"{"dag_ids": ["finance_close"]}"#),
        ("POST", "/api/v2/dags/many/favorite", r#"{"x": 1}"#),
        (
            "POST",
            "/api/v2/dags/many/dagRuns",
            r#"{"dag_ids": ["finance_close"], "conf": {}}"#,
        ),
        (
            "PATCH",
            "/api/v2/dags/mine/dagRuns/many",
            r#"{"entities": [{"dag_id": "finance_close"}]}"#,
        ),
        ("DELETE", "/api/v2/dags/mine/dagRuns/many", r#"{"entities": []}"#),
        (
            "PATCH",
            "/api/v2/connections/many",
            r#"{"connection_id": "c", "names": ["finance"]}"#,
        ),
        ("DELETE", "/api/v2/variables/many", r#"{"keys": ["finance"]}"#),
        ("PATCH", "/api/v2/pools/many", r#"{"slots": 1, "others": 2}"#),
        (
            "POST",
            "/execution/dag-runs/many/start",
            r#"{"runs": [{"dag_id": "finance_close"}]}"#,
        ),
        ("DELETE", "/execution/variables/many", r#"{"keys": ["finance"]}"#),
    ] {
        assert!(ok(method, target).awaits_body, "{method} {target}");
        let operation = with_body(method, target, body).unwrap();
        assert!(
            operation.any_dag && !operation.accesses.is_empty(),
            "{method} {target}"
        );
        for access in &operation.accesses {
            let ids = [
                &access.dag,
                &access.task,
                &access.connection,
                &access.variable,
                &access.pool,
            ];
            assert!(
                ids.iter().all(|id| id.is_unknown()),
                "{method} {target}: {access:?}"
            );
            assert!(access.action.known().is_some());
        }
    }
}

#[test]
fn a_body_that_some_release_reads_leaves_the_ids_known() {
    for (method, target, body) in [
        ("PATCH", "/api/v2/dags/mine", r#"{"is_paused": true}"#),
        ("DELETE", "/api/v2/dags/mine", ""),
        ("POST", "/api/v2/dags/mine/favorite", "{}"),
        (
            "POST",
            "/api/v2/dags/mine/dagRuns",
            r#"{"conf": {"actions": [1]}, "logical_date": null}"#,
        ),
        (
            "POST",
            "/api/v2/dags/mine/clearTaskInstances",
            r#"{"task_ids": ["t"], "dry_run": false}"#,
        ),
        ("PATCH", "/api/v2/dags/mine/dagRuns/r", r#"{"state": "failed"}"#),
        (
            "POST",
            "/execution/dag-runs/mine/r",
            r#"{"conf": {}, "reset_dag_run": true}"#,
        ),
    ] {
        let operation = with_body(method, target, body).unwrap();
        assert_eq!(operation.dag_ids(), ["mine"], "{method} {target}");
        assert!(
            !operation.any_dag
                && operation
                    .accesses
                    .iter()
                    .all(|access| access.dag == known("mine"))
        );
    }
    let pool = with_body("PATCH", "/api/v2/pools/p", r#"{"name": "p", "slots": 1}"#).unwrap();
    assert!(pool.accesses.iter().all(|access| access.pool == known("p")));
}
