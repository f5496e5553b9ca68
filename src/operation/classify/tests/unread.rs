//! An unread body stands for any body: on every row, it gives all accesses that some body can give.

use serde_json::{Map, Value, json};

use super::*;
use crate::operation::route::Route;
use crate::operation::routes;

fn rows() -> Vec<&'static Route> {
    let decides = |route: &&Route| {
        !route.body.is_empty()
            || !route.when.is_empty()
            || route.also.is_some()
            || route.reads.is_some()
            || route.defers
    };
    let all = routes::all()
        .chain(routes::web_pages())
        .chain(routes::single_page());
    all.map(|(_, route)| route).filter(decides).collect()
}

const UUID: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

fn target(route: &Route) -> String {
    let pieces = route
        .template
        .split('/')
        .map(|piece| match piece.split_once('{') {
            Some((head, name)) if name.starts_with("task_instance_id") => format!("{head}{UUID}"),
            Some((head, name)) if name.starts_with("asset_id") => format!("{head}7"),
            Some((head, _)) => format!("{head}ml_a"),
            None => piece.to_owned(),
        });
    pieces.collect::<Vec<_>>().join("/")
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("ml_a")),
        Just(json!("finance_x")),
        Just(json!("~")),
        Just(json!("")),
        Just(json!("7")),
        Just(json!("deferred")),
        Just(json!(
            "airflow.providers.standard.triggers.temporal.DateTimeTrigger"
        )),
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(false)),
        Just(json!(7)),
        Just(json!(["t", 1])),
        Just(json!({})),
        Just(json!({"conn_id": "x", "external_dag_id": "finance_x", "dag_id": "d"})),
        Just(json!({"__type": "dict", "__var": {"conn_id": "x", "auth_type": "a.b"}})),
        (0..200usize).prop_map(|n| json!((0..n).map(|i| format!("x{i}")).collect::<Vec<_>>())),
    ]
}

fn put(body: &mut Map<String, Value>, path: &str, value: Value) {
    let (step, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
    let (names, list) = step
        .strip_suffix("[]")
        .map_or((step, false), |names| (names, true));
    let name = names.split('|').next().unwrap().to_owned();
    let inner = match rest {
        None => value,
        Some(rest) => {
            let mut below = match body.get(&name) {
                Some(Value::Array(items)) => items.first().and_then(Value::as_object).cloned(),
                Some(Value::Object(object)) => Some(object.clone()),
                _ => None,
            }
            .unwrap_or_default();
            put(&mut below, rest, value);
            Value::Object(below)
        }
    };
    body.insert(name, if list { json!([inner]) } else { inner });
}

fn case() -> impl Strategy<Value = (usize, Value)> {
    let count = rows().len();
    (0..count, prop::collection::vec((0..64usize, scalar()), 0..6)).prop_map(|(number, values)| {
        let route = rows()[number];
        let mut places: Vec<String> = route.body.iter().map(|field| field.path.to_owned()).collect();
        places.extend(
            route
                .also
                .iter()
                .flat_map(|(_, places)| places.iter().map(|field| field.path.to_owned())),
        );
        places.extend(route.when.iter().map(|(field, _)| (*field).to_owned()));
        places.extend(
            route
                .reads
                .iter()
                .flat_map(|fields| fields.iter().map(|field| (*field).to_owned())),
        );
        for more in [
            "state",
            "classpath",
            "trigger_kwargs",
            "next_kwargs",
            "queue",
            "new_field",
            "dag_id",
        ] {
            places.push(more.to_owned());
        }
        let mut body = Map::new();
        for (place, value) in values {
            put(&mut body, &places[place % places.len()], value);
        }
        (number, Value::Object(body))
    })
}

fn covers(unread: &Access<'_>, whole: &Access<'_>) -> bool {
    let fits = |one: &Fact<Cow<'_, str>>, other: &Fact<Cow<'_, str>>| *one == Fact::Unknown || one == other;
    unread.action == whole.action
        && fits(&unread.dag, &whole.dag)
        && fits(&unread.run, &whole.run)
        && fits(&unread.task, &whole.task)
        && fits(&unread.connection, &whole.connection)
        && fits(&unread.variable, &whole.variable)
        && fits(&unread.pool, &whole.pool)
        && fits(&unread.xcom_key, &whole.xcom_key)
        && fits(&unread.asset, &whole.asset)
        && fits(&unread.trigger, &whole.trigger)
        && fits(&unread.queue, &whole.queue)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn what_any_body_asks_for_is_asked_for_unread((number, body) in case(), known_run in any::<bool>()) {
        let route = rows()[number];
        let target = target(route);
        let text = body.to_string();
        let site = Site::default().with_web_pages(route.template.starts_with("/dag"));
        let at = |body| {
            let request = Request { method: route.method, target: &target, host: "h", body };
            let mut operation = classify(&request, &site)?;
            operation.belongs_to(known_run.then_some(("own", "r")));
            Ok::<_, Malformed>(operation)
        };
        let unread = at(Body::Unread).unwrap();
        prop_assert_eq!(unread.template, Some(route.template));
        let Ok(whole) = at(Body::Whole(text.as_bytes())) else { return Ok(()) };
        for access in &whole.accesses {
            prop_assert!(
                unread.accesses.iter().any(|other| covers(other, access)),
                "{} {} {}\n{:?}\n{:?}", route.method, route.template, text, access, unread.accesses
            );
        }
    }
}
