//! Pods that claim to be another team's. Plain Istio trusts them. The test runs each layer with the others off, and
//! also asserts which forgeries that layer alone does not stop. `docs/pod-forgery.md` describes the same.

use std::time::Duration;

use dagward_workbench::wait;
use serde_json::{Value, json};

use super::operator::{give_tokens, may_launch_pods};
use super::{PLANS, Stage, plugin};

/// The cluster policy in the scheduler of an Airflow with dagward.
pub(crate) const CLUSTER_POLICY: &str = "examples/airflow/policies/airflow_local_settings.py";

/// The time within which a change of admission or of a sidecar must take effect.
const IN_FORCE: Duration = Duration::from_secs(300);

/// The time within which a busy machine makes its pods.
const MADE: Duration = Duration::from_secs(300);

/// The ways of `sales_forger`, see there. The executor makes the first three pods, a task itself makes the others.
const WAYS: [&str; 5] = ["account", "consistent", "command", "operator", "client"];

/// The result of a forgery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// No pod.
    NoPod,
    /// A pod, and no secret.
    Refused,
    /// Team ml's secret.
    Loot,
}

use Outcome::{Loot, NoPod, Refused};

/// With all shipped layers, the forger gets no pod.
pub(crate) fn all_layers(stage: &Stage<'_>) {
    assert_eq!(forge(stage, "all"), [NoPod; 5]);
}

/// The cluster policy sees only the executor's pods.
pub(crate) fn the_cluster_policy_alone(stage: &Stage<'_>) {
    as_the_chart_comes(stage);
    admission(stage, false);
    filter(stage, false);
    assert_eq!(forge(stage, "policy"), [NoPod, NoPod, NoPod, Loot, Loot]);
}

/// The filter refuses every request of a forged pod: Airflow names another DAG than the pod does, or the token belongs
/// to another task.
pub(crate) fn the_filter_alone(stage: &mut Stage<'_>) {
    filter(stage, true);
    stage.airflow.exchange(None).unwrap();
    stage.rest = stage.airflow.rest().unwrap();
    assert_eq!(forge(stage, "filter"), [Refused; 5]);
    for reason in ["no_rule_allows", "task_conflict", "token_owned_by_another"] {
        assert!(stage.counted("dagward_denied_total", reason) > 0.0, "{reason}");
    }
}

/// Istio's own rule allows team ml's variables only to team ml's account, and every forger has that account.
pub(crate) fn plain_istio(stage: &Stage<'_>) {
    filter(stage, false);
    assert_eq!(forge(stage, "plain"), [Loot; 5]);
}

/// Admission sees only the pod. A pod that does not contradict itself passes if the scheduler makes it.
pub(crate) fn admission_alone(stage: &Stage<'_>) {
    admission(stage, true);
    assert_eq!(forge(stage, "admission"), [NoPod, Loot, Loot, NoPod, NoPod]);
}

/// Runs `sales_forger` and returns the result for each of [`WAYS`].
fn forge(stage: &Stage<'_>, run: &str) -> [Outcome; 5] {
    stage.rest.trigger("sales_forger", run, &json!({})).unwrap();
    let outcomes = WAYS.map(|way| match made(stage, way, run) {
        None => NoPod,
        Some(pod) => outcome(stage, &pod),
    });
    // With its own account, a task gets nothing.
    let own = stage.pod("sales_forger", "client", run).unwrap();
    assert!(
        !stage.airflow.log(&own, "base").unwrap().contains(&loot()),
        "{run}"
    );
    outcomes
}

/// The pod that was made in this way; none if the task ended without one.
fn made(stage: &Stage<'_>, way: &str, run: &str) -> Option<Value> {
    wait::until("a pod or the task's end", MADE, || {
        let states = stage.rest.task_states("sales_forger", run)?;
        let over = states
            .get(way)
            .is_some_and(|state| state == "success" || state == "failed");
        let pod = pod(stage, way, run);
        Ok((over || pod.is_some()).then_some(pod))
    })
    .unwrap()
}

fn pod(stage: &Stage<'_>, way: &str, run: &str) -> Option<Value> {
    match way {
        "operator" | "client" => {
            let path = format!("/api/v1/namespaces/airflow/pods/{way}-{run}");
            stage.scene.cluster.api().find(&path).unwrap()
        }
        _ => stage.pod("sales_forger", way, run),
    }
}

fn outcome(stage: &Stage<'_>, pod: &Value) -> Outcome {
    let name = pod["metadata"]["name"].as_str().unwrap();
    assert_eq!(pod["spec"]["serviceAccountName"], "airflow-worker-ml", "{name}");
    stage.ended(pod);
    let log = stage.airflow.log(pod, "base").unwrap();
    if log.contains(&loot()) { Loot } else { Refused }
}

fn loot() -> String {
    format!("loot: {}", PLANS[1].1)
}

/// The chart's default: code in workers may make pods.
fn as_the_chart_comes(stage: &Stage<'_>) {
    let accounts = ["airflow-worker-sales", "airflow-worker-ml"];
    stage.scene.apply(&may_launch_pods("airflow", &accounts));
    give_tokens(stage, &accounts);
}

/// Puts the filter in the sidecars, or else Istio's own rule, which looks only at the account.
fn filter(stage: &Stage<'_>, wanted: bool) {
    let of_ml = "cluster.local/ns/airflow/sa/airflow-worker-ml";
    let rule = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "variables-of-ml", "namespace": "airflow"},
        "spec": {
            "selector": {"matchLabels": {"component": "api-server"}},
            "action": "DENY",
            "rules": [{
                "from": [{"source": {"notPrincipals": [of_ml]}}],
                "to": [{"operation": {"paths": ["/execution/variables/ml_*"]}}],
            }],
        },
    });
    let (wanted, other) = match wanted {
        true => (
            plugin(stage.scene),
            "security.istio.io/v1/namespaces/airflow/authorizationpolicies/variables-of-ml",
        ),
        false => (
            rule,
            "extensions.istio.io/v1alpha1/namespaces/airflow/wasmplugins/dagward",
        ),
    };
    stage.scene.apply(&[wanted]);
    stage
        .scene
        .cluster
        .api()
        .remove(&format!("/apis/{other}"))
        .unwrap();
}

/// Makes the admission policies refuse or only warn, and waits until the API server has the change.
fn admission(stage: &Stage<'_>, wanted: bool) {
    let actions = json!({"spec": {"validationActions": [if wanted { "Deny" } else { "Audit" }]}});
    for policy in ["accounts", "authors", "creators", "task-pods", "task-ids"] {
        let bindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
        let binding = format!("{bindings}/dagward-{policy}.airflow");
        stage.scene.cluster.api().change(&binding, &actions).unwrap();
    }
    wait::until("the admission policies", IN_FORCE, || {
        let mut kubectl = stage.scene.cluster.kubernetes().kubectl();
        // A pod without a DAG.
        kubectl.args([
            "run",
            "probe",
            "--image",
            "lab",
            "--namespace",
            "airflow",
            "--dry-run=server",
        ]);
        kubectl.args(["--as", "system:serviceaccount:airflow:airflow-scheduler"]);
        Ok((kubectl.output()?.status.success() != wanted).then_some(()))
    })
    .unwrap();
}
