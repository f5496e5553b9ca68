//! `examples/enforce/admission.yaml`: the API server checks that the service account, the annotations and the creator
//! of a pod fit together.
//!
//! Every service account has all rights here, so that only admission can refuse a pod.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use dagward_cluster::Cluster;
use dagward_workbench::wait;
use serde_json::{Value, json};

mod document;
mod images;
mod modules;
mod pods;
mod secrets;
mod webhooks;

use crate::files::{team_map, text};
use pods::{changed, task_pod};

pub(crate) const SCHEDULER: &str = "system:serviceaccount:airflow:airflow-scheduler";

/// The teams of `examples/istio/teams.yaml`.
const TEAMS: [(&str, &str); 2] = [("sales", "airflow-worker-sales"), ("ml", "airflow-worker-ml")];

const WORKER: &str = "system:serviceaccount:airflow:airflow-worker-ml";

/// Kubernetes' own controller, which creates the pods of a Celery worker set.
pub(crate) const CONTROLLER: &str = "system:serviceaccount:kube-system:statefulset-controller";

/// The time within which an applied policy must take effect.
const IN_FORCE: Duration = Duration::from_secs(300);

#[test]
fn pods_are_what_their_creator_may_create() {
    let cluster = Cluster::start().unwrap();
    prepare(&cluster);
    the_scheduler_creates_its_tasks_pods(&cluster);
    a_forged_pod_is_refused(&cluster);
    a_consistent_forgery_passes(&cluster);
    secrets::of_airflow_are_not_a_task_s(&cluster);
    webhooks::get_their_verdict(&cluster);
    images::are_istio_s_or_the_operator_s(&cluster);
    levels_pass_where_the_operator_says_so(&cluster);
    no_other_account_creates_pods_of_tasks(&cluster);
    a_pod_s_task_does_not_change(&cluster);
    code_of_authors_changes_nothing(&cluster);
    without_its_names_no_pod_is_created(&cluster);
    document::is_refused_for_its_shape(&cluster);
    modules::have_a_listed_digest(&cluster);
}

fn prepare(cluster: &Cluster) {
    let accounts = [
        "default",
        "airflow-api-server",
        "airflow-scheduler",
        "airflow-worker",
    ];
    let accounts = accounts.map(|name| account(name).to_string());
    let everything = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "everything-to-every-account"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:serviceaccounts"},
        ],
    });
    let manifests = [
        &text("examples/istio/namespace.yaml"),
        &text("examples/istio/teams.yaml"),
        &team_map(&TEAMS).to_string(),
        &everything.to_string(),
        &text("examples/enforce/admission.yaml"),
    ];
    for manifest in manifests.into_iter().chain(&accounts) {
        cluster.kubernetes().apply(manifest).unwrap();
    }
    let forged = changed(&task_pod(), &of_account("airflow-worker-ml"));
    wait::until("the policies to be in force", IN_FORCE, || {
        Ok(create(cluster, SCHEDULER, &forged)
            .err()
            .filter(|refusal| refusal.contains("DAG")))
    })
    .unwrap();
}

fn the_scheduler_creates_its_tasks_pods(cluster: &Cluster) {
    for change in [
        json!({}),
        // For installations in which not all teams have accounts yet.
        changed(
            &of_account("airflow-worker"),
            &annotated("dag_id", "finance_daily"),
        ),
        // As in examples/helm/values.yaml.
        annotated(
            "proxy.istio.io/config",
            "holdApplicationUntilProxyStarts: true\nextraStatTags:\n- dag_id\n- task_id\n",
        ),
        annotated("sidecar.istio.io/nativeSidecar", "true"),
        annotated("example.com/cost-center", "7"),
        annotated("sidecar.istio.io/proxyCPU", "100m"),
        annotated("sidecar.istio.io/proxyMemoryLimit", "1Gi"),
        // The additions of a cloud's webhook, and an exec into the pod by its own operator.
        volume(json!({"projected": {"sources": [
            {"serviceAccountToken": {"audience": "sts.amazonaws.com", "path": "token"}}]}})),
        volume(json!({"csi": {"driver": "secrets-store.csi.k8s.io", "readOnly": true}})),
        volume(json!({"persistentVolumeClaim": {"claimName": "dags"}})),
        volume(json!({"emptyDir": {}})),
        json!({"metadata": {"labels": {"component": null}}}),
    ] {
        create(cluster, SCHEDULER, &changed(&task_pod(), &change)).unwrap();
    }
}

