//! A mesh without its registry, and without its control plane. The test has its own cluster, because it stops both.

use std::time::{Duration, Instant};

use dagward_workbench::wait;
use serde_json::json;

use crate::airflow::{API_SERVER, Airflow, Caller, health, xcom};
use crate::figures::Figures;
use crate::objects::{of_task, pod, service};
use crate::scene::Scene;

const HERE: &str = "airflow";
const SALES: &str = "airflow-worker-sales";

/// The number of times that both requests are sent during an outage.
const ROUNDS: u64 = 50;

/// Sends an allowed request and a refused one.
fn ask(sales: &Caller) -> Figures {
    let mut figures = Figures {
        requests: 2 * ROUNDS,
        ..Figures::default()
    };
    for _ in 0..ROUNDS {
        figures.lost += u64::from(sales.ask(&xcom("sales_daily")).status != 200);
        figures.wrong += u64::from(sales.ask(&xcom("ml_train")).status != 403);
    }
    figures
}

#[test]
fn what_runs_goes_on_and_what_starts_is_refused() {
    let mut scene = Scene::own();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    scene.cluster.registry().stop();
    scene.apply(&[
        scene.plugin(HERE),
        service(HERE, API_SERVER, "http", 8080),
        pod(HERE, API_SERVER, API_SERVER),
        of_task(pod(HERE, SALES, SALES), "sales_daily", "load"),
    ]);
    heal(&mut scene);
    let airflow = Airflow::start(&scene, HERE, &[]);
    let sales = airflow.caller(SALES);
    assert_eq!(sales.ask(&xcom("ml_train")).status, 403);
    let Airflow { app, .. } = airflow;

    scene.cluster.registry().stop();
    let figures = ask(&sales);
    figures.print("the registry is down later");
    assert_eq!((figures.lost, figures.wrong), (0, 0));
    scene.cluster.registry().resume().unwrap();

    scene.cluster.istiod().stop();
    let figures = ask(&sales);
    figures.print("istiod is down");
    assert_eq!((figures.lost, figures.wrong), (0, 0));
    scene.cluster.istiod().resume().unwrap();
    // A later change takes effect.
    let mut open = scene.plugin(HERE);
    open["spec"]["pluginConfig"]["mode"] = json!("observe");
    scene.apply(&[open]);
    sales.until(&xcom("ml_train"), 200);
    assert!(app.counts().completed >= 2 * ROUNDS);
}

/// Without the module a sidecar's agent installs a filter that refuses everything, even requests that every caller may
/// send.
fn heal(scene: &mut Scene) {
    let airflow = Airflow::start(scene, HERE, &[]);
    let sales = airflow.caller_at_once(HERE, SALES);
    let before = sales.until(&health(), 403);
    assert!(!before.contains(&200), "{before:?}");
    assert_eq!(sales.ask(&health()).text(), "RBAC: access denied");
    assert_eq!(airflow.app.counts().started, 0);
    drop(airflow);

    // The return of the registry is not enough: the agent does not try again by itself.
    scene.cluster.registry().resume().unwrap();
    let patience = Duration::from_secs(5);
    let alone = wait::until("nothing", patience, || {
        Ok(sales.tries(&health()).filter(|answer| answer.status != 403))
    });
    println!(
        "with the registry back, {} s later: {}",
        patience.as_secs(),
        if alone.is_ok() { "healed" } else { "refused" }
    );
    // istiod sends the plugin again when its spec changes, or when one of Istio's annotations is added to it.
    let start = Instant::now();
    let airflow = Airflow::start(scene, HERE, &[]);
    let mut plugin = scene.plugin(HERE);
    plugin["metadata"]["annotations"] = json!({"istio.io/again": "1"});
    scene.apply(&[plugin]);
    let before = sales.until(&health(), 200);
    let figures = Figures {
        requests: 1 + before.len() as u64,
        lost: before.len() as u64,
        wrong: 0,
        healed: start.elapsed(),
    };
    figures.print("the registry is down at the first fetch, and the plugin is annotated when it is back");
    assert!(airflow.app.counts().completed > 0);
}
