//! A policy that changes while requests pass, and one that does not load.

use std::thread;
use std::time::Instant;

use dagward_testbed::load::{Load, Stop};
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::airflow::{API_SERVER, Airflow, Caller, SOON, metrics, xcom};
use crate::figures::Figures;
use crate::objects::{of_task, pod};
use crate::scene::Scene;

const HERE: &str = "updates";
const SALES: &str = "airflow-worker-sales";

/// The number of changes of the policy under load.
const CHANGES: u32 = 20;

/// The shipped plugin, with or without a rule for the DAG `ml_train`.
fn plugin(scene: &Scene, guest: bool) -> Value {
    let mut plugin = scene.plugin(HERE);
    if guest {
        let rule = json!({
            "from": [{"dags": ["sales_daily"], "proof": ["pod"]}],
            "to": [{"dags": ["ml_train"], "actions": ["xcom:read"]}],
        });
        let policies = plugin["spec"]["pluginConfig"]["policies"].as_array_mut().unwrap();
        policies.push(json!({"name": "a-guest", "action": "ALLOW", "rules": [rule]}));
    }
    plugin
}

/// Whether the api-server's sidecar shows this status of the filter's configuration.
fn status(airflow: &Airflow<'_>, status: &str) -> bool {
    let found = metrics(&airflow.server).metric("dagward_config_info", &[("status", status)]);
    found.unwrap() == 1.0
}

#[test]
fn a_policy_changes_under_load() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    scene.apply(&[plugin(scene, false)]);
    let worker = of_task(pod(HERE, SALES, SALES), "sales_daily", "load");
    let airflow = Airflow::measured(scene, HERE, &[worker]);
    let sales = airflow.caller(SALES);

    changes(&airflow, &sales);
    refused_update(&airflow, &sales);
}

/// Changes the policy back and forth. A request that both versions decide alike must get that decision all the time.
fn changes(airflow: &Airflow<'_>, sales: &Caller) {
    // Both versions allow the first request and refuse the second.
    let load = Load {
        requests: ["sales_daily", "finance_daily"]
            .map(|dag| sales.addressed(&xcom(dag)))
            .into(),
        rate: Some(100.0),
        ..Load::new(&sales.client, xcom("sales_daily"), 4, 6_000)
    };
    let stop = Stop::default();
    let (report, slowest) = thread::scope(|scope| {
        let load = scope.spawn(|| load.run_until(&stop).unwrap());
        let times = (1..=CHANGES).map(|number| {
            let guest = number % 2 == 1;
            airflow.scene.apply(&[plugin(airflow.scene, guest)]);
            let start = Instant::now();
            sales.until(&xcom("ml_train"), if guest { 200 } else { 403 });
            start.elapsed()
        });
        let slowest = times.max().unwrap();
        stop.stop();
        (load.join().unwrap(), slowest)
    });
    let with = |request, status| {
        report
            .statuses
            .get(&(request, status))
            .copied()
            .unwrap_or_default()
    };
    let of = |request| {
        report
            .statuses
            .iter()
            .filter(move |((found, _), _)| *found == request)
            .map(|(_, count)| count)
            .sum::<u64>()
    };
    let figures = Figures {
        requests: report.count() + report.errors,
        lost: of(0) - with(0, 200) + of(1) - with(1, 403) - with(1, 200) + report.errors,
        wrong: with(1, 200),
        healed: slowest,
    };
    figures.print("the policy changes 20 times under load (the slowest)");
    assert!(report.count() > 200, "{report:?}");
    assert_eq!((figures.lost, figures.wrong), (0, 0), "{report:?}");
}

/// A policy whose mistake the API server cannot see.
fn refused_update(airflow: &Airflow<'_>, sales: &Caller) {
    let mut bad = airflow.scene.plugin(HERE);
    bad["spec"]["pluginConfig"]["policies"][0]["action"] = json!("PERMIT");
    assert!(status(airflow, "current"));
    airflow.scene.apply(&[bad]);
    let start = Instant::now();
    wait::until("the refusal", SOON, || {
        Ok(status(airflow, "update_refused").then_some(()))
    })
    .unwrap();
    let seen = start.elapsed();
    let [mut lost, mut wrong] = [0, 0];
    for _ in 0..50 {
        lost += u64::from(sales.ask(&xcom("sales_daily")).status != 200);
        wrong += u64::from(sales.ask(&xcom("ml_train")).status != 403);
    }
    assert!(airflow.log(API_SERVER).contains("PERMIT"));
    airflow.scene.apply(&[plugin(airflow.scene, true)]);
    sales.until(&xcom("ml_train"), 200);
    assert!(status(airflow, "current") && !status(airflow, "update_refused"));
    let figures = Figures {
        requests: 100,
        lost,
        wrong,
        healed: seen,
    };
    figures.print("a policy that cannot be used (healed: until the status says so)");
    assert_eq!((lost, wrong), (0, 0));
}
