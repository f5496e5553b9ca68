use super::*;
use crate::operation::{BadBody, Body, Malformed, Operation, Request, Site, classify};

const UUID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const DATE_TIME: &str = "airflow.providers.standard.triggers.temporal.DateTimeTrigger";

fn state<'a>(body: &'a str, target: &'a str) -> Result<Operation<'a>, Malformed> {
    let request = Request {
        method: "PATCH",
        target,
        host: "api",
        body: Body::Whole(body.as_bytes()),
    };
    classify(&request, &Site::default())
}

/// The accesses of a body beside `task_instance:state`, one a line.
fn asked(body: &str) -> Vec<String> {
    let target = format!("/execution/task-instances/{UUID}/state");
    let mut operation = state(body, &target).unwrap();
    operation.belongs_to(Some(("mine", "r")));
    assert!(!operation.awaits_body);
    let text = |fact: &Fact<Cow<'_, str>>| match fact {
        Fact::Known(text) => text.to_string(),
        Fact::Unknown => "?".to_owned(),
        Fact::Absent => String::new(),
        Fact::Pending => "later".to_owned(),
    };
    let asks = operation.accesses.iter().skip(1);
    asks.map(|ask| {
        let objects = [&ask.dag, &ask.connection, &ask.trigger, &ask.queue].map(text);
        let objects: Vec<_> = objects.into_iter().filter(|object| !object.is_empty()).collect();
        format!("{} {}", ask.action.known().unwrap(), objects.join(" "))
    })
    .collect()
}

/// The accesses of a deferral to `class` with these arguments.
fn deferred(class: &str, arguments: &str) -> Vec<String> {
    let body = format!(
        r#"{{"state": "deferred", "classpath": "{class}", "trigger_kwargs": {arguments}, "next_method": "resume"}}"#
    );
    asked(&body)
}

/// The accesses of a deferral to the task's own trigger, without the trigger.
fn named(arguments: &str) -> Vec<String> {
    let mut asks = deferred("sales.Wait", arguments);
    assert_eq!(asks.remove(0), "trigger:create mine sales.Wait", "{arguments}");
    asks
}

/// The accesses of arguments that may be anything.
const ANYTHING: [&str; 5] = [
    "trigger:create mine ?",
    "connection:read ?",
    "dag_run:read ?",
    "task_instance:read ?",
    "trigger:create ? sales.Wait",
];

