//! Services beyond Airflow: a service of another namespace whose policy names the acting task, and a host outside the
//! mesh, which gets no task headers.

use dagward_shipped::manifest;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::upstream::{Answer, Upstream};
use dagward_workbench::wait;
use serde_json::json;

use crate::airflow::SOON;
use crate::objects::{of_task, pod, service};
use crate::scene::{Scene, within};

const HERE: &str = "business";
const BILLING: &str = "business-billing";
const FINANCE: &str = "airflow-worker-finance";
const LEDGER: &str = "ledger.example.com";

#[test]
fn the_acting_task_counts_in_the_mesh_and_stays_in_it() {
    let scene = Scene::shared();
    scene.namespace(HERE, &[FINANCE]);
    scene.namespace(BILLING, &["payments"]);
    let mut billing = scene.plugin(BILLING);
    let policy = manifest::enforced("examples/policies/business-service.yaml").unwrap();
    billing["spec"]["pluginConfig"] = within(&policy, HERE);
    let (outside, netns) = scene.cluster.outside().unwrap();
    let ledger = outside.address();
    let entry = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "ledger", "namespace": HERE},
        "spec": {
            "hosts": [LEDGER],
            "addresses": [ledger],
            "location": "MESH_EXTERNAL",
            "resolution": "STATIC",
            "endpoints": [{"address": ledger}],
            "ports": [{"name": "http", "number": 80, "protocol": "HTTP"}],
        },
    });
    let task = |name: &str| of_task(pod(HERE, &name.replace('_', "-"), FINANCE), "finance_daily", name);
    scene.apply(&[
        scene.plugin(HERE),
        billing,
        entry,
        service(BILLING, "payments", "http", 80),
        pod(BILLING, "payments", "payments"),
        task("book_payments"),
        task("report"),
    ]);
    let payments = scene.cluster.pod(BILLING, "payments").unwrap();
    let payments = Upstream::within(&payments.netns, 80, Answer::echo).unwrap();
    let outside = Upstream::within(&netns, 80, Answer::echo).unwrap();
    let address = scene.cluster.service(BILLING, "payments").unwrap();
    let host = format!("payments.{BILLING}");

    let [booking, report] = ["book-payments", "report"].map(|name| {
        let netns = scene.cluster.pod(HERE, name).unwrap().netns;
        [address, (ledger, 80).into()].map(|address| Client::plain(address).from(&netns))
    });
    let look = Request::get(&host, "/v1/payments/7");
    let book = Request::new("POST", &host, "/v1/payments").body("{}");
    for [client, _] in [&booking, &report] {
        let answer = || Ok(Some(client.send(&look)?).filter(|answer| answer.status == 200));
        wait::until("payments", SOON, answer).unwrap();
    }
    payments.clear();
    assert_eq!(booking[0].send(&book).unwrap().status, 200);
    assert_eq!(
        payments.received()[0].header("x-airflow-task-id"),
        Some("book_payments")
    );
    // Another task of the same DAG and account is refused, even if it claims to be the allowed one.
    let forged = book
        .header("x-airflow-task-id", "book_payments")
        .header("x-airflow-proof", "pod");
    assert_eq!(report[0].send(&forged).unwrap().status, 403);
    assert_eq!(payments.counts().started, 1);

    // A request out of the mesh, through the same sidecar: it carries neither the sidecar's stamps nor the task's own
    // headers.
    let own = Request::get(LEDGER, "/v1/entries").header("x-airflow-dag-id", "finance_daily");
    assert_eq!(booking[1].send(&own).unwrap().status, 200);
    let received = outside.received();
    let leaked = |name: &str| name.starts_with("x-airflow-");
    assert_eq!(received.len(), 1);
    assert!(
        !received[0].headers.iter().any(|(name, _)| leaked(name)),
        "{:?}",
        received[0].headers
    );
}
