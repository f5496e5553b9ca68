//! Pods of KubernetesPodOperator: a task makes them, with the rights of its team's account.

use serde_json::{Value, json};

use super::Stage;

const DAG: &str = "sales_operator";

/// The account of the tasks that make pods.
const ACCOUNT: &str = "airflow-worker-sales";

/// Only Kubernetes' own authorization decides about a pod in the team's namespace. Admission refuses the pod in
/// Airflow's namespace, though the account has the right to make it.
pub(crate) fn makes_pods_in_its_team_s_namespace(stage: &Stage<'_>) {
    let api = stage.scene.cluster.api();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sales"}});
    stage.scene.apply(&[namespace]);
    for namespace in ["sales", "airflow"] {
        stage.scene.apply(&may_launch_pods(namespace, &[ACCOUNT]));
    }
    give_tokens(stage, &[ACCOUNT]);

    let refused = stage.counted("dagward_denied_total", "no_rule_allows");
    stage.rest.trigger(DAG, "pods", &json!({})).unwrap();
    assert_eq!(stage.rest.finished(DAG, "pods").unwrap(), "failed");
    let states = stage.rest.task_states(DAG, "pods").unwrap();
    let log = |task: &str| {
        let pod = stage.pod(DAG, task, "pods").unwrap();
        stage.ended(&pod);
        stage.airflow.log(&pod, "base").unwrap()
    };
    let [own, beside] = ["own", "beside"].map(log);
    assert_eq!(states["own"], "success", "{own}");
    assert_eq!(states["beside"], "failed", "{beside}");
    // Each has asked for `kubernetes_default`, got a `404`, and continued without it.
    let refused = stage.counted("dagward_denied_total", "no_rule_allows") - refused;
    assert!(refused >= 2.0, "{refused}");

    let made = api.find("/api/v1/namespaces/sales/pods/own").unwrap().unwrap();
    assert_eq!(made["metadata"]["labels"]["dag_id"], DAG, "{made}");
    assert_eq!(made["metadata"]["annotations"]["dag_id"], Value::Null, "{made}");
    assert_eq!(made["spec"]["serviceAccountName"], "default", "{made}");
    assert!(own.contains("made by an operator"), "{own}");
    assert_eq!(api.find("/api/v1/namespaces/airflow/pods/beside").unwrap(), None);
    let said = "pods of KubernetesPodOperator belong into a namespace of their team";
    assert!(beside.contains(said), "{beside}");

    let binding = "rbac.authorization.k8s.io/v1/namespaces/airflow/rolebindings/airflow-pod-launcher";
    api.remove(&format!("/apis/{binding}")).unwrap();
}

/// The chart's rights: these accounts may make pods in the namespace.
pub(super) fn may_launch_pods(namespace: &str, accounts: &[&str]) -> [Value; 2] {
    let group = "rbac.authorization.k8s.io";
    let metadata = json!({"name": "airflow-pod-launcher", "namespace": namespace});
    let verbs = ["create", "get", "list", "watch", "patch", "delete"];
    let subject = |name: &&str| json!({"kind": "ServiceAccount", "name": name, "namespace": "airflow"});
    let subjects: Vec<_> = accounts.iter().map(subject).collect();
    [
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata,
            "rules": [
                {"apiGroups": [""], "resources": ["pods"], "verbs": verbs},
                {"apiGroups": [""], "resources": ["pods/log", "events"], "verbs": ["get", "list", "watch"]},
            ],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "airflow-pod-launcher"},
            "subjects": subjects,
        }),
    ]
}

/// Gives pods of these accounts a token for Kubernetes.
pub(super) fn give_tokens(stage: &Stage<'_>, accounts: &[&str]) {
    for account in accounts {
        let path = format!("/api/v1/namespaces/airflow/serviceaccounts/{account}");
        let token = json!({"automountServiceAccountToken": true});
        stage.scene.cluster.api().change(&path, &token).unwrap();
    }
}