#[test]
fn whatever_airflow_could_take_for_a_deferral_is_one() {
    for (body, expected) in [
        (
            r#"{"state": "success", "end_date": "2026-01-01T00:00:00Z"}"#,
            vec![],
        ),
        (r#"{"state": "up_for_reschedule"}"#, vec![]),
        ("{}", vec![]),
        (r#"{"state": "deferred"}"#, vec!["trigger:create mine ?"]),
        (r#"{"state": "DEFERRED"}"#, vec!["trigger:create mine ?"]),
        (r#"{"state": " deferred\u00a0"}"#, vec!["trigger:create mine ?"]),
        (r#"{"state": ["deferred"]}"#, vec!["trigger:create mine ?"]),
        (r#"{"classpath": "a.B"}"#, vec!["trigger:create mine a.B"]),
        (
            r#"{"state": "success", "classpath": "a.B"}"#,
            vec!["trigger:create mine a.B"],
        ),
        (
            r#"{"state": "success", "trigger_kwargs": null}"#,
            vec!["trigger:create mine ?"],
        ),
        (
            r#"{"state": "deferred", "classpath": ["a.B"]}"#,
            vec!["trigger:create mine ?"],
        ),
        (
            r#"{"state": "deferred", "classpath": ""}"#,
            vec!["trigger:create mine ?"],
        ),
        (
            r#"{"state": "deferred", "classpath": "a.B", "queue": "gpu", "_type": "x"}"#,
            vec!["trigger:create mine a.B gpu"],
        ),
        (
            r#"{"state": "deferred", "classpath": "a.B", "queue": null}"#,
            vec!["trigger:create mine a.B"],
        ),
        (
            r#"{"state": "deferred", "classpath": "a.B", "queue": ""}"#,
            vec!["trigger:create mine a.B ?"],
        ),
    ] {
        assert_eq!(asked(body), expected, "{body}");
    }
}

/// The form in which the Kubernetes provider 10.25 serializes its trigger.
#[test]
fn an_operator_s_pod_is_watched_with_its_connection() {
    let class = "airflow.providers.cncf.kubernetes.triggers.pod.KubernetesPodTrigger";
    let arguments = r#"{"pod_name": "own", "pod_namespace": "sales", "base_container_name": "base",
        "kubernetes_conn_id": "kubernetes_default", "connection_extras": null, "poll_interval": 2, "cluster_context": null,
        "config_dict": null, "in_cluster": true, "get_logs": true, "on_finish_action": "delete_pod",
        "last_log_time": null, "trigger_kwargs": {}}"#;
    assert_eq!(
        deferred(class, arguments),
        [
            format!("trigger:create mine {class}"),
            "connection:read kubernetes_default".to_owned()
        ]
    );
}

#[test]
fn a_body_to_come_is_waited_for() {
    let target = format!("/execution/task-instances/{UUID}/state");
    let request = Request {
        method: "PATCH",
        target: &target,
        host: "api",
        body: Body::Pending,
    };
    let operation = classify(&request, &Site::default()).unwrap();
    assert!(operation.awaits_body && operation.accesses.len() == 1);
    assert!(matches!(
        state(r#"{"state": "success", "state": "deferred"}"#, &target),
        Err(Malformed::Body(BadBody::NotJson(_)))
    ));
}

/// The bodies that Airflow's own operators send, in the encodings of 3.0 and of 3.2.
#[test]
fn honest_arguments_name_what_they_name() {
    let moment = r#"{"moment": {"__classname__": "pendulum.datetime.DateTime", "__version__": 2,
        "__data__": {"timestamp": 1.0, "tz": {"__classname__": "builtins.tuple", "__version__": 1,
        "__data__": ["UTC", "pendulum.tz.timezone.Timezone", 1, true]}}}, "end_from_trigger": false}"#;
    let older = r#"{"__type": "dict", "__var": {"moment": {"__type": "datetime", "__var": 1.0}}}"#;
    for arguments in [moment, older, "{}", "null"] {
        assert_eq!(
            deferred(DATE_TIME, arguments),
            [format!("trigger:create mine {DATE_TIME}")],
            "{arguments}"
        );
    }
    let other = ["dag_run:read other", "task_instance:read other"];
    assert_eq!(
        named(r#"{"dag_id": "other", "states": ["success"], "run_ids": ["r"], "poll_interval": 5.0}"#),
        other
    );
    assert_eq!(
        named(
            r#"{"__type": "dict", "__var": {"external_dag_id": "other", "external_task_ids": ["t"],
            "logical_dates": [{"__type": "datetime", "__var": 1.0}]}}"#
        ),
        other
    );
    assert_eq!(
        named(&format!(r#"{{"ti_id": "{UUID}", "options": ["yes"]}}"#)),
        [""; 0]
    );
    let id =
        format!(r#"{{"ti_id": {{"__classname__": "uuid.UUID", "__version__": 1, "__data__": "{UUID}"}}}}"#);
    assert_eq!(named(&id), [""; 0]);
}

#[test]
fn names_count_at_any_depth_and_in_any_encoding() {
    for (arguments, expected) in [
        (r#"{"aws_conn_id": "a"}"#, vec!["connection:read a"]),
        (
            r#"{"hook_params": {"x": [{"kafka_config_id": "a"}]}}"#,
            vec!["connection:read a"],
        ),
        (
            r#"{"source_conn": "a", "connection_id": "b"}"#,
            vec!["connection:read a", "connection:read b"],
        ),
        (r#"{"conn_id": null}"#, vec![]),
        (r#"{"conn_id": ""}"#, vec!["connection:read ?"]),
        (r#"{"conn_id": 7}"#, vec!["connection:read ?"]),
        (r#"{"conn_id": {"a": "b"}}"#, vec!["connection:read ?"]),
        (
            r#"{"conn_ids": {"__type": "tuple", "__var": ["a", "b"]}}"#,
            vec!["connection:read a", "connection:read b"],
        ),
        (
            r#"{"conn_ids": {"__classname__": "builtins.set", "__version__": 1, "__data__": ["a"]}}"#,
            vec!["connection:read a"],
        ),
        (
            r#"{"conn_id": {"Encoding.TYPE": "dict", "Encoding.VAR": {"x": "a"}}}"#,
            vec!["connection:read ?"],
        ),
        (
            r#"{"dag_ids": ["a", "b", "a"]}"#,
            vec![
                "dag_run:read a",
                "task_instance:read a",
                "dag_run:read b",
                "task_instance:read b",
            ],
        ),
        (
            r#"{"auth_type": "os.system"}"#,
            vec!["trigger:create mine os.system"],
        ),
        (
            r#"{"apply_function": "os.system"}"#,
            vec!["trigger:create mine os.system"],
        ),
        (r#"{"config_dict": {"users": []}}"#, vec!["trigger:create mine ?"]),
        (r#"{"config_dict": null, "auth_type": null}"#, vec![]),
        (
            r#"{"ti_id": "01890a5d-ac96-774b-bcce-b302099a8058"}"#,
            vec!["trigger:create ? sales.Wait"],
        ),
    ] {
        assert_eq!(named(arguments), expected, "{arguments}");
    }
    let many: Vec<_> = (0..9).map(|number| format!(r#""c{number}""#)).collect();
    let asks = named(&format!(r#"{{"conn_ids": [{}]}}"#, many.join(",")));
    assert_eq!((asks.len(), asks[8].as_str()), (9, "connection:read ?"));
}

#[test]
fn a_schema_that_the_triggerer_would_fetch_is_asked_for() {
    let schema = |schema: &str| {
        named(&format!(
            r#"{{"params": {{"x": {{"description": null, "schema": {schema}, "value": 1}}}}}}"#
        ))
    };
    for (text, expected) in [
        (r#"{"type": "integer"}"#, None),
        (
            r##"{"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}"##,
            None,
        ),
        (
            r#"{"$ref": "http://169.254.169.254/"}"#,
            Some("http://169.254.169.254/"),
        ),
        (
            r#"{"anyOf": [{"$dynamicRef": "file:///etc/a.json"}]}"#,
            Some("file:///etc/a.json"),
        ),
        (r#"{"$recursiveRef": "c.json#/d"}"#, Some("c.json#/d")),
        (
            r##"{"$ref": "#/a", "a": {"allOf": [{"$id": "http://a/b", "$ref": "#"}]}}"##,
            Some("http://a/b"),
        ),
        (
            r#"{"$schema": "http://json-schema.org/draft-04/schema#"}"#,
            Some("http://json-schema.org/draft-04/schema#"),
        ),
        (r#"{"$ref": 7}"#, Some("?")),
    ] {
        let expected: Vec<_> = expected
            .map(|url| format!("trigger:create mine {url}"))
            .into_iter()
            .collect();
        assert_eq!(schema(text), expected, "{text}");
    }
}

#[test]
fn arguments_that_cannot_be_read_may_name_anything() {
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(40), "]".repeat(40));
    for arguments in [
        r#""gAAAAABn""#,
        r#""{\"dag_id\": \"mine\"}""#,
        "[]",
        "7",
        r#"{"a": {"__type": "airflow_exc_ser", "__var": {}}}"#,
        r#"{"a": {"__type": "base_exc_ser", "__var": {}}}"#,
        r#"{"__type": "base_trigger", "__var": []}"#,
        r#"{"a": [{"Encoding.TYPE": "param", "Encoding.VAR": {}}]}"#,
        r#"{"a": {"__classname__": "airflow.sdk.Connection", "__version__": 1, "__data__": {}}}"#,
        r#"{"a": {"__classname__": 7}}"#,
        r#"{"a": {"__type": ["dict"], "__var": {}}}"#,
        r#"{"a": {"__source": "x"}}"#,
        &deep,
    ] {
        assert_eq!(named(arguments), ANYTHING, "{arguments}");
    }
    // Decoding these runs no code, but the triggerer's use of them is not known.
    assert_eq!(named(r#"{"filepath": "{{ conn.sales_db.password }}"}"#), ANYTHING);
}

/// The triggerer decodes the values that it hands to the task. The api-server does the same for a task that
/// waits for people.
#[test]
fn what_is_handed_on_runs_nothing_either() {
    let deferral = |handed: &str| {
        asked(&format!(
            r#"{{"state": "deferred", "classpath": "a.B", "next_method": "resume", "next_kwargs": {handed}}}"#
        ))
    };
    let waiting = |handed: &str| {
        asked(&format!(
            r#"{{"state": "awaiting_input", "next_method": "resume", "next_kwargs": {handed}}}"#
        ))
    };
    for plain in [
        "{}",
        r#"{"conn_id": "x", "text": "{{ x }}"}"#,
        r#"{"__type": "dict", "__var": {}}"#,
    ] {
        assert_eq!(deferral(plain), ["trigger:create mine a.B"], "{plain}");
        assert_eq!(waiting(plain), [""; 0], "{plain}");
    }
    for other in [r#"{"a": {"__type": "base_exc_ser", "__var": {}}}"#, r#""gAAAA""#] {
        assert_eq!(
            deferral(other),
            ["trigger:create mine a.B", "trigger:create mine ?"],
            "{other}"
        );
        assert_eq!(waiting(other), ["trigger:create mine ?"], "{other}");
    }
}

#[test]
fn a_default_connection_is_any() {
    const S3: &str = "airflow.providers.amazon.aws.triggers.s3.S3KeyTrigger";
    for (class, arguments, any) in [
        (S3, r#"{"aws_conn_id": "a"}"#, false),
        (S3, r#"{"aws_conn_id": null}"#, false),
        (S3, r#"{"__type": "dict", "__var": {"aws_conn_id": "a"}}"#, false),
        (S3, "{}", true),
        (S3, r#"{"my_conn_id": "a"}"#, true),
        (S3, r#"{"hook_params": {"aws_conn_id": "a"}}"#, true),
        (S3, r#"{"__var": {"aws_conn_id": "a"}}"#, true),
        (
            "airflow.providers.http.triggers.http.HttpTrigger",
            r#"{"http_conn_id": null}"#,
            true,
        ),
        (
            "airflow.providers.google.cloud.triggers.bigquery.BigQueryInsertJobTrigger",
            r#"{"conn_id": "a"}"#,
            false,
        ),
        ("airflow.providers.unheard.of.WaitTrigger", "{}", true),
        (
            "airflow.providers.unheard.of.WaitTrigger",
            r#"{"of_conn_id": "a"}"#,
            false,
        ),
        (DATE_TIME, "{}", false),
        ("sales.Wait", "{}", false),
    ] {
        let asks = deferred(class, arguments);
        assert_eq!(
            asks.iter().any(|ask| ask == "connection:read ?"),
            any,
            "{class} {arguments}"
        );
    }
}
