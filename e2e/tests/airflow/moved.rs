//! A header that makes gunicorn serve another path than the request's, on Airflow 2.11.

use dagward_build as module;
use dagward_releases::Release;
use dagward_testbed::airflow::{Component, Deployment, Executor, Setup};
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::sidecar::Plugin;
use serde_json::json;

/// Allows all but team sales' data.
const POLICY: &str = r#"{"apiVersion":"dagward/v1","policies":[
    {"name":"everything","action":"ALLOW","rules":[{"to":[{"paths":["*"]}]}]},
    {"name":"sales","action":"DENY","rules":[{"to":[{"dags":["sales_*"]}]}]}]}"#;

const DAG: &str = "/api/v1/dags/sales_daily";

const LOG: &str = "/log/dag_id=sales_daily/run_id=r/task_id=load/attempt=1.log";

fn moved(client: &Client, path: &str, name: &str) -> Response {
    let request = Request::get("airflow-webserver:8080", &format!("/x{path}")).header(name, "/x");
    client.send(&request).unwrap()
}

#[test]
fn no_header_moves_a_path_past_the_policy() {
    let setup = Setup::new(Release::V2_11, Executor::Local, None);
    let mut deployment = Deployment::start(setup).unwrap();
    let people = deployment.gateway().unwrap();
    people.trigger("sales_daily", "moved", &json!({})).unwrap();
    let clients = |deployment: &Deployment| {
        let agent = deployment.authority().service_account("ai-agents", "assistant");
        let agent = agent.unwrap();
        [Component::ApiServer, Component::Scheduler]
            .map(|component| deployment.client_as(&agent, component).unwrap())
    };

    let [webserver, logs] = clients(&deployment);
    let dag = moved(&webserver, DAG, "SCRIPT_NAME");
    assert_eq!(dag.status, 200, "{}", dag.text());
    assert!(dag.text().contains("sales_daily"), "{}", dag.text());
    // The log server's own route, which requires a token.
    assert_eq!(moved(&logs, LOG, "script_name").status, 403);
    // gunicorn and Flask ignore the other headers that some servers read as a path.
    for name in [
        "script-name",
        "path_info",
        "x-script-name",
        "x-forwarded-prefix",
        "x-original-url",
    ] {
        assert_eq!(moved(&webserver, DAG, name).status, 404, "{name}");
    }
    let method = Request::get("airflow-webserver:8080", DAG).header("x-http-method-override", "BREW");
    assert_eq!(webserver.send(&method).unwrap().status, 200);

    let module = module::build().unwrap();
    deployment
        .exchange(Some(&Plugin::new(&module.path, POLICY)))
        .unwrap();
    let [webserver, logs] = clients(&deployment);
    for name in ["SCRIPT_NAME", "script_name", "PATH_INFO"] {
        for (client, path) in [(&webserver, DAG), (&logs, LOG)] {
            let refused = moved(client, path, name);
            assert_eq!(refused.status, 403, "{name}: {}", refused.text());
            assert!(
                refused.text().contains("malformed_path"),
                "{name}: {}",
                refused.text()
            );
        }
    }
    assert_eq!(moved(&webserver, DAG, "x-forwarded-prefix").status, 404);
}
