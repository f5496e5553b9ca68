//! The same settings on Airflow 2.11. Its tasks use the database, so none of the settings adds a request between pods.

use std::fs;
use std::net::UdpSocket;

use dagward_releases::Release;
use dagward_testbed::airflow::Component;
use dagward_testbed::airflow::Deployment;
use dagward_testbed::airflow::Executor;
use dagward_testbed::airflow::Setup;
use dagward_testbed::s3::S3;
use dagward_testbed::sidecar::Destination;
use dagward_testbed::upstream::Answer;
use dagward_testbed::upstream::Upstream;
use dagward_workbench::paths;
use dagward_workbench::wait;
use serde_json::{Value, json};

use super::{
    BUCKET, LIMIT, LINEAGE, RUN, connect, further, log_store, outside, remote_logs, repository, stored,
};
use crate::policies;

/// The number of logs that tasks of `sales_hooks` write at their first try. A mapped task writes two.
const LOGS: usize = 9;

#[test]
fn no_setting_adds_a_request_on_airflow_2() {
    let release = Release::V2_11;
    let store = S3::start(BUCKET).unwrap();
    let lineage = Upstream::with(|_| Answer::json(200, &json!({}))).unwrap();
    let statsd = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (repository, kept) = (repository(), paths::scratch("kept").unwrap());
    let file = kept.path().join("connections.json");
    fs::write(&file, r#"{"sales_kept": "http://kept.example.com"}"#).unwrap();
    let mut environment = remote_logs(release, &store);
    environment.extend(further(repository.path(), &statsd, &file));
    // The test asks for results as values.
    environment.push(("AIRFLOW__API__ENABLE_XCOM_DESERIALIZE_SUPPORT", "True".to_owned()));
    let deployment = Deployment::start(Setup {
        destinations: vec![
            outside(&store),
            Destination::external(LINEAGE, 80, lineage.address()),
        ],
        environment,
        ..Setup::new(release, Executor::Local, Some(&policies::starter()))
    })
    .unwrap();
    let people = deployment.gateway().unwrap();
    connect(&people, &log_store(&store));
    connect(
        &people,
        &json!({"connection_id": "ml_db", "conn_type": "http", "host": "ml"}),
    );
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
    let objects = stored(&store, LOGS);
    assert!(objects.contains("task_id=delay"), "{objects}");
    let log = people.task_log("sales_hooks", RUN, "work").unwrap();
    assert!(log.contains("s3://logs/all/"), "{log}");
    assert!(log.contains("called back for work"), "{log}");
    let events = lineage.received();
    assert!(events.iter().any(|event| event.path == "/api/v1/lineage"));
    statsd.set_read_timeout(Some(LIMIT)).unwrap();
    assert!(statsd.recv(&mut [0; 1024]).unwrap() > 0);

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
