//! The steps of `docs/guides/roll-out.md` on a mesh that works without the filter: install, watch, enforce, roll back,
//! uninstall. Before the overlay is applied, and after the rollback, no fault stops a request.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::Result;
use dagward_cluster::kubernetes::Kubernetes;
use dagward_cluster::network::Namespace;
use dagward_shipped::manifest;
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::netns::Netns;
use dagward_workbench::{paths, wait};
use serde_json::{Value, json};

use crate::airflow::{API_SERVER, Airflow, Caller, SOON, health, metrics, xcom};
use crate::files::text;
use crate::objects::{of_task, pod};
use crate::scene::Scene;

const HERE: &str = "airflow";
const SALES: &str = "airflow-worker-sales";

/// The commands of the guide.
pub(crate) const ROLLBACK: [&str; 2] = [
    "kubectl delete validatingadmissionpolicybindings --selector app.kubernetes.io/part-of=dagward",
    "kubectl apply -k .",
];
const UNINSTALL: [&str; 2] = [
    "kubectl delete validatingadmissionpolicybindings,validatingadmissionpolicies --selector app.kubernetes.io/part-of=dagward",
    "kubectl -n airflow delete wasmplugins,peerauthentications,sidecars.networking.istio.io,telemetries,configmaps,roles,rolebindings --selector app.kubernetes.io/part-of=dagward",
];

/// A mesh, and the callers in it.
struct Stage<'a> {
    scene: &'a Scene,
    airflow: Airflow<'a>,
    sales: Caller,
    /// A network namespace without a sidecar.
    outside: (Namespace, Netns),
}

#[test]
fn each_step_does_what_the_guide_says() {
    let page = text("docs/guides/roll-out.md")
        .replace("\\\n", "")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    for command in ROLLBACK.iter().chain(&UNINSTALL) {
        assert!(page.contains(command), "{command}");
    }
    let scene = Scene::own();
    let mut stage = with_a_wrong_image(&scene);
    with_a_bad_policy(&mut stage);
    watching(&stage);
    enforced(&stage);
    rolled_back(&stage);
    uninstalled(&stage);
}

/// The base before there is an image at its address: pods start, and all requests pass.
fn with_a_wrong_image(scene: &Scene) -> Stage<'_> {
    install(scene, ".", &|plugin| {
        plugin["spec"]["url"] = json!(missing(scene))
    });
    let accounts = [API_SERVER, SALES].map(|name| {
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": HERE}})
    });
    scene.apply(&accounts);
    let worker = of_task(pod(HERE, SALES, SALES), "sales_daily", "load");
    let airflow = Airflow::measured(scene, HERE, &[worker]);
    let sales = airflow.caller(SALES);
    let stage = Stage {
        scene,
        sales,
        outside: scene.cluster.outside().unwrap(),
        airflow,
    };
    stage.everything_passes();
    // The agent logs and counts this, so that a refusal by the agent can be told from one by a policy.
    let log = stage.airflow.log(API_SERVER);
    assert!(log.contains("applying allow RBAC filter"), "{log}");
    assert!(stage.conversions("fetch_failure") > 0.0);
    stage
}

/// A mistake that only the filter can see, in running pods and in a starting one.
fn with_a_bad_policy(stage: &mut Stage<'_>) {
    let bad = |plugin: &mut Value| {
        let rule = &mut plugin["spec"]["pluginConfig"]["policies"][0]["rules"][0];
        rule["to"][0]["actions"] = json!(["xcom:raed"]);
    };
    // The API server refuses a mistake that it can see.
    let seen = |plugin: &mut Value| plugin["spec"]["pluginConfig"]["policies"][0]["action"] = json!("ALOW");
    let objects = built(stage.scene, ".", &seen);
    wait::until("the refusal", SOON, || {
        let applied = stage.scene.cluster.kubernetes().apply_all(&objects);
        Ok(applied
            .err()
            .filter(|refusal| refusal.to_string().contains("the `action` of each policy")))
    })
    .unwrap();

    install(stage.scene, ".", &bad);
    stage.shows("observe", "passing");
    stage.everything_passes();
    let api = stage.scene.cluster.api();
    let path = format!("/api/v1/namespaces/{HERE}/pods/{API_SERVER}");
    api.delete(&path, &json!({})).unwrap();
    wait::until("the pod to end", SOON, || {
        Ok(api.find(&path)?.is_none().then_some(()))
    })
    .unwrap();
    stage.airflow = Airflow::measured(stage.scene, HERE, &[]);
    // The caller gets its endpoint a moment after it is ready.
    let before = stage.sales.until(&health(), 200);
    assert!(
        before.iter().all(|status| [0, 503].contains(status)),
        "{before:?}"
    );
    stage.shows("observe", "passing");
    stage.everything_passes();
    let log = stage.airflow.log(API_SERVER);
    assert!(
        log.contains("every request passes until a good one comes"),
        "{log}"
    );
}

fn watching(stage: &Stage<'_>) {
    install(stage.scene, ".", &|_| {});
    stage.shows("shadow", "current");
    stage.everything_passes();
    let counted = || metrics(&stage.airflow.server).metric("dagward_shadow_denied_total", &[]);
    wait::until("what would be refused", SOON, || {
        Ok((counted()? > 0.0).then_some(()))
    })
    .unwrap();
}

fn enforced(stage: &Stage<'_>) {
    install(stage.scene, "examples/enforce", &|_| {});
    stage.sales.until(&xcom("ml_train"), 403);
    stage.shows("enforce", "current");
    assert_eq!(stage.sales.ask(&xcom("sales_daily")).status, 200);
    wait::until("plain text to be refused", SOON, || {
        Ok(stage.sends_plain_text(&health()).is_err().then_some(()))
    })
    .unwrap();
    wait::until("pods to be refused", SOON, || {
        Ok((!stage.makes_a_pod()).then_some(()))
    })
    .unwrap();
}

