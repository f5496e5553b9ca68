//! The task identity that Airflow's answer to `run` teaches, and the binding of a token to a peer.

use std::time::Duration;

use dagward_testbed::client::{Client, Request};
use dagward_testbed::sidecar::{Node, Update};
use dagward_testbed::upstream::{Answer, Received, Upstream};
use dagward_workbench::wait;
use serde_json::json;

use crate::mesh::{API_SERVER, Server, ask};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{
    OTHER_TASK, TASK, airflow, assert_refused_in_answer, code, conf_then_names, names_then_conf, run, teams,
    token, with_token, xcom,
};

on_every_setup!(
    the_answer_to_run_says_whose_task_it_is,
    the_worker_of_another_team_gets_no_task,
    an_answer_that_is_cut_short_leaves_a_token_for_run_alone,
    a_token_belongs_to_whom_airflow_gave_an_answer,
    without_api_servers_nothing_is_learned_on_the_way_out,
    an_answer_of_any_form_is_read_or_refused,
    a_new_policy_knows_what_was_learned
);

const SOON: Duration = Duration::from_secs(60);

fn start(setup: Setup) -> Server {
    Server::before(Upstream::with(airflow).unwrap(), setup, &teams().to_string())
}

fn team(server: &Server, team: &str) -> Client {
    server.peer("airflow", &format!("airflow-worker-{team}"))
}

fn the_answer_to_run_says_whose_task_it_is(setup: Setup) {
    let server = start(setup);
    let sales = team(&server, "sales");
    assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "no_rule_allows");

    let answer = ask(&sales, &run(TASK));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json().unwrap()["dag_run"]["dag_id"], "sales_daily");
    assert_eq!(
        server
            .last()
            .headers
            .iter()
            .find(|(name, _)| name == "accept-encoding"),
        None
    );

    assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");
    assert_eq!(code(&ask(&sales, &xcom("finance_daily", TASK))), "no_rule_allows");
    let heartbeat = with_token(
        "PUT",
        &format!("/execution/task-instances/{TASK}/heartbeat"),
        TASK,
    );
    assert_eq!(code(&ask(&sales, &heartbeat)), "allowed");
    // Another task's own route does not belong to this token.
    let other = with_token(
        "PUT",
        &format!("/execution/task-instances/{OTHER_TASK}/heartbeat"),
        TASK,
    );
    assert_eq!(code(&ask(&sales, &other)), "token_for_another_task");
    assert_eq!(
        code(&ask(&sales, &xcom("sales_daily", OTHER_TASK))),
        "no_rule_allows"
    );
    assert_eq!(
        server
            .sidecar
            .admin()
            .metric("dagward_learned_tasks", &[])
            .unwrap(),
        1.0
    );
    server.assert_unharmed();
}

fn the_worker_of_another_team_gets_no_task(setup: Setup) {
    let server = start(setup);
    let finance = team(&server, "finance");
    let answer = ask(&finance, &run(TASK));
    // The status had already been sent. The body is the refusal, and has no part of Airflow's answer.
    assert_eq!(answer.status, 200);
    let body = answer.json().unwrap();
    assert_eq!(body["detail"]["reason"], "dagward_denied", "{body}");
    assert!(!answer.text().contains("sales_daily"), "{body}");
    // Airflow's headers had already been sent too, with a token that is valid for more than `run`.
    let state = format!("/execution/task-instances/{TASK}/state");
    for request in [xcom("sales_daily", TASK), with_token("PATCH", &state, TASK)] {
        assert_eq!(code(&ask(&finance, &request)), "token_owned_by_another");
    }
    // The task's own worker is not locked out.
    let sales = team(&server, "sales");
    assert_eq!(code(&ask(&sales, &run(TASK))), "allowed");
    assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");

    // The pod's own headers do not help.
    let forged = run(OTHER_TASK)
        .header("x-airflow-dag-id", "finance_daily")
        .header("x-airflow-proof", "pod");
    assert_refused_in_answer(&ask(&finance, &forged), "task_conflict");
    let forged = xcom("finance_daily", OTHER_TASK)
        .header("x-airflow-dag-id", "finance_daily")
        .header("x-airflow-proof", "pod");
    assert_eq!(code(&ask(&finance, &forged)), "token_owned_by_another");
    server.assert_unharmed();
}

/// The next token is in the answer's headers. They arrive before the DAG's name does.
fn an_answer_that_is_cut_short_leaves_a_token_for_run_alone(setup: Setup) {
    let slow = |request: &Received| {
        let mut answer = airflow(request);
        if request.header("x-slow").is_some() {
            answer.body.truncate("{\"dag_run\": {".len());
            answer.ends = false;
        }
        answer
    };
    let server = Server::before(Upstream::with(slow).unwrap(), setup, &teams().to_string());
    let stamped = |request: Request, dag: &str| {
        request
            .header("x-airflow-dag-id", dag)
            .header("x-airflow-proof", "pod")
    };
    for (name, dag, task, then) in [
        ("finance", "finance_daily", TASK, "token_owned_by_another"),
        ("sales", "sales_daily", OTHER_TASK, "allowed"),
    ] {
        let peer = team(&server, name);
        let other = stamped(xcom(dag, task), dag);
        let hasty = peer.clone().within(Duration::from_secs(2));
        assert!(
            hasty
                .send(&stamped(run(task).header("x-slow", "1"), dag))
                .is_err()
        );
        assert_eq!(code(&ask(&peer, &other)), "token_owned_by_another", "{name}");
        // It may ask again, and then the answer decides.
        assert_eq!(ask(&peer, &stamped(run(task), dag)).status, 200, "{name}");
        assert_eq!(code(&ask(&peer, &other)), then, "{name}");
    }
    server.assert_unharmed();
}

