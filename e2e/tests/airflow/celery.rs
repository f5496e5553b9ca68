//! CeleryExecutor with a worker for each team, under the policy for teams: the requests that Airflow sends by itself
//! still pass.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use dagward_releases::Release;
use dagward_testbed::airflow::{Awaited, Component, Deployment, Executor, Rest, Setup};
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::business::{self, Business};
use crate::policies;

/// The run of each DAG.
const RUN: &str = "one";

/// The tasks of `sales_waits`, all of which defer.
const WAITS: [&str; 5] = ["delay", "moment", "file", "start_daily", "watch_daily"];

/// The source of a task's log.
const WORKER: &str = "http://airflow-worker-sales:8793/log/";

/// The source of a deferred task's log.
const TRIGGERER: &str = "http://airflow-triggerer:8794/log/";

const LIMIT: Duration = Duration::from_secs(120);

static CELERY: LazyLock<Celery> = LazyLock::new(Celery::run);

/// The results of the run.
struct Celery {
    /// The states in which runs ended, by DAG and run.
    runs: BTreeMap<(&'static str, String), String>,
    /// The return values of tasks of `sales_features`.
    results: BTreeMap<&'static str, Value>,
    /// Logs of tasks of `sales_features`, as the user interface asks for them.
    logs: BTreeMap<&'static str, String>,
    /// Logs of the tasks of `sales_waits`.
    waits: BTreeMap<&'static str, String>,
    /// The tries of the task that was cleared.
    tries: String,
    /// The requests that each component got.
    requests: BTreeMap<Component, Vec<Value>>,
    /// The business service's answer.
    business: Value,
    /// How often a task of `ml_snoops` found which data in its worker's memory.
    snooped: Value,
}

impl Celery {
    fn run() -> Self {
        let business = Business::reserve();
        let deployment = Deployment::start(Setup {
            destinations: vec![business.destination()],
            ..Setup::new(Release::V3_3, Executor::Celery, Some(&policies::two_teams()))
        })
        .unwrap();
        let _business = business.start(deployment.authority(), &business::by_proof());
        let people = deployment.gateway().unwrap();
        let mut logs = BTreeMap::new();

        let awaited = Awaited::new().unwrap();
        let files = json!({"connection_id": "sales_files", "conn_type": "fs"});
        let made = people.post("/api/v2/connections", &files).unwrap();
        assert_eq!(made.status, 201, "{}", made.text());
        for dag in ["sales_features", "sales_waits"] {
            people.trigger(dag, RUN, &awaited.conf()).unwrap();
        }
        people.trigger("ml_train", RUN, &json!({})).unwrap();
        let backward = |secret: String| secret.chars().rev().collect::<String>();
        let secrets = json!({
            "database": backward(deployment.database()),
            "broker": backward(deployment.broker().unwrap()),
        });
        people
            .trigger("ml_snoops", RUN, &json!({"secrets": secrets}))
            .unwrap();
        people
            .trigger("sales_pays", RUN, &json!({"service": business::URL}))
            .unwrap();

        // Airflow's api-server hangs when it is asked for logs again and again.
        wait::until("the triggerer's log", LIMIT, || {
            let logs = deployment.home(Component::Triggerer).join("logs");
            let folder = logs.join(format!(
                "dag_id=sales_features/run_id={RUN}/task_id=wait_for_file"
            ));
            let mut files = fs::read_dir(folder).into_iter().flatten().flatten();
            Ok(files
                .any(|file| file.metadata().is_ok_and(|file| file.len() > 0))
                .then_some(()))
        })
        .unwrap();
        logs.insert(
            "wait_for_file",
            log(&people, "sales_features", "wait_for_file", "1"),
        );
        deployment.sees_end("sales_waits", RUN, "file").unwrap();
        deployment.go_on(RUN, &awaited).unwrap();

        let mut runs = BTreeMap::new();
        for dag in [
            "sales_features",
            "sales_waits",
            "ml_train",
            "ml_snoops",
            "sales_pays",
        ] {
            runs.insert((dag, RUN.to_owned()), people.finished(dag, RUN).unwrap());
        }
        let by_operator = format!("by-{RUN}");
        let state = people.finished("sales_daily", &by_operator).unwrap();
        runs.insert(("sales_daily", by_operator), state);
        let by_asset = wait::until("the run that the asset starts", LIMIT, || {
            let run = deployment
                .query("select run_id from dag_run where dag_id = 'sales_on_orders'")
                .unwrap();
            Ok((!run.is_empty()).then_some(run))
        })
        .unwrap();
        let state = people.finished("sales_on_orders", &by_asset).unwrap();
        runs.insert(("sales_on_orders", by_asset), state);

        let clear = json!({"dry_run": false, "dag_run_id": RUN, "task_ids": ["train"], "only_failed": false});
        let cleared = people
            .post("/api/v2/dags/ml_train/clearTaskInstances", &clear)
            .unwrap();
        assert_eq!(cleared.status, 200, "{}", cleared.text());
        runs.insert(
            ("ml_train", "cleared".to_owned()),
            people.finished("ml_train", RUN).unwrap(),
        );

        logs.insert("flaky", log(&people, "sales_features", "flaky", "2"));
        logs.insert(
            "double",
            log(&people, "sales_features", "double", "1?map_index=1"),
        );
        let waits = WAITS.map(|task| (task, log(&people, "sales_waits", task, "1")));
        let mut results = BTreeMap::new();
        for task in ["total", "flaky", "wait_for_file"] {
            results.insert(task, people.result("sales_features", RUN, task).unwrap());
        }
        let requests = deployment
            .components()
            .map(|component| (component, deployment.requests(component).unwrap()));
        Self {
            runs,
            results,
            logs,
            waits: waits.into(),
            tries: deployment
                .query("select try_number from task_instance where task_id = 'train'")
                .unwrap(),
            requests: requests.collect(),
            business: people.result("sales_pays", RUN, "pay").unwrap(),
            snooped: people.result("ml_snoops", RUN, "snoop").unwrap(),
        }
    }
}

/// A task's log and its source, as one text.
fn log(people: &Rest, dag: &str, task: &str, attempt: &str) -> String {
    let path = format!("/api/v2/dags/{dag}/dagRuns/{RUN}/taskInstances/{task}/logs/{attempt}");
    let answer = people.get(&path).unwrap();
    assert_eq!(answer.status, 200, "{task}: {}", answer.text());
    answer.text()
}

/// The settings are those of the chart's values. Every run succeeds, so a worker needs no database.
#[test]
fn a_worker_knows_the_broker_and_not_the_database() {
    let found = |name: &str| CELERY.snooped[name].as_u64().unwrap();
    assert!(found("broker") > 0, "{}", CELERY.snooped);
    assert_eq!(found("database"), 0, "{}", CELERY.snooped);
}

#[test]
fn every_run_succeeds() {
    assert_eq!(CELERY.runs.len(), 8);
    for (run, state) in &CELERY.runs {
        assert_eq!(state, "success", "{run:?}");
    }
}

#[test]
fn mapped_retried_and_deferred_tasks_give_their_results() {
    assert_eq!(CELERY.results["total"], 12);
    assert_eq!(CELERY.results["flaky"], 2);
    assert_eq!(CELERY.results["wait_for_file"], "found");
}

#[test]
fn airflow_s_own_sensors_and_operators_defer() {
    for task in WAITS {
        let log = &CELERY.waits[task];
        assert!(log.contains("Pausing task as DEFERRED"), "{task}: {log}");
    }
}

#[test]
fn a_cleared_task_runs_again() {
    assert_eq!(CELERY.tries, "2");
}

#[test]
fn people_read_logs_from_the_pod_that_has_them() {
    for (task, place) in [
        ("flaky", WORKER),
        ("double", WORKER),
        ("wait_for_file", TRIGGERER),
    ] {
        let log = &CELERY.logs[task];
        assert!(log.contains(place), "{task}: {log}");
    }
    for component in [Component::Worker("sales"), Component::Triggerer] {
        let requests = &CELERY.requests[&component];
        assert!(!requests.is_empty(), "{component}");
        for request in requests {
            assert_eq!(
                request["peer"],
                "spiffe://cluster.local/ns/airflow/sa/airflow-api-server"
            );
        }
    }
}

#[test]
fn nothing_is_denied() {
    for (component, requests) in &CELERY.requests {
        for request in requests {
            assert_eq!(request["dagward_decision"], "allowed", "{component}: {request}");
            assert_eq!(
                request["response_code_details"], "via_upstream",
                "{component}: {request}"
            );
        }
    }
    for team in ["sales", "ml"] {
        let account = format!("spiffe://cluster.local/ns/airflow/sa/airflow-worker-{team}");
        let server = CELERY.requests[&Component::ApiServer].iter();
        let of_team: Vec<_> = server.filter(|request| request["peer"] == *account).collect();
        assert!(of_team.len() > 10, "{of_team:?}");
        for request in of_team {
            // Airflow reads the results of mapped tasks until there are no more.
            let read_on = request["path"].as_str().unwrap().contains("/item/");
            let code = request["response_code"].as_u64().unwrap();
            assert!(code < 400 || (code == 404 && read_on), "{request}");
        }
    }
}

#[test]
fn a_tasks_word_is_worth_what_the_service_asks_for() {
    for library in ["requests", "httpx", "urllib"] {
        assert_eq!(
            CELERY.business["/claimed"][library], 200,
            "{library}: {}",
            CELERY.business
        );
        assert_eq!(
            CELERY.business["/proven"][library], 403,
            "{library}: {}",
            CELERY.business
        );
    }
}
