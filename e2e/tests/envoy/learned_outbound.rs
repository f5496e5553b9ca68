//! A worker's own sidecar learns from Airflow's answers, and stamps its tasks for every api-server, also for one that
//! has not seen the task before.

use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::sidecar::{Destination, Node, Tls};
use dagward_testbed::upstream::{Answer, Received, Upstream};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, EXTERNAL, Server, Worker, allow_all, ask, assert_unharmed};
use crate::setup::{Setup, on_every_setup};
use crate::tasks::{
    OTHER_TASK, TASK, airflow, assert_refused_in_answer, code, conf_then_names, names_then_conf, run, teams,
    with_token, xcom,
};

on_every_setup!(
    another_api_server_believes_what_the_worker_learned,
    only_an_api_server_teaches,
    what_airflow_refuses_teaches_nothing,
    the_pod_says_which_task_unless_airflow_contradicts,
    an_answer_of_any_form_passes_whole
);

/// An api-server that sees no `run`.
const SECOND: &str = "second-api-server";

/// A service of the mesh that answers like Airflow, and is not Airflow.
const ROGUE: &str = "rogue";

/// A server without a sidecar that answers like Airflow.
const PLAIN: &str = "plain";

/// `{"dag_run": {"dag_id": "sales_daily", "run_id": "r"}}`, compressed.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xabVJIL\x8f/*\xcdS\xb2R\xa8\x06\xb33S\x80L\xa5\xe2\xc4\x9c\xd4\xe2\xf8\x94\xc4\xcc\x9cJ%\x1d\x05%\xa0\x02\xa8D\x91Rm-\x00}\x98\x8d\xb75\x00\x00\x00";

/// Two api-servers and a worker.
struct Scene {
    first: Server,
    second: Server,
    worker: Worker,
}

/// The worker's document: as [`teams`], with the list of api-servers.
fn with_api_servers() -> Value {
    let mut policy = teams();
    policy["apiServers"] = json!(["spiffe://cluster.local/ns/airflow/sa/airflow-api-server"]);
    policy
}

fn node() -> Node {
    Node::new("worker", "airflow", "airflow-worker-sales")
}

impl Scene {
    /// `app` is behind the first api-server, whose sidecar lets everything pass.
    fn new(setup: Setup, app: Upstream, node: Node) -> Self {
        let first = Server::before(app, setup, &allow_all().to_string());
        let second = first.beside(SECOND, Upstream::with(airflow).unwrap(), &teams().to_string());
        let worker = first.worker_toward(vec![second.destination(SECOND)], node, &with_api_servers());
        Self {
            first,
            second,
            worker,
        }
    }

    fn ask(&self, host: &str, request: Request) -> Response {
        ask(&self.worker.app(), &to(host, request))
    }

    /// The code for a request for an XCom of `sales_daily` at the api-server that saw no `run`.
    fn at_second(&self, task: &str) -> String {
        code(&self.ask(SECOND, xcom("sales_daily", task)))
    }

    fn assert_unharmed(&self) {
        self.first.assert_unharmed();
        self.second.assert_unharmed();
        assert_unharmed(&self.worker.sidecar);
    }
}

fn to(host: &str, request: Request) -> Request {
    Request {
        host: host.to_owned(),
        ..request
    }
}

/// The task headers that arrived, without their prefix.
fn stamps(received: &Received) -> Vec<(&str, &str)> {
    let mut stamps: Vec<_> = received
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("x-airflow-")?;
            Some((name, std::str::from_utf8(value).unwrap()))
        })
        .collect();
    stamps.sort_unstable();
    stamps
}

