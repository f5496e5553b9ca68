//! Loss of what the sidecars have learned. Either end of a task's path can lose it: the other end still knows it. If
//! both have lost it, the filter refuses the task until its next try sends `run` again.

use std::time::Instant;

use dagward_testbed::client::Request;

use crate::airflow::{self, API_SERVER, Airflow, Caller, code, heartbeat, run, with_token};
use crate::figures::Figures;
use crate::objects::pod;
use crate::scene::Scene;

const HERE: &str = "forgetting";
const SALES: &str = "airflow-worker-sales";
const TASK: &str = "019ab1c2-7d11-7b3f-a3c4-5d6e7f809112";

fn xcom() -> Request {
    with_token(airflow::xcom("sales_daily"), TASK)
}

/// Repeats the request from `fault` on until the task may send it again, and prints the cost.
fn recover(name: &str, fault: Instant, sales: &Caller, request: &Request) {
    let before = sales.until(request, 200);
    let figures = Figures {
        requests: 1 + before.len() as u64,
        lost: before.len() as u64,
        wrong: 0,
        healed: fault.elapsed(),
    };
    figures.print(name);
    // The filter never took it for another task's.
    assert!(!before.contains(&403), "{before:?}");
}

#[test]
fn a_task_survives_new_pods_and_sidecars() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    scene.apply(&[scene.plugin(HERE)]);
    // A worker as Celery has them: its pod's annotations name no task.
    let mut airflow = Airflow::start(scene, HERE, &[pod(HERE, SALES, SALES)]);
    let sales = airflow.caller(SALES);
    assert_eq!(code(&sales.ask(&xcom())), "token_owner_unknown");
    assert_eq!(sales.ask(&run(TASK)).status, 200);
    assert_eq!(sales.ask(&xcom()).status, 200);

    // Another api-server, which did not see the task start: the worker's sidecar knows the task.
    let path = format!("/api/v1/namespaces/{HERE}/pods/{API_SERVER}");
    scene.cluster.api().remove(&path).unwrap();
    scene.apply(&[pod(HERE, API_SERVER, API_SERVER)]);
    airflow.app = Airflow::serve(&scene.cluster.pod(HERE, API_SERVER).unwrap());
    let name = "the api-server's pod is replaced (from its readiness)";
    recover(name, Instant::now(), &sales, &xcom());

    // Then the worker's sidecar crashes. This api-server did not see the task start. Nothing shows which task the token
    // belongs to until the task sends `run` again.
    assert_eq!(sales.pod.netns.kill("envoy").unwrap(), 1);
    sales.until(&heartbeat(TASK), 403);
    assert_eq!(scene.restarts(HERE, SALES), 1);
    for request in [heartbeat(TASK), xcom()] {
        assert_eq!(code(&sales.ask(&request)), "token_owner_unknown");
    }
    assert_eq!(sales.ask(&run(TASK)).status, 200);
    assert_eq!(sales.ask(&xcom()).status, 200);
}
