//! Airflow's own teams: the answer to `run` names the team of a DAG, to the api-server's sidecar and to the worker's. All
//! workers share one service account. There are two api-servers, and only the first sees tasks start.

use dagward_testbed::client::{Request, Response};
use dagward_testbed::sidecar::Node;
use dagward_testbed::upstream::{Answer, Received, Upstream};
use serde_json::{Value, json};

use crate::mesh::{API_SERVER, Server, Worker, ask, assert_unharmed, enforce};
use crate::setup::Setup;
use crate::tasks::{airflow, assert_refused_in_answer, claims, code};

/// An api-server that sees no `run`.
const SECOND: &str = "second-api-server";

const UNKNOWN: &str = "no_rule_allows";

/// The DAGs with their tasks and teams, and the length of their runs' `conf`.
const DAGS: [(&str, &str, Option<&str>, usize); 6] = [
    (
        "orders",
        "019ab1c2-7d11-7b3f-a3c4-000000000001",
        Some("sales"),
        10,
    ),
    (
        "crm",
        "019ab1c2-7d11-7b3f-a3c4-000000000002",
        Some("sales"),
        40_000,
    ),
    (
        "churn",
        "019ab1c2-7d11-7b3f-a3c4-000000000003",
        Some("science"),
        10,
    ),
    ("cleanup", "019ab1c2-7d11-7b3f-a3c4-000000000004", None, 10),
    // Behind the bytes that the filter reads.
    (
        "bulky",
        "019ab1c2-7d11-7b3f-a3c4-000000000005",
        Some("sales"),
        70_000,
    ),
    (
        "unnamed",
        "019ab1c2-7d11-7b3f-a3c4-000000000006",
        Some("sales"),
        10,
    ),
];

struct Scene {
    first: Server,
    second: Server,
    worker: Worker,
}

fn policy() -> Value {
    let mut policy = enforce(&json!([{"name": "teams", "action": "ALLOW", "rules": [
        {
            "from": [{"serviceAccounts": ["airflow/airflow-worker"], "teams": ["{team}"], "proof": ["airflow"]}],
            "to": [{"teams": ["{team}"]}],
        },
        {
            "from": [{"serviceAccounts": ["airflow/airflow-worker"], "notTeams": ["*"], "proof": ["airflow"]}],
            "to": [{"notTeams": ["*"]}],
        },
    ]}]));
    policy["apiServers"] = json!(["spiffe://cluster.local/ns/airflow/sa/airflow-api-server"]);
    policy
}

/// Airflow's answer to `run`, with its fields in Airflow's order. `unnamed` is asked for in an older version of the API.
fn app(request: &Received) -> Answer {
    let mut segments = request.path.split('/').skip(3);
    let (task, verb) = (segments.next(), segments.next());
    let dag = DAGS.into_iter().find(|(_, id, ..)| Some(*id) == task);
    let Some((dag, _, team, conf)) = dag.filter(|_| verb == Some("run")) else {
        return airflow(request);
    };
    let mut body = format!(
        r#"{{"dag_run":{{"dag_id":"{dag}","run_id":"r","conf":{{"team_name":"{}"}},"note":null,"team_name":{}}},"max_tries":0}}"#,
        "x".repeat(conf),
        json!(team),
    );
    if dag == "unnamed" {
        body = body.replace(r#","team_name":"sales"}"#, "}");
    }
    Answer {
        body: body.into_bytes(),
        ..Answer::json(200, &json!({}))
    }
}

impl Scene {
    fn new() -> Self {
        let policy = policy();
        let first = Server::before(Upstream::with(app).unwrap(), Setup::DEFAULT, &policy.to_string());
        let second = first.beside(API_SERVER, Upstream::with(app).unwrap(), &policy.to_string());
        let node = Node::new("worker", "airflow", "airflow-worker");
        Self {
            worker: first.worker_toward(vec![second.destination(SECOND)], node, &policy),
            second,
            first,
        }
    }

    /// The request of a task of `dag` at `host`.
    fn ask(&self, host: &str, dag: &str, method: &str, path: &str) -> Response {
        let token = format!("Bearer e30.{}.c2ln", claims(&json!({"sub": task(dag)})));
        let request = Request::new(method, host, path)
            .header("authorization", token)
            // The application must not name its team.
            .header("x-airflow-team", "science");
        ask(&self.worker.app(), &request)
    }

    fn run(&self, dag: &str) -> Response {
        self.ask(
            API_SERVER,
            dag,
            "PATCH",
            &format!("/execution/task-instances/{}/run", task(dag)),
        )
    }

    /// The code for a task of `dag` that asks about the runs of `other`.
    fn reads(&self, host: &str, dag: &str, other: &str) -> String {
        code(&self.ask(host, dag, "GET", &format!("/execution/dag-runs/{other}/r/state")))
    }

    fn assert_unharmed(&self) {
        self.first.assert_unharmed();
        self.second.assert_unharmed();
        assert_unharmed(&self.worker.sidecar);
    }
}

fn task(dag: &str) -> &'static str {
    DAGS.iter().find(|(known, ..)| *known == dag).unwrap().1
}

