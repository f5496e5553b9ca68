use super::*;

#[test]
fn no_template_has_too_many_placeholders() {
    for (_, route) in routes::all().chain(routes::web_pages()) {
        let placeholders = route.template.matches('{').count();
        assert!(placeholders <= MAX_VALUES, "{}", route.template);
    }
}

#[test]
fn no_id_stands_behind_a_tail() {
    for (_, route) in routes::all().chain(routes::web_pages()) {
        let is_tail = |segment: &Segment| matches!(segment, Segment::Tail(_));
        let mut behind = segments(route.template)
            .skip_while(|segment| !is_tail(segment))
            .skip(1);
        assert!(behind.all(|segment| matches!(segment, Segment::Literal(_) | Segment::Value(_, None))));
    }
}

#[test]
fn no_two_rows_are_alike() {
    let mut shapes = std::collections::BTreeSet::new();
    for (_, route) in routes::all() {
        let shape: String = segments(route.template)
            .map(|segment| match segment {
                Segment::Literal(text) => format!("/{text}"),
                Segment::Value(prefix, _) => format!("/{prefix}{{}}"),
                Segment::Tail(_) => "/{:path}".to_owned(),
            })
            .collect();
        assert!(
            shapes.insert((route.method, shape)),
            "{} {}",
            route.method,
            route.template
        );
    }
}

#[test]
fn precedence_is_airflows() {
    let ti = "/api/v2/dags/d/dagRuns/r/taskInstances";
    let xcom = "/execution/xcoms/d/r/t";
    for (method, path, template) in [
        ("GET", format!("{ti}/list"), "taskInstances/{task_id}"),
        ("POST", format!("{ti}/list"), "taskInstances/list"),
        ("GET", format!("{ti}/t/tries"), "{task_id}/tries"),
        ("GET", format!("{ti}/t/3"), "{task_id}/{map_index}"),
        ("PATCH", format!("{ti}/t/links"), "{task_id}/{map_index}"),
        ("GET", format!("{ti}/t/xcomEntries/a/b"), "{xcom_key:path}"),
        ("GET", format!("{xcom}/k/item/0"), "/item/{offset}"),
        ("GET", format!("{xcom}/a/b/slice"), "/slice"),
        ("GET", format!("{xcom}/slice"), "{xcom_key:path}"),
        ("GET", format!("{xcom}/k/slice/"), "{xcom_key:path}"),
        ("POST", format!("{xcom}/k/slice"), "{xcom_key:path}"),
        ("HEAD", format!("{xcom}/k/slice"), "{xcom_key:path}"),
        ("GET", "/execution/dag-runs/count".into(), "dag-runs/count"),
        (
            "GET",
            "/execution/dag-runs/d/previous".into(),
            "{dag_id}/previous",
        ),
        ("GET", "/execution/variables/keys".into(), "variables/keys"),
        ("GET", "/execution/variables/keys/".into(), "{variable_key:path}"),
        ("GET", "/api/v1/datasets/events/".into(), "{uri:path}"),
        ("PUT", "/execution/variables/keys".into(), "{variable_key:path}"),
        ("PATCH", "/api/v2/variables/".into(), "{variable_key:path}"),
        ("POST", "/api/v2/variables/".into(), "variables"),
        ("GET", "/api/v1/variables/".into(), "variables"),
        (
            "GET",
            "/api/v1/datasets/queuedEvent/".into(),
            "datasets/{uri:path}",
        ),
        ("GET", "/api/v2/connections/test".into(), "{connection_id}"),
        ("GET", "/api/v1/datasets/events".into(), "datasets/events"),
        ("GET", "/ui/dags/recent_dag_runs/".into(), "recent_dag_runs"),
    ] {
        let found = route_of(method, &path, &Site::default()).unwrap_or_else(|| panic!("{method} {path}"));
        assert!(
            found.route.template.ends_with(template),
            "{path}: {}",
            found.route.template
        );
    }
}