fn a_token_belongs_to_whom_airflow_gave_an_answer(setup: Setup) {
    let refuses = |request: &Received| {
        let forged = request.headers.iter().any(|(name, _)| name == "x-forged");
        if forged {
            Answer::json(403, &json!({"detail": "Invalid auth token"}))
        } else {
            airflow(request)
        }
    };
    let server = Server::before(Upstream::with(refuses).unwrap(), setup, &teams().to_string());
    let (sales, second) = (
        team(&server, "sales"),
        server.peer("airflow", "airflow-worker-sales-eu"),
    );
    // An answer in which Airflow refuses neither teaches nor binds.
    assert_eq!(ask(&second, &run(TASK).header("x-forged", "1")).status, 403);
    assert_eq!(
        ask(&sales, &run(TASK)).json().unwrap()["dag_run"]["dag_id"],
        "sales_daily"
    );
    for request in [run(TASK), xcom("sales_daily", TASK), xcom("sales_eu", TASK)] {
        assert_eq!(code(&ask(&second, &request)), "token_owned_by_another");
    }
    assert_eq!(
        code(&ask(&server.plaintext(), &xcom("sales_daily", TASK))),
        "token_owned_by_another"
    );
    assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");
    // Two tokens count as none.
    let two = xcom("sales_daily", TASK).header("authorization", token(OTHER_TASK));
    assert_eq!(code(&ask(&second, &two)), "malformed_authorization");
    server.assert_unharmed();
}

fn without_api_servers_nothing_is_learned_on_the_way_out(setup: Setup) {
    let server = start(setup);
    let node = Node::new("worker", "airflow", "airflow-worker-sales");
    let worker = server.worker(node, &teams());
    let client = worker.app();
    // A server of the task's own could give such an answer, and name any DAG.
    assert_eq!(ask(&client, &run(TASK)).status, 200);
    ask(
        &client,
        &xcom("sales_daily", TASK).header("x-airflow-dag-id", "sales_other"),
    );
    let seen = server.last();
    let header = |name: &str| {
        let mut values = seen.headers.iter().filter(|(other, _)| other == name);
        values
            .next()
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    assert_eq!(header("x-airflow-dag-id").as_deref(), Some("sales_other"));
    assert_eq!(header("x-airflow-proof").as_deref(), Some("claimed"));
    assert!(
        worker
            .sidecar
            .admin()
            .metrics()
            .unwrap()
            .iter()
            .all(|sample| sample.name != "dagward_learned_tasks")
    );
}

fn an_answer_of_any_form_is_read_or_refused(setup: Setup) {
    let form = |request: &Received| {
        let name = |name: &str| request.headers.iter().any(|(other, _)| other == name);
        match () {
            () if name("x-huge") => names_then_conf(2_000_000),
            () if name("x-late") => conf_then_names(100_000),
            () if name("x-empty") => Answer {
                body: Vec::new(),
                ..Answer::json(200, &json!({}))
            },
            () if name("x-rubbish") => Answer {
                body: b"\x1f\x8b\x08".to_vec(),
                ..Answer::json(200, &json!({}))
            },
            () if name("x-trailers") => Answer {
                trailers: vec![("x-checksum".to_owned(), "1".to_owned())],
                ..airflow(request)
            },
            () => airflow(request),
        }
    };
    let server = Server::before(Upstream::with(form).unwrap(), setup, &teams().to_string());
    let sales = team(&server, "sales");
    let mut number = 0;
    let mut answer = |form: &str| {
        number += 1;
        let task = format!("019ab1c2-7d11-7b3f-a3c4-{number:012}");
        (
            ask(&sales, &run(&task).header(form, "1")),
            code(&ask(&sales, &xcom("sales_daily", &task))),
        )
    };
    for (form, learned) in [
        ("x-trailers", true),
        ("x-huge", true),
        ("x-late", false),
        ("x-rubbish", false),
    ] {
        let (response, then) = answer(form);
        assert_eq!(response.status, 200);
        assert_eq!(
            response.text().contains("sales_daily"),
            learned,
            "{form}: {:.200}",
            response.text()
        );
        assert_eq!(
            then,
            if learned {
                "allowed"
            } else {
                "token_owned_by_another"
            },
            "{form}"
        );
        assert!(
            learned || response.text().contains("dagward_denied"),
            "{form}: {:.200}",
            response.text()
        );
    }
    // It has Airflow's headers, and so the next token, but no body that could name the DAG.
    let (response, then) = answer("x-empty");
    assert_eq!((response.status, then.as_str()), (200, "token_owned_by_another"));
    server.assert_unharmed();
}

fn a_new_policy_knows_what_was_learned(setup: Setup) {
    let mut server = start(setup);
    let sales = team(&server, "sales");
    ask(&sales, &run(TASK));
    let mut policy = teams();
    let marker = json!({"name": "marker", "action": "ALLOW", "rules": [{"to": [{"paths": ["/marker"]}]}]});
    policy["policies"].as_array_mut().unwrap().push(marker);
    assert_eq!(server.sidecar.update(&policy.to_string()).unwrap(), Update::Taken);
    wait::until("the update", SOON, || {
        Ok((ask(&sales, &Request::get(API_SERVER, "/marker")).status == 200).then_some(()))
    })
    .unwrap();
    assert_eq!(code(&ask(&sales, &xcom("sales_daily", TASK))), "allowed");
    let finance = team(&server, "finance");
    assert_eq!(
        code(&ask(&finance, &xcom("sales_daily", TASK))),
        "token_owned_by_another"
    );
}
