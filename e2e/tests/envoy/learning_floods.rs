//! Floods of tokens. A forger's tokens evict nothing. Tokens of honest tasks evict each other only when there are too
//! many.

use std::time::Duration;

use dagward::learn::MAX_TASKS_OF_A_PRINCIPAL as MAX_TASKS;
use dagward::metrics::ledger::MAX_SERIES;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::load::Load;
use dagward_testbed::upstream::{Answer, Upstream};
use serde_json::json;

use crate::mesh::{API_SERVER, Server, ask};
use crate::setup::Setup;
use crate::tasks::{TASK, airflow, code, forged, run, teams, token_of, verifying, xcom};
use crate::unverified_tokens::with_open_routes;

/// The number of requests in a flood.
const FLOOD: u64 = 20_000;

/// Longer than any flood takes, even on a busy machine.
const LONG: Duration = Duration::from_secs(600);

/// The number of tasks that the proxy learns before the flood.
const HONEST: u64 = 100;

fn task(number: u64) -> String {
    format!("019ab1c2-7d11-7b3f-a3c4-{number:012}")
}

/// An Airflow that recognizes forged tokens by a mark.
fn server(setup: Setup) -> Server {
    let app = Upstream::with(|request| match request.header("x-forged") {
        Some(_) => Answer::json(403, &json!({"detail": "Invalid auth token"})),
        None => airflow(request),
    });
    Server::before(app.unwrap(), setup, &teams().to_string())
}

fn sales(server: &Server) -> Client {
    server.peer("airflow", "airflow-worker-sales")
}

/// The same peer, once its honest tasks have started.
fn sales_at_work(server: &Server) -> Client {
    let sales = sales(server);
    let starts = (0..HONEST).map(|number| run(&task(number)));
    send(&sales, starts.collect(), 200);
    sales
}

fn send(client: &Client, requests: Vec<Request>, status: u16) {
    let count = requests.len() as u64;
    let load = Load {
        requests,
        limit: LONG,
        ..Load::new(client, Request::get("", "/"), 8, count)
    };
    let report = load.run().unwrap();
    assert_eq!((report.errors, report.with_status(status)), (0, count));
}

fn learned(server: &Server) -> f64 {
    let admin = server.sidecar.admin();
    admin.metric("dagward_learned_tasks", &[]).unwrap()
}

#[test]
fn forged_tokens_push_nothing_out() {
    let server = server(Setup::ALL[3]);
    let sales = sales_at_work(&server);
    assert_eq!(learned(&server), HONEST as f64);

    // Every second one has the name of an honest task. Each has a DAG of its own.
    let forger = server.peer("airflow", "airflow-worker-ml");
    let forged = |number: u64| {
        let named = match number.is_multiple_of(2) {
            true => number % HONEST,
            false => HONEST + number,
        };
        run(&task(named))
            .header("x-forged", "1")
            .header("x-airflow-dag-id", format!("ml_{number}"))
    };
    send(&forger, (0..FLOOD).map(forged).collect(), 403);

    assert_eq!(learned(&server), HONEST as f64);
    for number in 0..HONEST {
        assert_eq!(
            code(&ask(&sales, &xcom("sales_daily", &task(number)))),
            "allowed",
            "{number}"
        );
    }
    let series = server.counted(FLOOD + HONEST * 2);
    let of_forger = series
        .iter()
        .filter(|series| series.label("dag_id").starts_with("ml_"))
        .count();
    assert!(of_forger <= MAX_SERIES as usize, "{of_forger}");
    server.assert_unharmed();
}

/// Three times as many as a proxy has entries.
#[test]
fn forged_tokens_that_airflow_does_not_look_at_push_nothing_out() {
    let app = Upstream::with(verifying).unwrap();
    let server = Server::before(app, Setup::ALL[3], &with_open_routes().to_string());
    let sales = sales_at_work(&server);
    let forger = server.peer("airflow", "airflow-worker-ml");
    let health = |number: u64| {
        Request::get(API_SERVER, "/execution/health").header("authorization", forged(&task(HONEST + number)))
    };
    send(&forger, (0..3 * MAX_TASKS).map(health).collect(), 200);

    assert_eq!(learned(&server), HONEST as f64);
    for number in 0..HONEST {
        let own = xcom("sales_daily", &task(number));
        assert_eq!(code(&ask(&sales, &own)), "allowed", "{number}");
    }
    server.assert_unharmed();
}

/// A thief whose own tasks are valid. There are more of them than a proxy has entries.
#[test]
fn valid_tokens_of_one_team_push_out_no_task_of_another() {
    let app = Upstream::with(verifying).unwrap();
    let server = Server::before(app, Setup::ALL[3], &with_open_routes().to_string());
    let sales = sales_at_work(&server);
    let thief = server.peer("airflow", "airflow-worker-ml");
    let own = |number: u64| {
        let task = task(HONEST + number);
        let path = format!("/execution/task-instances/{task}/run");
        Request::new("PATCH", API_SERVER, &path)
            .header("authorization", token_of("ml_train", &task))
            .body("{}")
    };
    send(&thief, (0..3 * MAX_TASKS).map(own).collect(), 200);

    for number in 0..HONEST {
        let own = xcom("sales_daily", &task(number));
        assert_eq!(code(&ask(&thief, &own)), "token_owned_by_another", "{number}");
        assert_eq!(code(&ask(&sales, &own)), "allowed", "{number}");
    }
    server.assert_unharmed();
}

#[test]
fn of_too_many_tasks_those_used_last_stay() {
    let server = server(Setup::ALL[3]);
    let sales = sales(&server);
    ask(&sales, &run(TASK));
    let tasks = MAX_TASKS + MAX_TASKS / 2;
    // One task works all the time.
    let requests = (0..tasks).flat_map(|number| {
        let at_work = number.is_multiple_of(200).then(|| xcom("sales_daily", TASK));
        std::iter::once(run(&task(number))).chain(at_work)
    });
    send(&sales, requests.collect(), 200);

    let count = learned(&server);
    assert!(count <= MAX_TASKS as f64, "{count}");
    assert!(count > MAX_TASKS as f64 * 0.8, "{count}");
    let known = |number: u64| code(&ask(&sales, &xcom("sales_daily", &task(number)))) == "allowed";
    assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");
    assert!((tasks - HONEST..tasks).all(known));
    assert!((0..HONEST).any(|number| !known(number)));
    server.assert_unharmed();
}
