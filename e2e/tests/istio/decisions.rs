//! The decision, the headers that the app gets, and the traces for the operator: metrics, access log, reason.

use dagward_workbench::wait;
use serde_json::Value;

use crate::airflow::{API_SERVER, Airflow, SOON, metrics, xcom};
use crate::objects::{of_task, pod};
use crate::scene::Scene;

const HERE: &str = "decisions";
const SALES: &str = "airflow-worker-sales";

#[test]
fn a_decision_can_be_read_in_metrics_and_logs() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[API_SERVER, SALES]);
    scene.apply(&[scene.plugin(HERE)]);
    let worker = of_task(pod(HERE, SALES, SALES), "sales_daily", "load");
    let airflow = Airflow::measured(scene, HERE, &[worker]);
    let sales = airflow.caller(SALES);

    let allowed =
        sales.ask(&xcom("sales_daily").header("x-request-id", "5e7e7054-9a7a-4ac3-b300-d9b2a3c5c775"));
    assert_eq!(allowed.status, 200);
    let forged = xcom("ml_train").header("x-airflow-dag-id", "ml_train");
    let denied = sales.ask(&forged);
    assert_eq!(denied.status, 403);

    // The worker's sidecar stamped these from the pod's annotations.
    let received = airflow.app.received();
    assert_eq!(received.len(), 1);
    for (header, value) in [
        ("x-airflow-dag-id", "sales_daily"),
        ("x-airflow-task-id", "load"),
        ("x-airflow-run-id", "r1"),
        ("x-airflow-proof", "pod"),
    ] {
        assert_eq!(received[0].header(header), Some(value), "{header}");
    }

    // Both sidecars count the request, with the labels of examples/istio/proxy-config.yaml.
    let caller = format!("spiffe://cluster.local/ns/{HERE}/sa/{SALES}");
    let counted = |decision, class| {
        let labels = [
            ("direction", "inbound"),
            ("caller", caller.as_str()),
            ("dag_id", "sales_daily"),
            ("task_id", "load"),
            ("action", "xcom:read"),
            ("decision", decision),
            ("code_class", class),
        ];
        metrics(&airflow.server).metric("dagward_requests_total", &labels)
    };
    for (decision, class) in [("allow", "2xx"), ("deny", "4xx")] {
        wait::until(decision, SOON, || {
            Ok((counted(decision, class)? == 1.0).then_some(()))
        })
        .unwrap();
    }
    let reason = [("policy", ""), ("reason", "no_rule_allows")];
    assert_eq!(
        metrics(&airflow.server)
            .metric("dagward_denied_total", &reason)
            .unwrap(),
        1.0
    );

    // `kubectl logs` shows the reason and the access log's line. Both have the request id from the caller's answer.
    let body = denied.json().unwrap();
    let id = body["detail"]["request_id"].as_str().unwrap();
    let (reason, access) = wait::until("both lines", SOON, || {
        let log = airflow.log(API_SERVER);
        let line = |access| {
            let mut lines = log.lines().filter(|line| line.contains(id));
            lines
                .find(|line| line.starts_with('{') == access)
                .map(str::to_owned)
        };
        Ok(line(false).zip(line(true)))
    })
    .unwrap();
    for part in [
        "teams-run-their-own-dags",
        "to.dags: wants `{team=sales}_*`, found `ml_train`",
    ] {
        assert!(reason.contains(part), "{reason}");
    }
    let access: Value = serde_json::from_str(&access).unwrap();
    assert_eq!(access["response_code"], 403, "{access}");
    assert_eq!(access["path"], "/execution/xcoms/ml_train/r1/load/return_value");
}