fn stamped_team(received: &Received) -> Option<&str> {
    received.header("x-airflow-team")
}

#[test]
fn a_dag_is_of_the_team_that_airflow_s_answer_names() {
    let scene = Scene::new();
    for dag in ["orders", "churn", "cleanup"] {
        let answer = scene.run(dag);
        assert_eq!(
            answer.json().unwrap()["dag_run"]["dag_id"],
            dag,
            "{}",
            answer.text()
        );
    }
    for (dag, other, decided) in [
        ("orders", "orders", "allowed"),
        ("orders", "churn", UNKNOWN),
        ("orders", "cleanup", UNKNOWN),
        ("churn", "churn", "allowed"),
        ("churn", "orders", UNKNOWN),
        ("cleanup", "cleanup", "allowed"),
        ("cleanup", "orders", UNKNOWN),
        // Its team is not known yet.
        ("orders", "crm", UNKNOWN),
        ("cleanup", "crm", UNKNOWN),
    ] {
        assert_eq!(scene.reads(API_SERVER, dag, other), decided, "{dag} {other}");
    }
    // The filter holds an answer until it has named the team.
    let answer = scene.run("crm");
    assert_eq!(answer.json().unwrap()["dag_run"]["team_name"], "sales");
    for (dag, other, decided) in [
        ("orders", "crm", "allowed"),
        ("crm", "orders", "allowed"),
        ("churn", "crm", UNKNOWN),
        ("cleanup", "crm", UNKNOWN),
    ] {
        assert_eq!(scene.reads(API_SERVER, dag, other), decided, "{dag} {other}");
    }

    // The worker's sidecar has learned the same. The teams of other DAGs are known where their tasks started.
    for (dag, stamp) in [("orders", "sales"), ("churn", "science"), ("cleanup", "~")] {
        assert_eq!(scene.reads(SECOND, dag, dag), "allowed", "{dag}");
        assert_eq!(stamped_team(&scene.second.last()), Some(stamp));
    }
    assert_eq!(scene.reads(SECOND, "orders", "crm"), UNKNOWN);
    scene.assert_unharmed();
}

#[test]
fn a_team_that_no_answer_names_lets_nothing_pass() {
    let scene = Scene::new();
    assert_eq!(scene.run("orders").status, 200);
    for dag in ["bulky", "unnamed"] {
        assert_refused_in_answer(&scene.run(dag), UNKNOWN);
        assert_eq!(scene.reads(API_SERVER, "orders", dag), UNKNOWN, "{dag}");
        for other in [dag, "cleanup", "orders"] {
            assert_ne!(scene.reads(API_SERVER, dag, other), "allowed", "{dag} {other}");
        }
    }
    scene.assert_unharmed();
}

/// A peer's own headers name a team only if it is a stamper; with the account of the workers in another namespace it is
/// none.
#[test]
fn only_a_stamper_names_a_team() {
    let scene = Scene::new();
    assert_eq!(scene.run("orders").status, 200);
    let said = |account: (&str, &str), team: &str| {
        let token = format!("Bearer e30.{}.c2ln", claims(&json!({"sub": task("orders")})));
        let request = Request::get(API_SERVER, "/execution/dag-runs/churn/r/state")
            .header("authorization", token)
            .header("x-airflow-dag-id", "churn")
            .header("x-airflow-ti-id", task("orders"))
            .header("x-airflow-team", team)
            .header("x-airflow-proof", "airflow");
        code(&ask(&scene.second.peer(account.0, account.1), &request))
    };
    assert_eq!(said(("airflow", "airflow-worker"), "science"), "allowed");
    assert_ne!(said(("elsewhere", "airflow-worker"), "science"), "allowed");
    assert_eq!(
        said(("airflow", "airflow-worker"), "not a team"),
        "malformed_task_headers"
    );
    scene.assert_unharmed();
}
