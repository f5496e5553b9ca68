//! The counts: each request is counted once, under the right labels, whichever component answered it.

use std::collections::BTreeMap;
use std::time::Duration;

use dagward_testbed::admin::Sample;
use dagward_testbed::client::Request;
use dagward_testbed::sidecar::Node;
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, allow_all, ask, counted, enforce};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(every_request_is_counted_once, bytes_are_those_that_came_and_went);

const ETL: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-etl";
const PAY: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-pay";

fn document() -> Value {
    enforce(&json!([
        {"name": "teams", "action": "ALLOW", "rules": [{
            "from": [{"serviceAccounts": ["airflow/airflow-worker-{team}"], "dags": ["{team}*"]}],
            "to": [{"dags": ["{team}*"]}],
        }]},
        {"name": "no-deletes", "action": "DENY", "rules": [{"to": [{"methods": ["DELETE"]}]}]},
        {"name": "soon", "mode": "shadow", "action": "DENY", "rules": [{"to": [{"actions": ["dag:update"]}]}]},
    ]))
}

/// dagward's counters and gauges, and the number of observations in each histogram.
fn series(samples: Vec<Sample>) -> BTreeMap<String, f64> {
    samples
        .into_iter()
        .filter(|sample| sample.name.starts_with("dagward_") && !sample.name.contains("_bytes_"))
        .filter(|sample| !sample.name.ends_with("_bucket") && !sample.name.ends_with("_sum"))
        .map(|sample| {
            let labels: Vec<_> = sample
                .labels
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            (format!("{}{{{}}}", sample.name, labels.join(",")), sample.value)
        })
        .collect()
}

fn every_request_is_counted_once(setup: Setup) {
    let server = Server::start(setup, &document());
    let task = |method: &str, path: &str| {
        Request::new(method, API_SERVER, path)
            .header("x-airflow-dag-id", "etl_daily")
            .header("x-airflow-task-id", "load")
    };
    let etl = server.peer("airflow", "airflow-worker-etl");
    let pay = server.peer("airflow", "airflow-worker-pay");
    let mut asked = 0;
    for (peer, request, times) in [
        (&etl, task("GET", "/api/v2/dags/etl_daily"), 7),
        (&etl, task("GET", "/api/v2/dags/pay_daily"), 3),
        (&etl, task("DELETE", "/api/v2/dags/etl_daily"), 2),
        (&etl, task("PATCH", "/api/v2/dags/etl_daily"), 4),
        (&pay, task("GET", "/api/v2/dags/etl_daily"), 1),
        (&pay, task("GET", "/nothing/of/airflow"), 1),
        (&etl, task("GET", "/api/v2/no/such/route"), 1),
        (&etl, task("GET", "/api/v2/dags/etl;x"), 2),
    ] {
        for _ in 0..times {
            ask(peer, &request);
            asked += 1;
        }
    }
    server.counted(asked);
    let requests = |caller: &str, action: &str, decision: &str, class: &str| {
        format!(
            "dagward_requests_total{{action={action},caller={caller},code_class={class},dag_id=etl_daily,\
             decision={decision},direction=inbound,task_id=load}}"
        )
    };
    let expected = BTreeMap::from([
        (requests(ETL, "dag:read", "allow", "2xx"), 7.0),
        (requests(ETL, "dag:read", "deny", "4xx"), 3.0),
        (requests(ETL, "dag:delete", "deny", "4xx"), 2.0),
        (requests(ETL, "dag:update", "allow", "2xx"), 4.0),
        (requests(PAY, "dag:read", "deny", "4xx"), 1.0),
        (requests(PAY, "", "deny", "4xx"), 1.0),
        (requests(ETL, "rest:unclassified", "deny", "4xx"), 1.0),
        (requests(ETL, "", "malformed", "4xx"), 2.0),
        (
            "dagward_denied_total{policy=,reason=no_rule_allows}".to_owned(),
            6.0,
        ),
        (
            "dagward_denied_total{policy=,reason=malformed_path}".to_owned(),
            2.0,
        ),
        (
            "dagward_denied_total{policy=no-deletes,reason=denied_by_rule}".to_owned(),
            2.0,
        ),
        (
            "dagward_shadow_denied_total{policy=soon,reason=denied_by_rule}".to_owned(),
            4.0,
        ),
        (
            "dagward_request_duration_milliseconds_count{dag_id=etl_daily,direction=inbound}".to_owned(),
            asked as f64,
        ),
        (
            format!(
                "dagward_config_info{{mode=enforce,signatures=proxy,status=current,version={}}}",
                env!("CARGO_PKG_VERSION")
            ),
            1.0,
        ),
    ]);
    // Envoy shows histograms only after it has flushed them, every five seconds.
    let durations = "dagward_request_duration_milliseconds_count";
    wait::until("the histogram", Duration::from_secs(300), || {
        let observed = server.sidecar.admin().metric(durations, &[])?;
        Ok((observed >= asked as f64).then_some(()))
    })
    .unwrap();
    assert_eq!(series(server.sidecar.admin().metrics().unwrap()), expected);
    server.assert_unharmed();
}

#[test]
fn outbound_requests_have_series_of_their_own() {
    let server = Server::start(Setup::DEFAULT, &allow_all());
    let node = Node::new("w", "airflow", "airflow-worker-etl").annotation("dag_id", "etl_daily");
    let worker = server.worker(node, &document());
    for _ in 0..3 {
        // An outbound listener decides nothing: the destination's own sidecar does.
        let response = ask(
            &worker.app(),
            &Request::new("DELETE", API_SERVER, "/api/v2/dags/pay"),
        );
        assert_eq!(response.status, 200);
    }
    let [outbound] = counted(&worker.sidecar, 3).try_into().unwrap();
    let labels = [
        ("direction", "outbound"),
        ("caller", ETL),
        ("dag_id", "etl_daily"),
        ("task_id", ""),
        ("action", "dag:delete"),
        ("decision", "allow"),
        ("code_class", "2xx"),
    ];
    assert!(
        outbound.carries(&labels) && outbound.labels.len() == labels.len(),
        "{outbound:?}"
    );
}

fn bytes_are_those_that_came_and_went(setup: Setup) {
    let server = Server::start(setup, &allow_all());
    let peer = server.peer("airflow", "airflow-worker");
    let mut answers = Vec::new();
    for (dag_id, length) in [("etl_1", 2_000), ("etl_2", 7_000)] {
        let request = Request::new("POST", API_SERVER, "/upload")
            .header("x-airflow-dag-id", dag_id)
            .body(vec![b'x'; length]);
        answers.push(ask(&peer, &request).body.len() as f64);
    }
    server.counted(2);
    let bytes = |way: &str, dag_id: &str| {
        let name = format!("dagward_{way}_bytes_total");
        let labels = [("direction", "inbound"), ("dag_id", dag_id), ("task_id", "")];
        server.sidecar.admin().metric(&name, &labels).unwrap()
    };
    let (one, two) = (bytes("request", "etl_1"), bytes("request", "etl_2"));
    // The headers, of equal length in both, count too.
    assert_eq!(two - one, 5_000.0);
    assert!((2_000.0..4_000.0).contains(&one), "{one}");
    let answered = bytes("response", "etl_1");
    assert!(
        (answers[0]..answers[0] + 1_000.0).contains(&answered),
        "{answered}"
    );
}