fn another_api_server_believes_what_the_worker_learned(setup: Setup) {
    let scene = Scene::new(setup, Upstream::with(airflow).unwrap(), node());
    assert_eq!(scene.at_second(TASK), "no_rule_allows");
    let answer = scene.ask(API_SERVER, run(TASK));
    assert_eq!(answer.json().unwrap()["dag_run"]["dag_id"], "sales_daily");
    assert_eq!(scene.first.last().header("accept-encoding"), None);

    assert_eq!(scene.at_second(TASK), "allowed");
    let stamped = [
        ("dag-id", "sales_daily"),
        ("proof", "airflow"),
        ("run-id", "manual__1"),
        ("ti-id", TASK),
    ];
    assert_eq!(stamps(&scene.second.last()), stamped);
    // The sidecar replaces the application's own headers.
    let forged = xcom("sales_daily", TASK)
        .header("x-airflow-dag-id", "finance_daily")
        .header("x-airflow-task-id", "load");
    assert_eq!(code(&scene.ask(SECOND, forged)), "allowed");
    assert_eq!(stamps(&scene.second.last()), stamped);
    // Another DAG is not the task's, and another task's token is not this one.
    assert_eq!(
        code(&scene.ask(SECOND, xcom("finance_daily", TASK))),
        "no_rule_allows"
    );
    assert_eq!(scene.at_second(OTHER_TASK), "no_rule_allows");
    // A refreshed token has other bytes, and belongs to the same task.
    let refreshed = Request::get(SECOND, "/execution/xcoms/sales_daily/r/t/k").header(
        "authorization",
        format!(
            "Bearer e30.{}.bmV3",
            crate::tasks::claims(&json!({"exp": 2, "sub": TASK}))
        ),
    );
    assert_eq!(code(&ask(&scene.worker.app(), &refreshed)), "allowed");

    // Only Airflow verifies the token, so only Airflow gets the facts about it.
    scene.ask(API_SERVER, with_token("GET", "/v1/payments", TASK));
    assert_eq!(stamps(&scene.first.last()), []);
    scene.ask(EXTERNAL, xcom("sales_daily", TASK));
    assert_eq!(stamps(scene.worker.external.received().last().unwrap()), []);

    let admin = scene.worker.sidecar.admin();
    assert_eq!(admin.metric("dagward_learned_tasks", &[]).unwrap(), 1.0);
    scene.assert_unharmed();
}

fn only_an_api_server_teaches(setup: Setup) {
    let first = Server::before(Upstream::with(airflow).unwrap(), setup, &allow_all().to_string());
    let second = first.beside(SECOND, Upstream::with(airflow).unwrap(), &teams().to_string());
    let rogue = first.beside(ROGUE, Upstream::with(airflow).unwrap(), &allow_all().to_string());
    let plain = Upstream::with(airflow).unwrap();
    let destinations = vec![
        second.destination(SECOND),
        rogue.destination(ROGUE),
        Destination {
            tls: Tls::Plain,
            ..Destination::mesh(PLAIN, "airflow", 8080, plain.address())
        },
    ];
    let worker = first.worker_toward(destinations, node(), &with_api_servers());
    let scene = Scene {
        first,
        second,
        worker,
    };
    for host in [ROGUE, PLAIN, EXTERNAL] {
        assert_eq!(scene.ask(host, run(TASK)).status, 200, "{host}");
        assert_eq!(scene.at_second(TASK), "no_rule_allows", "{host}");
    }
    assert_eq!((rogue.app.counts().completed, plain.counts().completed), (1, 1));
    // A server in the worker's own pod does not teach it either, when another pod asks it.
    let friend = scene
        .first
        .authority
        .service_account("airflow", "airflow-worker-sales")
        .unwrap();
    let friend = Client::mtls(scene.worker.sidecar.inbound().unwrap(), &friend).unwrap();
    assert_eq!(code(&ask(&friend, &run(TASK))), "no_rule_allows");
    assert_eq!(scene.at_second(TASK), "no_rule_allows");
    // Airflow itself does.
    scene.ask(API_SERVER, run(TASK));
    assert_eq!(scene.at_second(TASK), "allowed");
    scene.assert_unharmed();
}

