//! Credentials that dagward cannot read and Airflow might read.

use dagward_testbed::client::Request;
use dagward_testbed::upstream::Upstream;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, allow_all, ask, refusal};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{TASK, airflow, code, run, token, xcom};

on_every_setup!(
    a_stolen_token_in_another_spelling_is_refused,
    envoy_passes_every_spelling_on
);

fn showing(authorization: &[u8]) -> Request {
    Request::get(API_SERVER, "/execution/variables/sales_key").header("authorization", authorization)
}

/// The task's token in spellings that dagward does not read.
fn spellings() -> Vec<Vec<u8>> {
    let token = token(TASK);
    let bare = token.strip_prefix("Bearer ").unwrap();
    let signature = "A".repeat(8 * 1024);
    [
        format!("Bearer  {bare}"),
        format!("Bearer\t{bare}"),
        format!("Bearer \t{bare}"),
        format!("Bearer {bare}="),
        format!("Bearer {bare}{signature}"),
        format!("{token},{token}"),
        self::token(&TASK.to_uppercase()),
        self::token(&format!("urn:uuid:{TASK}")),
        "Bearer".to_owned(),
        "Basic YTpi".to_owned(),
        String::new(),
    ]
    .into_iter()
    .map(String::into_bytes)
    .chain([
        [b"Bearer \xa0", bare.as_bytes()].concat(),
        [token.as_bytes(), b"\xa0"].concat(),
        [token.as_bytes(), b"\x85"].concat(),
        [b"\x85", token.as_bytes()].concat(),
        b"\xff\xfe".to_vec(),
    ])
    .collect()
}

/// The task's token with blanks around it, which HTTP/1.1 trims.
fn between_blanks() -> [Vec<u8>; 5] {
    let token = token(TASK);
    [
        format!(" {token}"),
        format!("\t{token}"),
        format!("{token} "),
        format!("{token}\t"),
        format!(" \t{token}\t "),
    ]
    .map(String::into_bytes)
}

fn a_stolen_token_in_another_spelling_is_refused(setup: Setup) {
    let app = Upstream::with(airflow).unwrap();
    let server = Server::before(app, setup, &allow_all().to_string());
    let sales = server.peer("airflow", "airflow-worker-sales");
    let thief = server.peer("airflow", "airflow-worker-ml");
    assert_eq!(ask(&sales, &run(TASK)).status, 200);
    let started = server.app.counts().started;

    assert_eq!(
        code(&ask(&thief, &xcom("sales_daily", TASK))),
        "token_owned_by_another"
    );
    for authorization in spellings() {
        let shown = authorization.escape_ascii().to_string();
        let response = ask(&thief, &showing(&authorization));
        assert_eq!(
            refusal(&response),
            (403, "malformed_authorization".to_owned()),
            "{shown}"
        );
        let body = response.json().unwrap().to_string();
        assert!(body.contains("header `authorization`"), "{body}");
    }
    let trimmed = match setup.http2 {
        true => "malformed_authorization",
        false => "token_owned_by_another",
    };
    for authorization in between_blanks() {
        let shown = authorization.escape_ascii().to_string();
        assert_eq!(code(&ask(&thief, &showing(&authorization))), trimmed, "{shown}");
    }
    assert_eq!(server.app.counts().started, started, "Airflow saw one of them");
    assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");
    server.assert_unharmed();
}

/// The other tests would prove nothing if Envoy itself refused or normalized these values.
fn envoy_passes_every_spelling_on(setup: Setup) {
    let observing = json!({"apiVersion": "dagward/v1", "mode": "observe", "policies": []});
    let server = Server::start(setup, &observing);
    let peer = server.peer("airflow", "airflow-worker-ml");
    for authorization in spellings().into_iter().chain(between_blanks()) {
        let shown = authorization.escape_ascii().to_string();
        assert_eq!(ask(&peer, &showing(&authorization)).status, 200, "{shown}");
        let expected = match setup.http2 {
            true => authorization.as_slice(),
            false => authorization.trim_ascii(),
        };
        let received = server.last();
        let (_, value) = received
            .headers
            .iter()
            .find(|(name, _)| name == "authorization")
            .unwrap();
        assert_eq!(
            value.escape_ascii().to_string(),
            expected.escape_ascii().to_string()
        );
    }
    server.assert_unharmed();
}
