//! The same settings on Airflow 2.11. Its tasks use the database, so none of the settings adds a request between pods.

use dagward_releases::Release;
use dagward_testbed::airflow::{Component, Deployment, Executor, Setup};
use dagward_workbench::wait;
use serde_json::{Value, json};

use super::{BUCKET, LIMIT, Parts, RUN, stored};
use crate::policies;

/// The number of logs that tasks of `sales_hooks` write at their first try. A mapped task writes two.
const LOGS: usize = 9;

#[test]
fn no_setting_adds_a_request_on_airflow_2() {
    let release = Release::V2_11;
    let parts = Parts::start();
    let mut environment = parts.environment(release);
    // The test asks for results as values.
    environment.push(("AIRFLOW__API__ENABLE_XCOM_DESERIALIZE_SUPPORT", "True".to_owned()));
    let deployment = Deployment::start(Setup {
        destinations: parts.destinations(),
        environment,
        ..Setup::new(release, Executor::Local, Some(&policies::starter()))
    })
    .unwrap();
    let people = deployment.gateway().unwrap();
    parts.connect(&people);
    people.trigger("sales_hooks", RUN, &json!({})).unwrap();
    assert_eq!(people.finished("sales_hooks", RUN).unwrap(), "success");

    // All of them worked. No policy keeps the task from the last one, another team's connection.
    for (task, expected) in [
        ("buckets", BUCKET),
        ("from_backend", "kept.example.com"),
        ("other_database", "ml"),
    ] {
        let result = people.result("sales_hooks", RUN, task).unwrap().to_string();
        assert!(result.contains(expected), "{task}: {result}");
    }
    let objects = stored(&parts.store, LOGS);
    assert!(objects.contains("task_id=delay"), "{objects}");
    let log = people.task_log("sales_hooks", RUN, "work").unwrap();
    assert!(log.contains("s3://logs/all/"), "{log}");
    assert!(log.contains("called back for work"), "{log}");
    let events = parts.lineage.received();
    assert!(events.iter().any(|event| event.path == "/api/v1/lineage"));
    assert!(parts.metric() > 0);

    // The requests between pods: people ask the web server, and that is all.
    for component in deployment.components() {
        let asked = asked(&deployment, component);
        assert!(
            asked.is_empty() != (component == Component::ApiServer),
            "{component}"
        );
        for request in asked {
            assert!(
                request["path"].as_str().unwrap().starts_with("/api/v1/"),
                "{request}"
            );
            assert_eq!(request["dagward_decision"], "allowed", "{request}");
        }
    }
}

/// The requests of peers to a component. The function does not wait for the component's own requests, such as those to
/// the log store.
fn asked(deployment: &Deployment, component: Component) -> Vec<Value> {
    let sidecar = deployment.sidecar(component).unwrap();
    let completed = sidecar.admin().stats("downstream_rq_completed").unwrap();
    let inbound = completed
        .iter()
        .filter(|(name, _)| name.starts_with("http.inbound"));
    let inbound: u64 = inbound.map(|(_, count)| count).sum();
    wait::until("the access log", LIMIT, || {
        let mut asked = sidecar.access_log()?;
        asked.retain(|request| request["listener"] == "inbound");
        Ok((asked.len() as u64 >= inbound).then_some(asked))
    })
    .unwrap()
}
