//! What the official Helm chart makes of the shipped values, as a new user meets it: the plugin in
//! shadow mode refuses nothing, and enforced it parts the teams, for both executors.
//!
//! Accounts, labels, annotations, ports and Services are the chart's; the programs are the test's own.

use std::collections::BTreeMap;

use dagward_lab::chart::{Executor, Facts, Kind, Object, Pods};
use dagward_lab::client::{Client, Request};
use dagward_lab::istio::Pod;
use dagward_lab::upstream::{Answer, Upstream};
use dagward_lab::{manifest, wait};
use serde_json::{Value, json};

use crate::airflow::{API_SERVER, Airflow, SOON, run, with_token, xcom};
use crate::files::text;
use crate::objects::{of_chart, of_task, service_of_chart};
use crate::scene::Scene;

const WORKER: &str = "airflow-worker-sales";
const SLEEPS: [&str; 2] = ["sleep", "infinity"];
const TASK: &str = "0199f0a0-0000-7000-8000-000000000001";
const OTHER: &str = "0199f0a0-0000-7000-8000-000000000002";
const LOGS: u16 = 8793;

/// One rendering of the chart.
struct Chart {
    objects: Vec<Object>,
}

impl Chart {
    fn of(executor: Executor) -> Self {
        let facts = Facts::kept().unwrap();
        let (_, objects) = facts
            .renderings()
            .find(|(combination, _)| combination.executor == executor && combination.git_sync)
            .unwrap();
        Self {
            objects: objects.into_iter().cloned().collect(),
        }
    }

    fn pods(&self, name: &str) -> &Pods {
        let mut found = self.objects.iter().filter(|object| object.name == name);
        found.find_map(Object::pods).unwrap()
    }

    fn service(&self, namespace: &str, name: &str) -> Value {
        let mut found = self.objects.iter().filter(|object| object.name == name);
        found
            .find_map(|object| service_of_chart(namespace, object))
            .unwrap()
    }

    /// The accounts that the chart makes, and those of the teams.
    fn accounts(&self) -> Vec<String> {
        let own = self.objects.iter();
        let own = own.filter(|object| matches!(object.kind, Kind::Account(_)));
        let teams = manifest::read_all("examples/istio/teams.yaml").unwrap();
        let teams = teams
            .iter()
            .map(|account| account["metadata"]["name"].as_str().unwrap().to_owned());
        own.map(|object| object.name.clone()).chain(teams).collect()
    }

    /// The namespace with what stands around the plugin, the plugin in shadow mode, the api-server and `pods`.
    fn install<'a>(&self, scene: &'a Scene, namespace: &'a str, pods: &[Value]) -> Airflow<'a> {
        let accounts = self.accounts();
        scene.namespace(
            namespace,
            &accounts.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let protocols = text("examples/istio/protocols.yaml");
        let protocols = protocols.replace("namespace: airflow", &format!("namespace: {namespace}"));
        scene.cluster.kubernetes().apply(&protocols).unwrap();
        scene.apply(&[plugin(scene, namespace, "shadow")]);
        let server = [
            self.service(namespace, API_SERVER),
            of_chart(namespace, API_SERVER, self.pods(API_SERVER), &SLEEPS),
        ];
        Airflow::with(scene, namespace, server, pods)
    }
}

fn plugin(scene: &Scene, namespace: &str, mode: &str) -> Value {
    let mut plugin = scene.plugin(namespace);
    plugin["spec"]["pluginConfig"]["mode"] = json!(mode);
    plugin
}

#[test]
fn tasks_in_pods_of_their_own() {
    let (scene, here) = (Scene::shared(), "chart-kubernetes");
    let chart = Chart::of(Executor::Kubernetes);
    let mut task = of_task(
        of_chart(here, WORKER, chart.pods("task"), &SLEEPS),
        "sales_daily",
        "load",
    );
    // As the cluster policy sets it.
    task["spec"]["serviceAccountName"] = json!(WORKER);
    let airflow = chart.install(scene, here, &[task]);
    let sales = airflow.caller(WORKER);
    let [own, other] = ["sales_daily", "ml_train"].map(xcom);

    sales.until(&own, 200);
    assert_eq!(sales.ask(&other).status, 200);
    scene.apply(&[plugin(scene, here, "enforce")]);
    sales.until(&other, 403);
    assert_eq!(sales.ask(&own).status, 200);
}

#[test]
fn tasks_in_the_workers_of_their_team() {
    let (scene, here) = (Scene::shared(), "chart-celery");
    let chart = Chart::of(Executor::Celery);
    let workers: BTreeMap<_, _> = [WORKER, "airflow-worker-ml"]
        .map(|name| (name, of_chart(here, name, chart.pods(name), &SLEEPS)))
        .into();
    let mut objects: Vec<_> = workers.values().cloned().collect();
    objects.push(chart.service(here, WORKER));
    let airflow = chart.install(scene, here, &objects);
    let (sales, ml) = (airflow.caller(WORKER), airflow.caller("airflow-worker-ml"));
    let _logs = Upstream::within(&sales.pod.netns, LOGS, Answer::echo).unwrap();
    let service = scene.cluster.service(here, WORKER).unwrap();
    let log = |from: &Pod| {
        let host = format!("{WORKER}.{here}:{LOGS}");
        let path = "/log/dag_id=sales_daily/run_id=r1/task_id=load/attempt=1.log";
        let client = Client::plain(service).from(&from.netns);
        // None where a sidecar takes over its listeners.
        let answer = client.send(&Request::get(&host, path)).ok();
        answer.map(|answer| answer.status)
    };
    let other = with_token(xcom("ml_train"), OTHER);

    sales.until(&run(TASK), 200);
    assert_eq!(sales.ask(&other).status, 200);
    for pod in [&airflow.server, &ml.pod] {
        wait::until("the log server's endpoint", SOON, || {
            Ok((log(pod) == Some(200)).then_some(()))
        })
        .unwrap();
    }
    scene.apply(&[plugin(scene, here, "enforce")]);
    sales.until(&other, 403);
    assert_eq!(sales.ask(&run(TASK)).status, 200);
    assert_eq!(sales.ask(&with_token(xcom("sales_daily"), TASK)).status, 200);
    wait::until("the log server's sidecar enforces", SOON, || {
        Ok((log(&ml.pod) == Some(403)).then_some(()))
    })
    .unwrap();
    assert_eq!(log(&airflow.server), Some(200));
}
