//! Airflow puts a fresh token in every answer under `/execution`, on every route and with every status. A thief must
//! get none of them, or a stolen token would stay valid for ever.

use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::upstream::Upstream;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, ask};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{OTHER_TASK, TASK, code, run, token, verifying, xcom};
use crate::unverified_tokens::with_open_routes;

on_every_setup!(
    no_answer_under_execution_renews_a_stolen_token,
    its_owner_gets_the_fresh_token,
    routes_that_want_no_token_get_none,
);

/// Routes that require no token.
const OPEN: [&str; 4] = [
    "/execution/health",
    "/execution/health/ping",
    "/execution/docs",
    "/execution/openapi.json",
];

/// Paths without a route, which Airflow answers with 404.
const UNKNOWN: [&str; 3] = [
    "/execution/nothing",
    "/execution/nothing/at/all",
    "/execution/nothing?x=/execution/health",
];

/// Airflow answers this with 422.
const INVALID: &str = "/execution/dag-runs/count";

fn start(setup: Setup) -> Server {
    let mut policy = with_open_routes();
    // So that only the token can stop a thief.
    let counts = json!({"name": "counts", "action": "ALLOW", "rules": [{"to": [{"paths": [INVALID]}]}]});
    policy["policies"].as_array_mut().unwrap().push(counts);
    Server::before(Upstream::with(verifying).unwrap(), setup, &policy.to_string())
}

fn with(client: &Client, path: &str, task: &str) -> Response {
    ask(
        client,
        &Request::get(API_SERVER, path).header("authorization", token(task)),
    )
}

fn fresh(answer: &Response) -> Option<&str> {
    answer.header("refreshed-api-token")
}

fn no_answer_under_execution_renews_a_stolen_token(setup: Setup) {
    let server = start(setup);
    let sales = server.peer("airflow", "airflow-worker-sales");
    let thieves = [
        server.peer("airflow", "airflow-worker-finance"),
        server.peer("istio-ingress", "gateway"),
        server.plaintext(),
    ];
    assert_eq!(ask(&sales, &run(TASK)).status, 200);
    for thief in &thieves {
        for path in OPEN.iter().chain(&UNKNOWN).chain([&INVALID]) {
            let answer = with(thief, path, TASK);
            assert_eq!(fresh(&answer), None, "{path}");
            assert_eq!(code(&answer), "token_owned_by_another", "{path}");
        }
        // A queued task has no owner yet.
        for path in OPEN {
            let answer = with(thief, path, OTHER_TASK);
            assert_eq!(fresh(&answer), None, "{path}");
        }
    }
    // The attempts do not change the owner: its token still works.
    assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");
    server.assert_unharmed();
}

fn its_owner_gets_the_fresh_token(setup: Setup) {
    let server = start(setup);
    let sales = server.peer("airflow", "airflow-worker-sales");
    assert_eq!(fresh(&ask(&sales, &run(TASK))), Some("fresh"));
    for (path, status) in [
        ("/execution/xcoms/sales_daily/r/t/k", 200),
        (INVALID, 422),
        (UNKNOWN[0], 404),
    ] {
        let answer = with(&sales, path, TASK);
        assert_eq!((answer.status, fresh(&answer)), (status, Some("fresh")), "{path}");
    }
    server.assert_unharmed();
}

fn routes_that_want_no_token_get_none(setup: Setup) {
    let server = start(setup);
    let sales = server.peer("airflow", "airflow-worker-sales");
    assert_eq!(ask(&sales, &run(TASK)).status, 200);
    for path in OPEN {
        let answer = with(&sales, path, TASK);
        assert_eq!((answer.status, fresh(&answer)), (200, None), "{path}");
        assert_eq!(server.last().header("authorization"), None, "{path}");
    }
    // On other surfaces the filter forwards the token.
    assert_eq!(with(&sales, "/api/v2/version", TASK).status, 200);
    assert_eq!(server.last().header("authorization"), Some(token(TASK).as_str()));
    server.assert_unharmed();
}
