//! Servers outside the mesh do not learn which task calls.

use dagward_testbed::client::Request;
use dagward_testbed::sidecar::Node;

use crate::mesh::{EXTERNAL, Server, UNKNOWN, allow_all, ask, counted};
use crate::setup::{Setup, on_every_setup};

on_every_setup!(no_task_header_leaves_the_mesh);

fn no_task_header_leaves_the_mesh(setup: Setup) {
    let server = Server::start(setup, &allow_all());
    let tasks = Node::new("etl-0", "airflow", "airflow-worker").annotation("dag_id", "etl");
    let web = Node::new("web-0", "airflow", "airflow-web");
    for node in [tasks, web] {
        let worker = server.worker(node, &allow_all());
        for (host, outside) in [(EXTERNAL, &worker.external), (UNKNOWN, &worker.unknown)] {
            let request = Request::get(host, "/charge")
                .header("x-airflow-dag-id", "etl")
                .header("x_airflow_dag_id", "etl")
                .header("x_airflow-run_id", "r1")
                .header("x-airflow-proof", "pod")
                .header("x-airflow-anything", "else")
                .header("x_airflow_anything", "else")
                .header("x-airflow-", "edge")
                .header("x-airflowish", "stays");
            assert_eq!(ask(&worker.app(), &request).status, 200);
            let received = outside.received().pop().unwrap();
            let names: Vec<String> = received
                .headers
                .iter()
                .map(|(name, _)| name.replace('_', "-"))
                .collect();
            assert!(
                !names.iter().any(|name| name.starts_with("x-airflow-")),
                "{host}: {names:?}"
            );
            assert!(names.contains(&"x-airflowish".to_owned()));
        }
        counted(&worker.sidecar, 2);
    }
}
