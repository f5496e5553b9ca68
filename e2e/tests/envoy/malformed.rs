//! Requests that can be read in more than one way are refused: with one clear answer, one count, and no harm.

use std::time::Duration;

use dagward_testbed::client::{Client, Request};

use crate::mesh::{API_SERVER, Server, allow_all, ask, refusal};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(task_headers_that_break_their_contract, paths_with_two_readings);

/// The longest time for an answer. The answer ends with its connection.
const QUIET: Duration = Duration::from_secs(60);

fn dag() -> Request {
    Request::get(API_SERVER, "/api/v2/dags/etl")
}

fn task_headers_that_break_their_contract(setup: Setup) {
    let server = Server::start(setup, &allow_all());
    let peer = server.peer("airflow", "airflow-worker");
    let long = "x".repeat(8 * 1024);
    let bad = [
        dag().header("x-airflow-dag-id", b"caf\xe9"),
        dag().header("x-airflow-dag-id", b"\xff\xfe"),
        dag().header("x-airflow-dag-id", "日本"),
        dag().header("x-airflow-dag-id", &long),
        dag().header("x-airflow-dag-id", "%zz"),
        dag().header("x-airflow-dag-id", "a%2"),
        dag().header("x-airflow-dag-id", "%ff%fe"),
        dag().header("x-airflow-dag-id", "a%0Ab"),
        dag().header("x-airflow-dag-id", "a b"),
        dag().header("x-airflow-dag-id", ""),
        dag()
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow-dag-id", "etl"),
        dag().header("x_airflow_dag_id", "etl"),
        dag()
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow_dag-id", "etl"),
        dag().header("x-airflow-task-id", "load"),
        dag()
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow-run-id", &long),
        dag()
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow-task-id", "a/b"),
        dag()
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow-map-index", "-2"),
        dag()
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow-try-number", "one"),
        dag()
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow-ti-id", "1"),
        dag()
            .header("x-airflow-dag-id", "etl")
            .header("x-airflow-proof", "oath"),
    ];
    for (number, request) in bad.iter().enumerate() {
        let response = ask(&peer, request);
        assert_eq!(
            refusal(&response),
            (403, "malformed_task_headers".to_owned()),
            "{request:?}"
        );
        server.counted(number as u64 + 1);
    }
    assert_eq!(server.app.counts().started, 0);

    // The filter does not look at non-text bytes in other headers.
    assert_eq!(
        ask(&peer, &dag().header("x-comment", b"caf\xe9 \xff")).status,
        200
    );
    let series = server.counted(bad.len() as u64 + 1);
    let malformed = series
        .iter()
        .filter(|series| series.carries(&[("decision", "malformed"), ("dag_id", ""), ("code_class", "4xx")]));
    assert_eq!(
        malformed.map(|series| series.value).sum::<f64>(),
        bad.len() as f64
    );
    server.assert_unharmed();
}

fn paths_with_two_readings(setup: Setup) {
    let server = Server::start(setup, &allow_all());
    let peer = server.peer("airflow", "airflow-worker");
    let bad = [
        "//api/v2/dags/etl",
        "/api//v2/dags/etl",
        "/api/v2//dags/etl",
        "/api/v2/dags/etl%2FdagRuns",
        "/api%2Fv2%2Fdags%2Fetl",
        "/api/v2/dags/%2e%2e%2fetl",
        "/api/v2/dags/etl;x=y",
        "/api/v2;/dags/etl",
        "/api/v2/dags/%ff",
        "/api/v2/dags/etl%5Cx",
        "/x/%2e%2e%2fapi/v2/dags/etl",
    ];
    let mut refused = 0;
    for path in bad {
        let response = ask(&peer, &Request::get(API_SERVER, path));
        refused += 1;
        assert_eq!(refusal(&response), (403, "malformed_path".to_owned()), "{path}");
        server.counted(refused);
    }
    assert_eq!(server.app.counts().started, 0);
    assert_eq!(ask(&peer, &dag()).status, 200);
    server.counted(refused + 1);
    server.assert_unharmed();
}

/// Requests that the client library would not send. Envoy itself refuses some of them, before any filter.
#[test]
fn raw_request_lines() {
    let server = Server::start(Setup::DEFAULT, &allow_all());
    let identity = server
        .authority
        .service_account("airflow", "airflow-worker")
        .unwrap();
    let client = Client::mtls(server.sidecar.inbound().unwrap(), &identity).unwrap();
    let mut counted = 0;
    for (line, status, by_filter) in [
        ("GET /api/v2/dags/etl HTTP/1.1", "200", true),
        (
            "GET http://airflow-api-server/api/v2/dags/etl HTTP/1.1",
            "200",
            true,
        ),
        (
            "GET http://airflow-api-server//api/v2/dags/etl HTTP/1.1",
            "403",
            true,
        ),
        // Envoy resolves these, and the app gets the path on which the filter decided.
        ("GET /api/v2/dags/a\\..\\b HTTP/1.1", "200", true),
        ("GET /api/v2/../../api/v2/dags/etl HTTP/1.1", "200", true),
        // It has no path, and no route leads on.
        ("CONNECT airflow-api-server:443 HTTP/1.1", "404", true),
        ("OPTIONS * HTTP/1.1", "404", false),
        ("GET /api/v2/dags/etl%00 HTTP/1.1", "400", false),
        ("GET /api/v2/dags/etl#x HTTP/1.1", "400", false),
        ("GET /api/v2/dags/caf\u{e9} HTTP/1.1", "400", false),
        ("GET api/v2/dags/etl HTTP/1.1", "400", false),
        ("FETCH! /api/v2/dags/etl HTTP/1.1", "400", false),
    ] {
        let request = format!("{line}\r\nhost: {API_SERVER}\r\nconnection: close\r\n\r\n");
        let answer = client.raw(request.as_bytes(), QUIET).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(answer.split(' ').nth(1), Some(status), "{line}: {answer}");
        counted += u64::from(by_filter);
        server.counted(counted);
    }
    let paths: Vec<_> = server
        .app
        .received()
        .into_iter()
        .map(|received| received.path)
        .collect();
    assert_eq!(
        paths,
        [
            "/api/v2/dags/etl",
            "/api/v2/dags/etl",
            "/api/v2/dags/b",
            "/api/v2/dags/etl"
        ]
    );
    server.assert_unharmed();
}