fn what_airflow_refuses_teaches_nothing(setup: Setup) {
    let app = Upstream::with(|request| {
        let answer = airflow(request);
        match request.header("x-form").unwrap_or_default() {
            "denial" => Answer::json(
                200,
                &json!({"detail": {"reason": "dagward_denied", "message": "m"}}),
            ),
            status => Answer {
                status: status.parse().unwrap_or(200),
                ..answer
            },
        }
    });
    let scene = Scene::new(setup, app.unwrap(), node());
    for form in ["302", "403", "409", "422", "500", "denial"] {
        scene.ask(API_SERVER, run(TASK).header("x-form", form));
        assert_eq!(scene.at_second(TASK), "no_rule_allows", "{form}");
    }
    // Another task's `run` does not match this token.
    let other = with_token(
        "PATCH",
        &format!("/execution/task-instances/{OTHER_TASK}/run"),
        TASK,
    );
    assert_eq!(code(&scene.ask(API_SERVER, other)), "token_for_another_task");
    for task in [TASK, OTHER_TASK] {
        assert_eq!(scene.at_second(task), "no_rule_allows");
    }
    scene.assert_unharmed();
}

fn the_pod_says_which_task_unless_airflow_contradicts(setup: Setup) {
    let pod = |dag: &str| {
        node()
            .annotation("dag_id", dag)
            .annotation("task_id", "load")
            .annotation("map_index", "3")
            .annotation("try_number", "2")
    };
    let scene = Scene::new(setup, Upstream::with(airflow).unwrap(), pod("sales_daily"));
    scene.ask(API_SERVER, run(TASK));
    assert_eq!(scene.at_second(TASK), "allowed");
    let expected = [
        ("dag-id", "sales_daily"),
        ("map-index", "3"),
        ("proof", "airflow"),
        ("run-id", "manual__1"),
        ("task-id", "load"),
        ("ti-id", TASK),
        ("try-number", "2"),
    ];
    assert_eq!(stamps(&scene.second.last()), expected);

    // The sidecar forwards a conflict unchanged. The server's sidecar, which knows both sides, refuses.
    let scene = Scene::new(setup, Upstream::with(airflow).unwrap(), pod("sales_other"));
    scene.ask(API_SERVER, run(TASK));
    scene.ask(API_SERVER, xcom("sales_daily", TASK));
    assert_refused_in_answer(&scene.ask(SECOND, run(TASK)), "task_conflict");
    assert_eq!(scene.at_second(TASK), "token_owned_by_another");
    scene.assert_unharmed();
}

fn an_answer_of_any_form_passes_whole(setup: Setup) {
    let app = Upstream::in_pieces(50, |request| {
        match request.header("x-form").unwrap_or_default() {
            "huge" => names_then_conf(700_000),
            "late" => conf_then_names(100_000),
            // A server that always compresses, even if the client did not accept it.
            "gzip" => Answer {
                headers: vec![("content-encoding".to_owned(), "gzip".to_owned())],
                body: GZIP.to_vec(),
                ..airflow(request)
            },
            "empty" => Answer {
                body: Vec::new(),
                ..airflow(request)
            },
            "trailers" => Answer {
                trailers: vec![("x-checksum".to_owned(), "1".to_owned())],
                ..airflow(request)
            },
            _ => airflow(request),
        }
    });
    let mut policy = allow_all();
    // So that this sidecar does not hold back or replace the body that the worker's sidecar must read.
    policy["mode"] = json!("observe");
    let first = Server::before(app.unwrap(), setup, &policy.to_string());
    let second = first.beside(SECOND, Upstream::with(airflow).unwrap(), &teams().to_string());
    let worker = first.worker_toward(vec![second.destination(SECOND)], node(), &with_api_servers());
    let scene = Scene {
        first,
        second,
        worker,
    };
    for (number, (form, size, learned)) in (0..).zip([
        ("plain", 81, true),
        ("trailers", 81, true),
        ("huge", 700_065, true),
        ("late", 100_065, false),
        ("gzip", GZIP.len(), false),
        ("empty", 0, false),
    ]) {
        let task = format!("019ab1c2-7d11-7b3f-a3c4-{number:012}");
        let answer = scene.ask(API_SERVER, run(&task).header("x-form", form));
        assert_eq!((answer.status, answer.body.len()), (200, size), "{form}");
        let expected = if learned { "allowed" } else { "no_rule_allows" };
        assert_eq!(scene.at_second(&task), expected, "{form}");
    }
    scene.assert_unharmed();
}
