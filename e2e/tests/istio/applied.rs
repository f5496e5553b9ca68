//! `kubectl apply -k .`: the API server and istiod accept every object, and Istio's analyzer finds no fault in them.

use std::process::Command;

use dagward_cluster::Cluster;
use dagward_workbench::paths;
use serde_json::json;

use crate::files::text;

/// The pods that the files select by their labels.
const COMPONENTS: [&str; 8] = [
    "api-server",
    "dag-processor",
    "execution-api-server",
    "flower",
    "scheduler",
    "triggerer",
    "webserver",
    "worker",
];

#[test]
fn all_of_it_is_accepted() {
    let mut cluster = Cluster::start().unwrap();
    let mut apply = cluster.kubernetes().kubectl();
    let applied = printed(apply.args(["apply", "--kustomize"]).arg(paths::workspace()));
    for object in [
        "namespace/airflow",
        "configmap/dagward-teams",
        "validatingadmissionpolicy.admissionregistration.k8s.io/dagward-document",
        "rolebinding.rbac.authorization.k8s.io/airflow-task-pods",
        "peerauthentication.security.istio.io/default",
        "sidecar.networking.istio.io/api-server",
        "telemetry.telemetry.istio.io/dagward",
        "wasmplugin.extensions.istio.io/dagward",
    ] {
        assert!(
            applied.contains(&format!("{object} created")),
            "{object}: {applied}"
        );
    }
    cluster
        .kubernetes()
        .apply(&text("examples/enforce/admission.yaml"))
        .unwrap();

    for component in COMPONENTS {
        let labels = json!({"tier": "airflow", "component": component});
        let metadata = json!({"name": component, "namespace": "airflow", "labels": labels});
        let container = json!({"name": "base", "image": "none", "command": ["sleep", "infinity"]});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}});
        cluster.kubernetes().apply(&pod.to_string()).unwrap();
        // Prometheus finds the pod's metrics by these annotations, both Istio's and the plugin's.
        let pod = cluster
            .api()
            .get(&format!("/api/v1/namespaces/airflow/pods/{component}"));
        let annotations = pod.unwrap()["metadata"]["annotations"].clone();
        assert_eq!(annotations["prometheus.io/scrape"], "true");
        assert_eq!(annotations["prometheus.io/path"], "/stats/prometheus");
    }
    let mut analyze = cluster.istiod().istioctl();
    analyze.args(["analyze", "--namespace", "airflow"]);
    // istiod is not a pod here, so its webhooks have an address. Istio's analyzer expects a service name.
    let found = printed(analyze.args(["--suppress", "IST0164=*"]));
    assert!(found.contains("No validation issues found"), "{found}");
}

#[test]
fn the_scheduler_may_run_its_executor_and_no_more() {
    let cluster = Cluster::start().unwrap();
    for file in ["namespace.yaml", "teams.yaml", "scheduler.yaml"] {
        let manifest = text(&format!("examples/istio/{file}"));
        cluster.kubernetes().apply(&manifest).unwrap();
    }
    let may = |account: &str, asked: &str| {
        let user = format!("system:serviceaccount:airflow:{account}");
        let mut kubectl = cluster.kubernetes().kubectl();
        kubectl.args(["auth", "can-i", "--namespace", "airflow", "--as", &user]);
        kubectl.args(asked.split(' ')).output().unwrap().status.success()
    };
    for verb in ["create", "get", "list", "watch", "patch", "delete"] {
        let asked = format!("{verb} pods");
        assert!(may("airflow-scheduler", &asked), "{verb}");
        assert!(!may("airflow-worker-sales", &asked), "{verb}");
    }
    for asked in [
        "create pods --subresource exec",
        "create serviceaccounts --subresource token",
        "get secrets",
    ] {
        assert!(!may("airflow-scheduler", asked), "{asked}");
    }
}

/// The output of a command, which must succeed.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    assert!(output.status.success(), "{printed}");
    printed
}
