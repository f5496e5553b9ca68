//! Airflow with its Kubernetes executor: each task has a pod of its own, with the account of its team. `forgery` has
//! the tasks that choose another pod for themselves, and `operator` the pods that tasks make.
//!
//! The test begins as a new user does: with the base, which refuses nothing, and then the overlay.
//! One Airflow runs for all of it, and the test exchanges the layers that stop forgers while it runs. The filter and
//! the two pods that live through the whole test are there from the start: the Envoy of Istio 1.29 can crash when a
//! running sidecar gets its first plugin.

use std::time::Duration;

use dagward_cluster::airflow::Airflow;
use dagward_shipped::manifest;
use dagward_testbed::airflow::Rest;
use dagward_testbed::client::{Client, Request};
use dagward_workbench::{paths, wait};
use serde_json::{Value, json};

use crate::airflow::{SOON, metrics};
use crate::files::{team_map, text};
use crate::scene::Scene;
use crate::steps;

mod forgery;
mod operator;

/// The DAGs that hold each team's data.
const PLANS: [(&str, &str); 2] = [("sales_plan", "pipeline"), ("ml_plan", "weights")];

/// The time within which a pod must run and end.
const ENDED: Duration = Duration::from_secs(300);

/// The cluster with the services around Airflow, and Airflow.
struct Stage<'a> {
    scene: &'a Scene,
    airflow: Airflow<'a>,
    rest: Rest,
}

#[test]
fn each_task_has_a_pod_of_its_team_and_no_forger_gets_past() {
    let scene = Scene::own();
    let mut stage = Stage::new(&scene);
    in_shadow_a_thief_has_its_way(&stage);
    stage.enforce();
    honest_teams_succeed(&stage);
    a_task_reads_nothing_of_another_team(&stage);
    operator::makes_pods_in_its_team_s_namespace(&stage);
    forgery::all_layers(&stage);
    forgery::the_cluster_policy_alone(&stage);
    forgery::the_filter_alone(&mut stage);
    forgery::plain_istio(&stage);
    forgery::admission_alone(&stage);
}

fn in_shadow_a_thief_has_its_way(stage: &Stage<'_>) {
    let run = "watched";
    stage.rest.trigger("ml_daily", run, &json!({})).unwrap();
    assert_eq!(stage.rest.finished("ml_daily", run).unwrap(), "success");
    let outcomes = stage.thief(run);
    for kind in ["xcom", "variable", "connection"] {
        let outcome = outcomes[kind].as_str().unwrap();
        assert!(outcome.starts_with("got "), "{kind}: {outcome}");
    }
    assert!(stage.counted("dagward_shadow_denied_total", "no_rule_allows") >= 3.0);
    assert_eq!(stage.counted("dagward_denied_total", ""), 0.0);
}

fn honest_teams_succeed(stage: &Stage<'_>) {
    let dags = ["sales_daily", "ml_daily"];
    for dag in dags {
        stage.rest.trigger(dag, "honest", &json!({})).unwrap();
    }
    for (dag, secret) in dags.into_iter().zip(["pipeline", "weights"]) {
        assert_eq!(stage.rest.finished(dag, "honest").unwrap(), "success", "{dag}");
        assert_eq!(
            stage.rest.result(dag, "honest", "load").unwrap(),
            format!("42 {secret}")
        );
        let (team, _) = dag.split_once('_').unwrap();
        for task in ["extract", "load"] {
            let pod = stage.pod(dag, task, "honest").unwrap();
            assert_eq!(
                pod["spec"]["serviceAccountName"],
                format!("airflow-worker-{team}")
            );
            assert_eq!(stage.ended(&pod), "Succeeded", "{dag}.{task}");
            // As in the chart's values: this component needs neither the database nor a key.
            let spec = pod["spec"].to_string();
            for from_secret in [
                "secretKeyRef",
                "secretRef",
                "\"secret\":",
                "SQL_ALCHEMY_CONN",
                "FERNET_KEY",
            ] {
                assert!(!spec.contains(from_secret), "{dag}.{task}: {from_secret}");
            }
        }
    }
    assert_eq!(stage.counted("dagward_denied_total", ""), 0.0);
}

fn a_task_reads_nothing_of_another_team(stage: &Stage<'_>) {
    let outcomes = stage.thief("honest");
    for kind in ["xcom", "variable", "connection"] {
        let outcome = outcomes[kind].as_str().unwrap();
        assert!(outcome.starts_with("refused: "), "{kind}: {outcome}");
    }
    assert!(stage.counted("dagward_denied_total", "no_rule_allows") >= 3.0);
}