fn a_forged_pod_is_refused(cluster: &Cluster) {
    let mut others = Vec::new();
    for (change, expected) in pods::forgeries() {
        let refusal = create(cluster, SCHEDULER, &changed(&task_pod(), &change)).err();
        let refusal = refusal.unwrap_or_else(|| "admitted".to_owned());
        let by_ours = ["dagward-task-pods", "dagward-accounts"]
            .iter()
            .any(|policy| refusal.contains(policy));
        if !by_ours || !refusal.contains(expected) {
            others.push(format!("{change}: {refusal}"));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

/// Such a pod does not contradict itself. Only the scheduler's own policy and Airflow's answer show the forgery.
fn a_consistent_forgery_passes(cluster: &Cluster) {
    let other = json!({
        "metadata": {"annotations": {"dag_id": "ml_train"}},
        "spec": {"serviceAccountName": "airflow-worker-ml"},
    });
    create(cluster, SCHEDULER, &changed(&task_pod(), &other)).unwrap();
    // Istio lets a pod set fields of its own sidecar. It does not report this if the pod claims that it already had
    // one.
    let sidecar =
        json!({"name": "istio-proxy", "image": "auto", "env": [{"name": "CA_ADDR", "value": "elsewhere:1"}]});
    let with_sidecar = changed(
        &pods::with_container(sidecar),
        &annotated("sidecar.istio.io/status", "{}"),
    );
    create(cluster, SCHEDULER, &changed(&task_pod(), &with_sidecar)).unwrap();
}

fn levels_pass_where_the_operator_says_so(cluster: &Cluster) {
    let levels = changed(
        &annotated("sidecar.istio.io/logLevel", "debug"),
        &annotated("sidecar.istio.io/componentLogLevel", "misc:error,wasm:debug"),
    );
    let levels = changed(&task_pod(), &levels);
    patch_parameters(cluster, &json!({"levels": "plain"}), || {
        create(cluster, SCHEDULER, &levels).ok()
    });
    let more = annotated("sidecar.istio.io/logLevel", "debug -c /own");
    create(cluster, SCHEDULER, &changed(&task_pod(), &more)).unwrap_err();
    patch_parameters(cluster, &json!({"levels": "refused"}), || {
        create(cluster, SCHEDULER, &levels).err()
    });
}

/// Changes the ConfigMap `dagward-admission` and waits until the change takes effect.
fn patch_parameters<T>(cluster: &Cluster, change: &Value, seen: impl Fn() -> Option<T>) {
    let patch = json!({"data": change}).to_string();
    let names = [
        "patch",
        "configmap",
        "dagward-admission",
        "--namespace",
        "airflow",
    ];
    let arguments = [&names[..], &["--type", "merge", "--patch", &patch]].concat();
    ask(cluster, "admin", &arguments, "").unwrap();
    wait::until(&format!("{change} to count"), IN_FORCE, || Ok(seen())).unwrap();
}

fn no_other_account_creates_pods_of_tasks(cluster: &Cluster) {
    let no_task = json!({"metadata": {"annotations": null, "labels": {"dag_id": null}}});
    let no_task = changed(&task_pod(), &no_task);
    let labelled = changed(
        &no_task,
        &json!({"metadata": {"labels": {"dag_id": "sales_daily"}}}),
    );
    let other = changed(&no_task, &of_account("airflow-api-server"));
    create(cluster, CONTROLLER, &no_task).unwrap();
    create(cluster, "admin", &other).unwrap();
    for (creator, pod, expected) in [
        (CONTROLLER, &task_pod(), "set dag_id, run_id, task_id"),
        (CONTROLLER, &labelled, "set dag_id"),
        (
            "admin",
            &task_pod(),
            "only `airflow-scheduler` creates pods of tasks: `admin`",
        ),
        (
            "admin",
            &no_task,
            "create pods of `airflow-worker-sales`: this one is by `admin`",
        ),
    ] {
        let refusal = create(cluster, creator, pod).unwrap_err();
        assert!(
            refusal.contains("dagward-creators") && refusal.contains(expected),
            "{creator}: {refusal}"
        );
    }
}

fn a_pod_s_task_does_not_change(cluster: &Cluster) {
    let pod = task_pod().to_string();
    ask(cluster, SCHEDULER, &["create", "--filename", "-"], &pod).unwrap();
    let patch = |change: &Value, more: &[&str]| {
        let change = change.to_string();
        let arguments = [
            "patch",
            "pod",
            "task",
            "--namespace",
            "airflow",
            "--type",
            "merge",
            "--patch",
            &change,
        ];
        ask(cluster, SCHEDULER, &[&arguments[..], more].concat(), "")
    };
    patch(
        &json!({"metadata": {"labels": {"airflow_executor_done": "True"}}}),
        &[],
    )
    .unwrap();
    let status = ["--subresource", "status"];
    patch(&json!({"status": {"phase": "Running"}}), &status).unwrap();
    for (change, more) in [
        (annotated("dag_id", "ml_train"), &[][..]),
        (json!({"metadata": {"annotations": {"run_id": null}}}), &[]),
        (
            json!({"metadata": {"labels": {"ti_id": "0192f0c1-0000-7000-8000-000000000001"}}}),
            &[],
        ),
        (annotated("task_id", "other"), &status),
    ] {
        let refusal = patch(&change, more).unwrap_err();
        assert!(
            refusal.contains("the task of a pod does not change"),
            "{change}: {refusal}"
        );
    }
    // The API server copies the annotations of a binding into the pod.
    let target = json!({"apiVersion": "v1", "kind": "Node", "name": "node"});
    for path in ["pods/task/binding", "bindings"] {
        let path = format!("/api/v1/namespaces/airflow/{path}");
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding", "target": target,
            "metadata": {"name": "task", "annotations": {"dag_id": "ml_train"}},
        });
        let arguments = ["create", "--raw", &path, "--filename", "-"];
        let refusal = ask(cluster, "admin", &arguments, &binding.to_string()).unwrap_err();
        assert!(
            refusal.contains("the task of a pod does not change: dag_id"),
            "{path}: {refusal}"
        );
    }
}

fn code_of_authors_changes_nothing(cluster: &Cluster) {
    let harmless = json!({"metadata": {"annotations": null, "labels": null}});
    let harmless = changed(&changed(&task_pod(), &harmless), &of_account("default")).to_string();
    for (arguments, input) in [
        (
            &["create", "--dry-run=server", "--filename", "-"][..],
            harmless.as_str(),
        ),
        (&["delete", "pod", "task"], ""),
        (&["exec", "task", "--", "id"], ""),
        (&["create", "token", "airflow-worker-sales"], ""),
        (&["create", "job", "forger", "--image", "forger"], ""),
    ] {
        let arguments = [&["--namespace", "airflow"], arguments].concat();
        for account in [WORKER, "system:serviceaccount:airflow:airflow-triggerer"] {
            let refusal = ask(cluster, account, &arguments, input).unwrap_err();
            assert!(
                refusal.contains("dagward-authors"),
                "{account} {arguments:?}: {refusal}"
            );
        }
    }
    // In a namespace of the team, only Kubernetes' own authorization decides.
    ask(
        cluster,
        WORKER,
        &["--namespace", "default", "create", "configmap", "own"],
        "",
    )
    .unwrap();
}

fn without_its_names_no_pod_is_created(cluster: &Cluster) {
    let pod = changed(&task_pod(), &json!({"metadata": {"name": "another"}}));
    let names = [
        "delete",
        "configmap",
        "dagward-admission",
        "--namespace",
        "airflow",
    ];
    ask(cluster, "admin", &names, "").unwrap();
    wait::until("the names to be gone", IN_FORCE, || {
        Ok(create(cluster, SCHEDULER, &pod)
            .err()
            .filter(|refusal| refusal.contains("no params found")))
    })
    .unwrap();
    cluster
        .kubernetes()
        .apply(&text("examples/enforce/admission.yaml"))
        .unwrap();
    wait::until("the names to be back", IN_FORCE, || {
        Ok(create(cluster, SCHEDULER, &pod).ok())
    })
    .unwrap();
}

fn account(name: &str) -> Value {
    let metadata = json!({"name": name, "namespace": "airflow"});
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
}

fn of_account(name: &str) -> Value {
    json!({"spec": {"serviceAccountName": name}})
}

fn volume(source: Value) -> Value {
    json!({"spec": {"volumes": [changed(&json!({"name": "own"}), &source)]}})
}

fn annotated(name: &str, value: &str) -> Value {
    json!({"metadata": {"annotations": {name: value}}})
}

/// Whether `user` may create the pod. All of admission runs, including Istio's injection, and the API server stores
/// nothing.
fn create(cluster: &Cluster, user: &str, pod: &Value) -> Result<(), String> {
    let arguments = ["create", "--dry-run=server", "--filename", "-"];
    ask(cluster, user, &arguments, &pod.to_string())
}

/// Runs `kubectl` as `user`. The error is the API server's message.
pub(crate) fn ask(cluster: &Cluster, user: &str, arguments: &[&str], input: &str) -> Result<(), String> {
    printed(cluster, user, arguments, input).map(drop)
}

/// The same, with the output.
fn printed(cluster: &Cluster, user: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut kubectl: Command = cluster.kubernetes().kubectl();
    let group = match user {
        "admin" => "system:masters",
        _ => "system:serviceaccounts",
    };
    kubectl.args(["--as", user, "--as-group", group]).args(arguments);
    let mut kubectl = kubectl
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    kubectl.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = kubectl.wait_with_output().unwrap();
    let [printed, error] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    match output.status.success() {
        true => Ok(printed),
        false => Err(error),
    }
}
