//! A pod for each task, as with KubernetesExecutor: the attacks of a task of team ml with tokens of team sales, on one
//! Airflow, first without the filter and then with it and the shipped policy. Meanwhile sales' tasks continue.

use std::sync::LazyLock;
use std::time::Duration;

use dagward_testbed::airflow::theft::{Hand, Leak, Theft};
use dagward_testbed::airflow::{Airflow, Mesh, Pod, Rest};
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::sidecar::Plugin;
use dagward_workbench::{paths, wait};
use serde_json::{Value, json};

use crate::policies;

const SERVER: &str = "airflow-api-server:8080";

const SALES: &str = "spiffe://cluster.local/ns/airflow/sa/airflow-worker-sales";

/// The time within which a task must start on a busy machine.
const STARTED: Duration = Duration::from_secs(240);

static DEMO: LazyLock<[Phase; 2]> = LazyLock::new(|| {
    let airflow = Airflow::start().unwrap();
    let rest = airflow.rest().unwrap();
    let variable = json!({"key": "sales_key", "value": "goldfish"});
    assert_eq!(rest.post("/api/v2/variables", &variable).unwrap().status, 201);
    [("open", None), ("guarded", Some(policies::two_teams()))]
        .map(|(run, plugin)| Phase::run(&airflow, &rest, run, plugin.as_ref()))
});

/// The results of one phase.
struct Phase {
    outcomes: Vec<(Theft, Response)>,
    /// The states in which sales' runs ended.
    runs: [String; 2],
    /// The log lines of the api-server's sidecar for sales' pods.
    requests: Vec<Value>,
}

impl Phase {
    fn run(airflow: &Airflow, rest: &Rest, run: &str, plugin: Option<&Plugin>) -> Self {
        let thief = Pod::new("ml", "ml_leaky", run, "leak");
        let pods = [
            thief.clone(),
            Pod::new("sales", "sales_leaky", run, "leak"),
            Pod::new("sales", "sales_daily", run, "extract"),
            Pod::new("sales", "sales_daily", run, "load"),
        ];
        let mesh = Mesh::start(airflow, &pods, plugin).unwrap();
        let files = paths::scratch("stolen").unwrap();
        let file = |name: &str| files.path().join(name);
        let leaky = ["sales_leaky", "ml_leaky"];
        for dag in leaky {
            rest.trigger(dag, run, &json!({"leak_to": file(dag), "until": file("until")}))
                .unwrap();
        }
        for dag in leaky {
            wait::until("a task's token", STARTED, || Ok(file(dag).exists().then_some(()))).unwrap();
        }
        // A task that has not begun, so that a forged token would be the first that a proxy sees.
        pause(rest, true);
        rest.trigger("sales_daily", run, &json!({})).unwrap();

        let [victim, own] = leaky.map(|dag| Leak {
            task: task_instance(rest, dag, run, "leak"),
            token: file(dag),
        });
        let hand = Hand::of(
            &victim,
            &own,
            &task_instance(rest, "sales_daily", run, "extract"),
            ["sales_key", "goldfish"],
            airflow.jwt_secret(),
        )
        .unwrap();
        let client = Client::plain(mesh.sidecar(&thief).unwrap().outbound().unwrap());
        let outcomes = hand.thefts().into_iter().map(|theft| {
            let answer = client.send(&theft.request).unwrap();
            (theft, answer)
        });
        let outcomes = outcomes.collect();
        std::fs::write(file("until"), "").unwrap();
        pause(rest, false);
        let runs = ["sales_leaky", "sales_daily"].map(|dag| rest.finished(dag, run).unwrap());
        let mut requests = mesh.server().access_log().unwrap();
        requests.retain(|request| request["peer"] == SALES);
        Self {
            outcomes,
            runs,
            requests,
        }
    }
}

fn pause(rest: &Rest, paused: bool) {
    let request = Request::new("PATCH", SERVER, "/api/v2/dags/sales_daily")
        .header("content-type", "application/json")
        .body(json!({"is_paused": paused}).to_string());
    assert_eq!(rest.send(request).unwrap().status, 200);
}

/// The id of a run's task. It is the subject of the task's tokens.
fn task_instance(rest: &Rest, dag: &str, run: &str, task: &str) -> String {
    let path = format!("/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}");
    let answer = rest.get(&path).unwrap().json().unwrap();
    answer["id"].as_str().unwrap().to_owned()
}

#[test]
fn airflow_alone_gives_the_thief_all_of_it() {
    let [open, _] = &*DEMO;
    for (theft, answer) in &open.outcomes {
        theft.succeeded(answer).unwrap();
    }
}

#[test]
fn with_the_filter_the_thief_gets_none_of_it() {
    let [_, guarded] = &*DEMO;
    for (theft, answer) in &guarded.outcomes {
        theft.failed(answer).unwrap();
    }
}

#[test]
fn the_tasks_that_it_steals_from_notice_nothing() {
    for phase in &*DEMO {
        assert_eq!(phase.runs, ["success", "success"]);
    }
    let [_, guarded] = &*DEMO;
    assert!(guarded.requests.len() > 8, "{:#?}", guarded.requests);
    for request in &guarded.requests {
        assert_eq!(request["dagward_decision"], "allowed", "{request}");
    }
}
