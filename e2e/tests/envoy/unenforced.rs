//! Requests that pass because nothing is enforced cause no refusal later.

use std::time::Duration;

use dagward_testbed::client::Request;
use dagward_testbed::sidecar::Update;
use dagward_testbed::upstream::Upstream;
use dagward_workbench::wait;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, ask};
use crate::setup::Setup;
use crate::tasks::{code, forged, run, token, verifying, xcom};
use crate::unverified_tokens::with_open_routes;

const SOON: Duration = Duration::from_secs(300);

#[test]
fn observing_makes_no_thief_the_owner() {
    theft_before_enforcement("observe");
}

#[test]
fn shadowing_makes_no_thief_the_owner() {
    theft_before_enforcement("shadow");
}

/// Each theft has a task of its own. The owner of every second one starts it before.
fn theft_before_enforcement(mode: &str) {
    let mut policy = with_open_routes();
    policy["mode"] = json!(mode);
    let mut server = Server::before(
        Upstream::with(verifying).unwrap(),
        Setup::DEFAULT,
        &policy.to_string(),
    );
    let sales = server.peer("airflow", "airflow-worker-sales");
    let finance = server.peer("airflow", "airflow-worker-finance");
    let task = |number: usize| format!("019ab1c2-7d11-7b3f-a3c4-{number:012}");
    let thefts = |task: &str| {
        let open = |path: &str, token: String| Request::get(API_SERVER, path).header("authorization", token);
        [
            run(task),
            xcom("sales_daily", task),
            open("/execution/variables/sales_key", token(task)),
            open("/execution/health", token(task)),
            open("/execution/health", forged(task)),
            open("/api/v2/version", forged(task)),
        ]
    };
    let count = thefts("").len();
    for number in 0..count {
        let task = task(number);
        if number % 2 == 1 {
            assert_eq!(ask(&sales, &run(&task)).status, 200);
        }
        assert_eq!(ask(&finance, &thefts(&task)[number]).status, 200, "{number}");
    }

    policy["mode"] = json!("enforce");
    assert_eq!(server.sidecar.update(&policy.to_string()).unwrap(), Update::Taken);
    let denied = Request::new("PATCH", API_SERVER, "/edge_worker/v1/worker/x");
    wait::until("the update", SOON, || {
        Ok((ask(&finance, &denied).status == 403).then_some(()))
    })
    .unwrap();
    for number in 0..count {
        let task = task(number);
        assert_eq!(code(&ask(&sales, &run(&task))), "allowed", "{number}");
        assert_eq!(
            code(&ask(&sales, &xcom("sales_daily", &task))),
            "allowed",
            "{number}"
        );
        assert_eq!(
            code(&ask(&finance, &xcom("sales_daily", &task))),
            "token_owned_by_another",
            "{number}"
        );
    }
    server.assert_unharmed();
}
