//! A new user's way from install to shadow to enforce, on the objects that the official Helm chart renders from the
//! shipped values: for both executors, with remote logs and git-sync.
//!
//! The chart makes the pods with all of their containers, the accounts, ports and Services. The folders of `kubectl
//! apply -k` are the shipped ones. Sidecars, traffic and certificates are Istio's, and git fetches for git-sync.
//! Airflow's programs are not real: servers of the test answer, and the test sends requests from within the pods.
//! `executor` has real Airflow in pods. PostgreSQL, PgBouncer, StatsD and Airflow's jobs are left out.

use std::collections::BTreeMap;
use std::time::Duration;

use dagward_cluster::Pod;
use dagward_shipped::chart::Executor;
use dagward_shipped::manifest;
use dagward_testbed::client::{Client, Request};
use dagward_testbed::upstream::{Answer, Upstream};
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::admission::{CONTROLLER, SCHEDULER, ask};
use crate::airflow::{API_SERVER, Airflow, SOON, run};
use crate::files::team_map;
use crate::objects::{of_task, pod};
use crate::scene::Scene;
use crate::steps;

mod asks;
mod outside;
mod rendered;

use asks::{Ask, DAG_PROCESSOR, GATEWAY, ML, REDIS, SALES, TRIGGERER};
use outside::Outside;
use rendered::Rendered;

const HERE: &str = "airflow";
const RELEASE: &str = "3.3.2";
const INGRESS: &str = "istio-ingress";
const SCHEDULER_POD: &str = "airflow-scheduler";
const DEFAULT_WORKER: &str = "airflow-worker";

/// The timeout of one request. The test repeats it afterwards.
const ANSWER: Duration = Duration::from_secs(10);

/// The ports that the test's own servers listen on.
const SERVERS: [(&str, u16); 3] = [(TRIGGERER, 8794), (SALES, 8793), (REDIS, 6379)];

/// The cluster, the programs in it, and the callers.
struct Stage<'a> {
    scene: &'a Scene,
    outside: Outside,
    pods: BTreeMap<&'static str, Pod>,
    servers: BTreeMap<&'static str, Upstream>,
}

#[test]
fn a_new_user_goes_from_install_to_enforce() {
    let scene = Scene::own();
    let mut stage = Stage {
        outside: Outside::start(&scene),
        pods: BTreeMap::new(),
        servers: BTreeMap::new(),
        scene: &scene,
    };
    let repository = stage.outside.repository();
    tasks_in_pods_of_their_own(&mut stage, &Rendered::of(Executor::Kubernetes, &repository));
    stage.back_to_shadow();
    tasks_in_workers_of_their_team(&mut stage, &Rendered::of(Executor::Celery, &repository));
}

fn tasks_in_pods_of_their_own(stage: &mut Stage<'_>, chart: &Rendered) {
    stage.install(".");
    stage.scene.apply(&chart.accounts());
    stage
        .scene
        .apply(&manifest::read_all("examples/istio/teams.yaml").unwrap());
    stage.ingress();
    stage
        .scene
        .apply(&[chart.service(API_SERVER), chart.service(TRIGGERER)]);
    for name in [API_SERVER, SCHEDULER_POD, DAG_PROCESSOR, TRIGGERER] {
        stage.scene.apply(&[chart.pod(name)]);
    }
    stage.create(SCHEDULER, &task(chart, SALES, "sales_daily"));
    stage.create(SCHEDULER, &task(chart, ML, "ml_train"));
    stage.ready(&[
        API_SERVER,
        SCHEDULER_POD,
        DAG_PROCESSOR,
        TRIGGERER,
        SALES,
        ML,
        GATEWAY,
    ]);
    stage.serve();

    stage.refuses_nothing(&asks::with_any(chart.log_store(), 1));
    stage.stores_a_log();

    stage.install("examples/enforce");
    stage.parts_the_teams(&asks::with_any(chart.log_store(), 2));
    stage.stores_a_log();
    // A task that starts now: admission accepts its pod, and git-sync reaches the repository.
    let forged = changed(task(chart, "forged", "sales_daily"), ML);
    wait::until("the forged pod to be refused", SOON, || {
        let dry = ["create", "--dry-run=server", "--filename", "-"];
        let created = ask(&stage.scene.cluster, SCHEDULER, &dry, &forged.to_string());
        Ok(created
            .err()
            .filter(|refusal| refusal.contains("does not fit the DAG")))
    })
    .unwrap();
    stage.create(SCHEDULER, &changed(task(chart, "next", "sales_daily"), SALES));
    stage.ready(&["next"]);
    let next = Ask {
        from: "next",
        ..asks::with_any(chart.log_store(), 3).remove(2)
    };
    stage.answers(&next, 200);
    // One fetch in each task's pod, two in each component's.
    stage.fetched(3 + 2 * 2);
    for task in [SALES, ML, "next"] {
        stage.delete(task);
    }
}

fn tasks_in_workers_of_their_team(stage: &mut Stage<'_>, chart: &Rendered) {
    stage.scene.apply(&chart.accounts());
    for name in [SALES, ML, REDIS] {
        stage.scene.apply(&[chart.service(name), chart.pod(name)]);
    }
    stage.ready(&[SALES, ML, REDIS]);
    stage.serve();
    let mut asks = asks::with_any(chart.log_store(), 4);
    asks.extend(asks::with_celery());
    stage.refuses_nothing(&asks);
    stage.stores_a_log();

    stage.install("examples/enforce");
    let mut asks = asks::with_any(chart.log_store(), 5);
    asks.extend(asks::with_celery());
    stage.parts_the_teams(&asks);
    stage.stores_a_log();
    // A worker that starts now.
    stage.create(CONTROLLER, &chart.pod(DEFAULT_WORKER));
    stage.ready(&[DEFAULT_WORKER]);
    let first = Ask {
        from: DEFAULT_WORKER,
        to: API_SERVER,
        request: run("0199f0a0-0000-7000-8000-000000000061"),
        allowed: true,
    };
    stage.answers(&first, 200);
    stage.fetched(3 + 2 * 2 + 2 * 3);
    stage.outside.learns_nothing();
}