fn rolled_back(stage: &Stage<'_>) {
    let [admission, _] = ROLLBACK;
    run(stage.scene, admission);
    install(stage.scene, ".", &|_| {});
    stage.sales.until(&xcom("ml_train"), 200);
    stage.shows("shadow", "current");
    wait::until("plain text to pass", SOON, || {
        Ok(stage
            .sends_plain_text(&health())
            .is_ok_and(|answer| answer.status == 200)
            .then_some(()))
    })
    .unwrap();
    stage.everything_passes();
    wait::until("pods to be made", SOON, || Ok(stage.makes_a_pod().then_some(()))).unwrap();
}

fn uninstalled(stage: &Stage<'_>) {
    for command in UNINSTALL {
        run(stage.scene, command);
    }
    // The filter is gone and stamps nothing any more.
    wait::until("no filter", SOON, || {
        stage.airflow.app.clear();
        assert_eq!(stage.sales.ask(&xcom("ml_train")).status, 200);
        let received = stage.airflow.app.received();
        Ok(received[0].header("x-airflow-proof").is_none().then_some(()))
    })
    .unwrap();
    stage.everything_passes();
    // All installed objects, without the namespace and its content.
    let left = built(stage.scene, "examples/enforce", &|_| {});
    let left = left.iter().filter(|object| object["kind"] != "Namespace");
    for object in left {
        let mut get = stage.scene.cluster.kubernetes().kubectl();
        get.args([
            "get",
            "--ignore-not-found",
            "--namespace",
            HERE,
            "--output",
            "name",
        ]);
        let group = object["apiVersion"]
            .as_str()
            .unwrap()
            .split_once('/')
            .map_or("", |(group, _)| group);
        let kind = format!("{}.{group}", object["kind"].as_str().unwrap());
        let found = get
            .arg(kind.trim_end_matches('.'))
            .arg(object["metadata"]["name"].as_str().unwrap());
        assert_eq!(output(found), "", "{object}");
    }
    stage.scene.cluster.pod(HERE, SALES).unwrap();
}

impl Stage<'_> {
    /// Checks that requests pass: allowed, other and malformed ones, in the mesh and in plain text.
    fn everything_passes(&self) {
        let odd = Request::get("", "//;");
        for request in [health(), xcom("sales_daily"), xcom("ml_train"), odd] {
            assert_eq!(self.sales.ask(&request).status, 200, "{request:?}");
            let answer = self.sends_plain_text(&request).unwrap();
            assert_eq!(answer.status, 200, "{request:?}");
        }
    }

    fn sends_plain_text(&self, request: &Request) -> Result<Response> {
        let server = SocketAddr::from((self.airflow.server.address, 8080));
        let client = Client::plain(server).from(&self.outside.1);
        client.send(&self.sales.addressed(request))
    }

    /// Waits until the api-server's sidecar shows this mode and status.
    fn shows(&self, mode: &str, status: &str) {
        let labels = [("mode", mode), ("status", status)];
        wait::until(&format!("{labels:?}"), SOON, || {
            let shown = metrics(&self.airflow.server).metric("dagward_config_info", &labels)?;
            Ok((shown > 0.0).then_some(()))
        })
        .unwrap();
    }

    /// The number of times that the agent of the api-server's pod has replaced the plugin by a filter of its own.
    fn conversions(&self, result: &str) -> f64 {
        let metrics = dagward_testbed::admin::Admin::new((self.airflow.server.address, 15020).into(), 0);
        metrics
            .metric("istio_agent_wasm_config_conversion_count", &[("result", result)])
            .unwrap()
    }

    /// Whether the API server accepts a pod without a DAG from the scheduler.
    fn makes_a_pod(&self) -> bool {
        let mut kubectl = self.scene.cluster.kubernetes().kubectl();
        kubectl.args([
            "run",
            "probe",
            "--image",
            "none",
            "--namespace",
            HERE,
            "--dry-run=server",
        ]);
        kubectl.args([
            "--as",
            "system:serviceaccount:airflow:airflow-scheduler",
            "--as-group",
            "system:masters",
        ]);
        kubectl.output().unwrap().status.success()
    }
}

/// An image that is not in the registry.
fn missing(scene: &Scene) -> String {
    format!("{}-missing", scene.urls[0])
}

/// The objects that `kubectl apply -k` applies for a folder, with the image in this registry and one more change.
fn built(scene: &Scene, folder: &str, change: &dyn Fn(&mut Value)) -> Vec<Value> {
    let folder = paths::workspace().join(folder);
    let mut objects = manifest::parse_all(&Kubernetes::kustomize(&folder).unwrap()).unwrap();
    // Istio makes `istio.stats` of it, and upstream's Envoy does not have that filter.
    objects.retain(|object| object["kind"] != "Telemetry");
    for plugin in objects.iter_mut().filter(|object| object["kind"] == "WasmPlugin") {
        plugin["spec"]["url"] = json!(scene.urls[0]);
        change(plugin);
    }
    objects
}

pub(crate) fn install(scene: &Scene, folder: &str, change: &dyn Fn(&mut Value)) {
    scene.apply(&built(scene, folder, change));
}

/// Runs a command of the guide.
pub(crate) fn run(scene: &Scene, command: &str) {
    let arguments = command.strip_prefix("kubectl ").unwrap().split_whitespace();
    output(scene.cluster.kubernetes().kubectl().args(arguments));
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
