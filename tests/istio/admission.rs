//! `examples/enforce/admission.yaml`: the API server ties service account, annotations and creator of a pod together.
//!
//! Every service account may do everything here, so that admission alone stands between.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use dagward_lab::istio::Cluster;
use dagward_lab::wait;
use serde_json::{Value, json};

mod document;
mod images;
mod modules;
mod pods;
mod webhooks;

use crate::files::{team_map, text};
use pods::{changed, task_pod};

const SCHEDULER: &str = "system:serviceaccount:airflow:airflow-scheduler";

/// The teams of `examples/istio/teams.yaml`.
const TEAMS: [(&str, &str); 2] = [("sales", "airflow-worker-sales"), ("ml", "airflow-worker-ml")];

const WORKER: &str = "system:serviceaccount:airflow:airflow-worker-ml";

/// Kubernetes' own, which creates the pods of a Celery worker set.
const CONTROLLER: &str = "system:serviceaccount:kube-system:statefulset-controller";

/// A policy takes effect a moment after it was applied.
const IN_FORCE: Duration = Duration::from_secs(30);

#[test]
fn pods_are_what_their_creator_may_create() {
    let cluster = Cluster::start().unwrap();
    prepare(&cluster);
    the_scheduler_creates_its_tasks_pods(&cluster);
    a_forged_pod_is_refused(&cluster);
    a_consistent_forgery_passes(&cluster);
    webhooks::get_their_verdict(&cluster);
    images::are_istio_s_or_the_operator_s(&cluster);
    levels_pass_where_the_operator_says_so(&cluster);
    nobody_else_creates_pods_of_tasks(&cluster);
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
        // Where not all teams have accounts yet.
        changed(
            &of_account("airflow-worker"),
            &annotated("dag_id", "finance_daily"),
        ),
        // As examples/helm/values.yaml has it.
        annotated(
            "proxy.istio.io/config",
            "holdApplicationUntilProxyStarts: true\nextraStatTags:\n- dag_id\n- task_id\n",
        ),
        annotated("sidecar.istio.io/nativeSidecar", "true"),
        annotated("example.com/cost-center", "7"),
        annotated("sidecar.istio.io/proxyCPU", "100m"),
        annotated("sidecar.istio.io/proxyMemoryLimit", "1Gi"),
        // What a cloud's webhook adds, and what the pod's own operator does.
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

/// Nothing in such a pod contradicts itself. The scheduler's own policy knows better, and Airflow's answer.
fn a_consistent_forgery_passes(cluster: &Cluster) {
    let other = json!({
        "metadata": {"annotations": {"dag_id": "ml_train"}},
        "spec": {"serviceAccountName": "airflow-worker-ml"},
    });
    create(cluster, SCHEDULER, &changed(&task_pod(), &other)).unwrap();
    // Istio lets a pod set fields of its own sidecar, and keeps quiet of it where the pod says that it had one before.
    let sidecar =
        json!({"name": "istio-proxy", "image": "auto", "env": [{"name": "CA_ADDR", "value": "elsewhere:1"}]});
    let with_sidecar = changed(
        &pods::with_container(sidecar),
        &annotated("sidecar.istio.io/status", "{}"),
    );
    create(cluster, SCHEDULER, &changed(&task_pod(), &with_sidecar)).unwrap();
}

fn levels_pass_where_the_operator_says_so(cluster: &Cluster) {
    let patch = |levels: &str| {
        let change = json!({"data": {"levels": levels}}).to_string();
        let names = [
            "patch",
            "configmap",
            "dagward-admission",
            "--namespace",
            "airflow",
        ];
        let patch = [&names[..], &["--type", "merge", "--patch", &change]].concat();
        ask(cluster, "admin", &patch, "").unwrap();
    };
    let levels = changed(
        &annotated("sidecar.istio.io/logLevel", "debug"),
        &annotated("sidecar.istio.io/componentLogLevel", "misc:error,wasm:debug"),
    );
    let levels = changed(&task_pod(), &levels);
    patch("plain");
    wait::until("levels to pass", IN_FORCE, || {
        Ok(create(cluster, SCHEDULER, &levels).ok())
    })
    .unwrap();
    let more = annotated("sidecar.istio.io/logLevel", "debug -c /own");
    create(cluster, SCHEDULER, &changed(&task_pod(), &more)).unwrap_err();
    patch("refused");
    wait::until("levels to be refused", IN_FORCE, || {
        Ok(create(cluster, SCHEDULER, &levels).err())
    })
    .unwrap();
}

fn nobody_else_creates_pods_of_tasks(cluster: &Cluster) {
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
    // In a namespace of its team it is Kubernetes' own business.
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

/// Whether `user` may create the pod: all of admission, Istio's injection too, and nothing stored.
fn create(cluster: &Cluster, user: &str, pod: &Value) -> Result<(), String> {
    let arguments = ["create", "--dry-run=server", "--filename", "-"];
    ask(cluster, user, &arguments, &pod.to_string())
}

/// `kubectl` as `user`; the error is what the API server says.
fn ask(cluster: &Cluster, user: &str, arguments: &[&str], input: &str) -> Result<(), String> {
    printed(cluster, user, arguments, input).map(drop)
}

/// The same, and what it prints.
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