/// The pod of a task, as KubernetesExecutor makes it from the template and the cluster policy changes it.
fn task(chart: &Rendered, name: &str, dag: &str) -> Value {
    let mut task = of_task(chart.pod_of("task", name), dag, "load");
    task["metadata"]["labels"]["dag_id"] = json!(dag);
    task["spec"]["restartPolicy"] = json!("Never");
    changed(task, name)
}

fn changed(mut pod: Value, account: &str) -> Value {
    pod["spec"]["serviceAccountName"] = json!(account);
    pod
}

impl Stage<'_> {
    /// Runs `kubectl apply -k` on a folder, with the teams in the map.
    fn install(&self, folder: &str) {
        steps::install(self.scene, folder, &|_| {});
        self.scene.apply(&[team_map(&[("sales", SALES), ("ml", ML)])]);
    }

    fn back_to_shadow(&self) {
        let [admission, _] = steps::ROLLBACK;
        steps::run(self.scene, admission);
        self.install(".");
        let probe = pod(HERE, "probe", SALES).to_string();
        let dry = ["create", "--dry-run=server", "--filename", "-"];
        wait::until("pods to be made", SOON, || {
            Ok(ask(&self.scene.cluster, "admin", &dry, &probe).ok())
        })
        .unwrap();
    }

    /// A pod in the place of the ingress gateway.
    fn ingress(&self) {
        self.scene.namespace(INGRESS, &[GATEWAY]);
        self.scene.apply(&[pod(INGRESS, GATEWAY, GATEWAY)]);
    }

    fn create(&self, user: &str, pod: &Value) {
        let arguments = ["create", "--filename", "-"];
        ask(&self.scene.cluster, user, &arguments, &pod.to_string()).unwrap();
    }

    fn delete(&mut self, pod: &'static str) {
        let path = format!("/api/v1/namespaces/{HERE}/pods/{pod}");
        let api = self.scene.cluster.api();
        api.delete(&path, &json!({})).unwrap();
        wait::until("the pod to end", SOON, || {
            Ok(api.find(&path)?.is_none().then_some(()))
        })
        .unwrap();
        self.pods.remove(pod);
        self.servers.remove(pod);
    }

    /// Waits for pods. Those with git-sync are ready once it has cloned the repository.
    fn ready(&mut self, names: &[&'static str]) {
        for name in names {
            let namespace = if *name == GATEWAY { INGRESS } else { HERE };
            let pod = self.scene.cluster.pod(namespace, name).unwrap();
            self.pods.insert(name, pod);
        }
    }

    /// Starts the servers in the pods that have none yet.
    fn serve(&mut self) {
        for (name, pod) in &self.pods {
            if self.servers.contains_key(name) {
                continue;
            }
            let port = SERVERS.iter().find(|(server, _)| server == name);
            let server = match port {
                _ if *name == API_SERVER => Airflow::serve(pod),
                Some((_, port)) => Upstream::within(&pod.netns, *port, Answer::echo).unwrap(),
                None => continue,
            };
            self.servers.insert(name, server);
        }
    }

    /// The status of the answer; 0 for no answer, for example while a sidecar replaces its listeners.
    fn asks(&self, ask: &Ask) -> u16 {
        let service = self.scene.cluster.service(HERE, ask.to).unwrap();
        let client = Client::plain(service)
            .from(&self.pods[ask.from].netns)
            .within(ANSWER);
        let host = format!("{}.{HERE}:{}", ask.to, service.port());
        let answer = client.send(&Request {
            host,
            ..ask.request.clone()
        });
        answer.map_or(0, |answer| answer.status)
    }

    fn answers(&self, ask: &Ask, status: u16) {
        let what = format!("{status} for {ask:?}");
        let proxies = self.scene.cluster.proxies();
        proxies
            .until(HERE, &what, SOON, || Ok((self.asks(ask) == status).then_some(())))
            .unwrap();
    }

    /// Checks that all requests pass in shadow mode.
    fn refuses_nothing(&self, asks: &[Ask]) {
        for ask in asks {
            self.answers(ask, 200);
        }
        // Each has passed once, so every sidecar has the new configuration.
        for ask in asks {
            assert_eq!(self.asks(ask), 200, "{ask:?}");
        }
    }

    /// Waits until requests for another team's data are refused, and checks that the others still pass.
    fn parts_the_teams(&self, asks: &[Ask]) {
        for ask in asks.iter().filter(|ask| !ask.allowed) {
            self.answers(ask, 403);
        }
        for ask in asks {
            let expected = if ask.allowed { 200 } else { 403 };
            assert_eq!(self.asks(ask), expected, "{ask:?}");
        }
    }

    /// A task's log goes to the log store, which is outside the mesh and not in the policy.
    fn stores_a_log(&self) {
        let path = "/all/dag_id=sales_daily/run_id=r1/task_id=load/attempt=1.log";
        let client = Client::plain(self.outside.address()).from(&self.pods[SALES].netns);
        let request = Request::new("PUT", &self.outside.host(), path).body("loaded");
        assert_eq!(client.send(&request).unwrap().status, 200);
    }

    /// Waits until git-sync's containers have fetched this often in total.
    fn fetched(&self, times: usize) {
        wait::until("git-sync's requests", SOON, || {
            Ok((self.outside.fetches() >= times).then_some(()))
        })
        .unwrap();
    }
}
