//! Bodies and ids that honest clients rarely or never send. If they decide, they are read as Airflow reads them or
//! refused. Otherwise they pass unchanged.

use std::time::Duration;

use dagward_testbed::client::{Client, Request};
use serde_json::json;

use crate::mesh::{API_SERVER, Server, ask, enforce, refusal};
use crate::setup::Setup;

/// The longest time for an answer. The answer ends with its connection.
const QUIET: Duration = Duration::from_secs(60);

/// A route whose body names ids, and one whose body the filter does not read.
const DECIDING: &str = "/api/v2/backfills";
const OPAQUE: &str = "/execution/xcoms/ml_a/r/t/k";

/// `{"dag_id": "ml_a"}`, compressed.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xabVJIL\x8f\xcfLQ\xb2RP\xca\xcd\x89OT\xaa\x05\x00\x1b\x01\xa4\xc7\x12\x00\x00\x00";

const MULTIPART: &[u8] = b"--x\r\ncontent-disposition: form-data; name=\"dag_id\"\r\n\r\nml_a\r\n--x--\r\n";

fn server() -> Server {
    let own = json!([{"name": "own", "action": "ALLOW", "rules": [{"to": [{"dags": ["ml_*"]}]}]}]);
    Server::start(Setup::DEFAULT, &enforce(&own))
}

fn peer(server: &Server) -> Client {
    server.peer("airflow", "airflow-worker-ml")
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_body_counts_where_it_decides_and_nowhere_else() {
    let server = server();
    let peer = peer(&server);
    let json = ("content-type", "application/json");
    let bodies = [
        (json, utf16(r#"{"dag_id": "ml_a"}"#)),
        (
            json,
            [b"\xff\xfe".to_vec(), utf16(r#"{"dag_id": "ml_a"}"#)].concat(),
        ),
        (json, b"\xef\xbb\xbf{\"dag_id\": \"ml_a\"}".to_vec()),
        (
            ("content-type", "application/json; charset=latin-1"),
            b"{\"dag_id\": \"ml_\xe9\"}".to_vec(),
        ),
        (json, br#"{"dag_id": "ml_\ud800"}"#.to_vec()),
        (json, br#"{"dag_id": "ml_a", "max_active_runs": NaN}"#.to_vec()),
        (json, br#"{"dag_id": "ml_a",}"#.to_vec()),
        (json, br#"{"dag_id": 7}"#.to_vec()),
        (json, br#"{"dag_id": 7.0}"#.to_vec()),
        (json, br#"{"dag_id": true}"#.to_vec()),
        (json, br#"{"dag_id": {"ml_a": 1}}"#.to_vec()),
        (json, br#""ml_a""#.to_vec()),
        (json, b"null".to_vec()),
        (json, b"  ".to_vec()),
        (json, b"\0".to_vec()),
        (("content-encoding", "gzip"), GZIP.to_vec()),
        (
            ("content-type", "application/x-www-form-urlencoded"),
            b"dag_id=ml_a".to_vec(),
        ),
        (
            ("content-type", "multipart/form-data; boundary=x"),
            MULTIPART.to_vec(),
        ),
    ];
    for ((name, value), body) in &bodies {
        let request = |path| {
            Request::new("POST", API_SERVER, path)
                .header(name, value)
                .body(body)
        };
        let shown = String::from_utf8_lossy(body);
        let response = ask(&peer, &request(DECIDING));
        assert_eq!(
            refusal(&response),
            (403, "malformed_body".to_owned()),
            "{value}: {shown}"
        );
        // As Airflow's SDK requires it: exactly this type, and an object with these fields.
        assert_eq!(response.header("content-type"), Some("application/json"));
        let detail = &response.json().unwrap()["detail"];
        assert_eq!(detail["reason"], "dagward_malformed");
        assert_eq!(detail["request_id"].as_str(), response.header("x-request-id"));

        assert_eq!(ask(&peer, &request(OPAQUE)).status, 200, "{value}: {shown}");
        let received = server.last();
        assert_eq!(received.path, OPAQUE);
        assert_eq!(&received.body, body, "{value}");
        assert_eq!(received.header(name), Some(*value));
    }
    let decided: Vec<_> = server
        .app
        .received()
        .into_iter()
        .filter(|received| received.path == DECIDING && !received.body.is_empty())
        .collect();
    assert!(decided.is_empty(), "{decided:?}");
    server.assert_unharmed();
}

#[test]
fn a_body_passes_however_it_comes_where_it_does_not_decide() {
    let server = server();
    let identity = server
        .authority
        .service_account("airflow", "airflow-worker-ml")
        .unwrap();
    let wire = Client::mtls(server.sidecar.inbound().unwrap(), &identity).unwrap();
    for (framing, body) in [
        ("transfer-encoding: chunked", "1\r\n{\r\n2\r\nxx\r\n0\r\n\r\n"),
        ("content-length: 3\r\nexpect: 100-continue", "{xx"),
        ("content-length: 3\r\ncontent-encoding: gzip", "{xx"),
    ] {
        let request = format!(
            "POST {OPAQUE} HTTP/1.1\r\nhost: {API_SERVER}\r\nconnection: close\r\n{framing}\r\n\r\n{body}"
        );
        let answer = wire.raw(request.as_bytes(), QUIET).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let last = answer
            .strip_prefix("HTTP/1.1 100 Continue\r\n\r\n")
            .unwrap_or(&answer);
        assert!(last.starts_with("HTTP/1.1 200 "), "{framing}: {answer}");
        assert_eq!(server.last().body, b"{xx", "{framing}");
    }
    server.assert_unharmed();
}

#[test]
fn an_id_is_any_text() {
    let server = server();
    let peer = peer(&server);
    let allowed = "allowed";
    let refused = "no_rule_allows";
    let of = |length: usize| "x".repeat(length);
    for (id, expected) in [
        ("ml_%C3%A9_%E6%97%A5".to_owned(), allowed),
        ("%6dl_a".to_owned(), allowed),
        ("ml_a%2500".to_owned(), allowed),
        ("ml_a%20b".to_owned(), allowed),
        // Decoded once: this DAG's name has a `%`.
        ("%256dl_a".to_owned(), refused),
        ("ML_a".to_owned(), refused),
        ("%EF%BD%8Dl_a".to_owned(), refused),
        // At the maximum length of Airflow's ids, and longer.
        (format!("ml_{}", of(247)), allowed),
        (format!("ml_{}", of(248)), allowed),
        (of(250), refused),
        (of(5_000), refused),
        (String::new(), "malformed_path"),
        ("ml_%FF".to_owned(), "malformed_path"),
        ("ml_%C0%AF".to_owned(), "malformed_path"),
    ] {
        let response = ask(
            &peer,
            &Request::get(API_SERVER, &format!("/api/v2/dags/{id}/dagRuns")),
        );
        let code = match response.status {
            200 => allowed.to_owned(),
            _ => refusal(&response).1,
        };
        assert_eq!(code, expected, "{id:.80}");
    }
    for (id, expected) in [
        (r"ml_\u65e5\u672c", 200),
        (r"\u006dl_a", 200),
        (r"ml_a\u0000", 200),
        ("ml_%61", 200),
        (r"%6dl_a", 403),
        (r"ML_a", 403),
        (r" ml_a", 403),
        ("", 403),
        (&format!("ml_{}", of(5_000)), 200),
    ] {
        let body = format!(r#"{{"dag_id": "{id}"}}"#);
        let request = Request::new("POST", API_SERVER, DECIDING).body(&body);
        assert_eq!(ask(&peer, &request).status, expected, "{id:.80}");
    }
    server.assert_unharmed();
}