impl<'a> Stage<'a> {
    /// All objects as shipped, in shadow mode, with the policy for two teams.
    fn new(scene: &'a Scene) -> Self {
        install(scene, ".");
        scene
            .cluster
            .kubernetes()
            .apply(&text("examples/istio/teams.yaml"))
            .unwrap();
        let dags = paths::workspace().join("lab/airflow/kubernetes/mesh");
        let policy = text(forgery::CLUSTER_POLICY);
        // All pods belong to team sales unless a task changes that, so an attacker of that team begins with their own
        // identity.
        let airflow = Airflow::start(&scene.cluster, &dags, "airflow-worker-sales", Some(&policy)).unwrap();
        let rest = airflow.rest().unwrap();
        for (key, value) in PLANS {
            let variable = json!({"key": key, "value": value});
            assert_eq!(rest.post("/api/v2/variables", &variable).unwrap().status, 201);
        }
        let store = json!({"connection_id": "ml_store", "conn_type": "http", "password": "weights"});
        assert_eq!(rest.post("/api/v2/connections", &store).unwrap().status, 201);
        Self { scene, airflow, rest }
    }

    /// The overlay, once the api-server's sidecar goes by it.
    fn enforce(&self) {
        install(self.scene, "examples/enforce");
        let labels = [("mode", "enforce"), ("status", "current")];
        wait::until("the policy in force", SOON, || {
            let shown = metrics(self.airflow.server()).metric("dagward_config_info", &labels)?;
            Ok((shown > 0.0).then_some(()))
        })
        .unwrap();
    }

    /// What a task of team sales gets of team ml's when it reads the run `victim` of `ml_daily`.
    fn thief(&self, victim: &str) -> Value {
        let (dag, run) = ("sales_thief", format!("thief-of-{victim}"));
        self.rest.trigger(dag, &run, &json!({"victim": victim})).unwrap();
        assert_eq!(self.rest.finished(dag, &run).unwrap(), "success");
        self.rest.result(dag, &run, "steal").unwrap()
    }

    /// The pod that the executor made for a task, if it did.
    fn pod(&self, dag: &str, task: &str, run: &str) -> Option<Value> {
        let labels = [("dag_id", dag), ("task_id", task), ("run_id", run)];
        let pods = self.airflow.pods(&labels).unwrap();
        assert!(pods.len() < 2, "{pods:?}");
        pods.into_iter().next()
    }

    /// The phase in which a pod ended. Airflow reports a task's end before.
    fn ended(&self, pod: &Value) -> String {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let path = format!("/api/v1/namespaces/airflow/pods/{name}");
        let ended = |pod: &Value| {
            let phase = pod["status"]["phase"].as_str()?.to_owned();
            ["Succeeded", "Failed"].contains(&phase.as_str()).then_some(phase)
        };
        self.scene.cluster.api().when(&path, ENDED, ended).unwrap()
    }

    /// The sum of one of the filter's counters in the api-server's sidecar, over the series with this `reason`.
    fn counted(&self, metric: &str, reason: &str) -> f64 {
        let admin = Client::plain("127.0.0.1:15000".parse().unwrap()).from(&self.airflow.server().netns);
        let metrics = admin
            .send(&Request::get("admin", "/stats/prometheus"))
            .unwrap()
            .text();
        let series = metrics
            .lines()
            .filter(|line| line.contains(metric) && !line.starts_with('#'));
        let series =
            series.filter(|line| reason.is_empty() || line.contains(&format!("reason=\"{reason}\"")));
        series
            .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
            .sum()
    }
}

/// `kubectl apply -k` of a folder, with the policy for teams that have accounts of their own, and the teams' map.
fn install(scene: &Scene, folder: &str) {
    steps::install(scene, folder, &|plugin| {
        let spec = &mut plugin["spec"];
        let mode = spec["pluginConfig"]["mode"].take();
        spec["pluginConfig"] = manifest::read("examples/policies/two-teams.yaml").unwrap();
        spec["pluginConfig"]["mode"] = mode;
    });
    scene.apply(&[team_map(&[
        ("sales", "airflow-worker-sales"),
        ("ml", "airflow-worker-ml"),
    ])]);
}

/// The shipped plugin with the policy for teams that have accounts of their own.
fn plugin(scene: &Scene) -> Value {
    let mut plugin = manifest::read("wasm-plugin.yaml").unwrap();
    plugin["spec"]["url"] = json!(scene.urls[0]);
    plugin["spec"]["pluginConfig"] = manifest::read("examples/policies/two-teams.yaml").unwrap();
    plugin
}
