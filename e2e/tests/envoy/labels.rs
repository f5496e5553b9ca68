//! Every id becomes a label, in spite of Istio's regular expressions.

use std::collections::BTreeMap;

use dagward::caller::id;
use dagward::wire::percent;
use dagward_testbed::client::Request;
use dagward_testbed::sidecar::Node;
use serde_json::Value;

use crate::mesh::{API_SERVER, Server, allow_all, ask, counted};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(ids_come_out_as_they_went_in);

/// Values that Airflow does not accept as ids, so that they get no label at all.
const NO_IDS: [&str; 12] = [
    "a task_id=.=b",
    ".=b",
    "a;.;b",
    "a;",
    "line\nbreak",
    "nul\0",
    "100%",
    "quo\"te",
    "back\\slash",
    "a:b/c=d,e",
    "{}",
    "$~",
];

/// The ids of the label vectors, as Airflow makes labels of them.
fn vectors() -> Vec<String> {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../src/metrics/testdata/label_vectors.json")).unwrap();
    let vectors = vectors.as_array().unwrap().iter();
    vectors
        .flat_map(|vector| ["in", "out"].map(|end| vector[end].as_str().unwrap().to_owned()))
        .collect()
}

/// Ids in which one of the regular expressions would find a label, and the label's value.
fn collisions() -> Vec<(String, String)> {
    let table = include_str!("../../../src/metrics/testdata/label_collisions.json");
    let mut collisions: Vec<(String, String)> = serde_json::from_str(table).unwrap();
    let dots = [("ends_in_tag.", "ends_in_tag%2E"), ("...a..b...", "...a..b..%2E")];
    collisions.extend(dots.map(|(id, label)| (id.to_owned(), label.to_owned())));
    collisions
}

fn ids_come_out_as_they_went_in(setup: Setup) {
    let server = Server::start(setup, &allow_all());
    let peer = server.peer("airflow", "airflow-worker");
    let mut expected: BTreeMap<String, f64> = BTreeMap::new();
    let (mut asked, mut refused) = (0, 0.0);
    let mut send = |value: &str, label: &str| {
        let value_sent = percent::encode(value);
        let request = Request::get(API_SERVER, "/api/v2/dags/etl")
            .header("x-airflow-dag-id", &*value_sent)
            .header("x-airflow-task-id", &*value_sent)
            // Claimed ids have a limit.
            .header("x-airflow-proof", "pod");
        asked += 1;
        if id::is_id(value) {
            assert_eq!(ask(&peer, &request).status, 200, "{value:?}");
            *expected.entry(label.to_owned()).or_default() += 1.0;
        } else {
            assert_eq!(ask(&peer, &request).status, 403, "{value:?}");
            refused += 1.0;
        }
    };
    for (value, label) in collisions() {
        send(&value, &label);
    }
    for value in NO_IDS.into_iter().map(str::to_owned).chain(vectors()) {
        // Envoy drops the dots at the end of a label, so the filter escapes the last one.
        let label = value.strip_suffix('.').map(|start| format!("{start}%2E"));
        send(&value, label.as_ref().unwrap_or(&value));
    }
    expected.insert(String::new(), refused);

    let series = server.counted(asked);
    let names = [
        "action",
        "caller",
        "code_class",
        "dag_id",
        "decision",
        "direction",
        "task_id",
    ];
    let mut shown: BTreeMap<String, f64> = BTreeMap::new();
    for series in &series {
        assert!(series.labels.keys().eq(names), "{series:?}");
        assert_eq!(series.label("dag_id"), series.label("task_id"));
        *shown.entry(series.label("dag_id").to_owned()).or_default() += series.value;
    }
    assert_eq!(shown, expected);

    // The same for the metrics with fewer labels.
    let all = server.sidecar.admin().metrics().unwrap();
    for sample in all.iter().filter(|sample| sample.name.starts_with("dagward_re")) {
        let known: Vec<_> = sample.labels.keys().filter(|name| *name != "le").collect();
        assert!(
            known.iter().all(|name| names.contains(&name.as_str())),
            "{sample:?}"
        );
    }
    assert!(
        !all.iter().any(|sample| sample.name.contains("dag_id")),
        "an id in a metric's name"
    );
    server.assert_unharmed();
}

/// A SPIFFE ID becomes a label too.
#[test]
fn callers_come_out_as_they_went_in() {
    let server = Server::start(Setup::DEFAULT, &allow_all());
    let uri = "spiffe://cluster.local/ns/airflow.cache.x/sa/my-tag.v1";
    let peer = server.presenting(&server.authority.uri(uri).unwrap());
    ask(&peer, &Request::get(API_SERVER, "/x"));
    let [series] = server.counted(1).try_into().unwrap();
    assert_eq!(
        series.label("caller"),
        "spiffe://cluster.local/ns/airflow.cache%2Ex/sa/my-tag%2Ev1"
    );
    assert_eq!(series.labels.len(), 7, "{series:?}");
}

/// Annotations can hold any text. A text that is not an id does not become a label.
#[test]
fn an_annotation_that_is_no_id_has_no_label() {
    let server = Server::start(Setup::DEFAULT, &allow_all());
    let node = Node::new("w", "airflow", "airflow-worker").annotation("dag_id", "a task_id=.=b;.;\n\0");
    let worker = server.worker(node, &allow_all());
    ask(&worker.app(), &Request::get(API_SERVER, "/x"));
    let [series] = counted(&worker.sidecar, 1).try_into().unwrap();
    assert!(
        series.carries(&[("dag_id", ""), ("task_id", "")]) && series.labels.len() == 7,
        "{series:?}"
    );
}
