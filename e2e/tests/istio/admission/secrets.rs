//! Airflow's own Secrets: the database's URL, the Fernet key and the keys that sign tokens. A DAG author can name one
//! in a `pod_override`, and the API server gives it to the pod.

use dagward_cluster::Cluster;
use serde_json::{Value, json};

use super::pods::{changed, task_pod};
use super::{SCHEDULER, create, patch_parameters, volume};

/// The Secrets of the official chart under the release name `airflow` (`lab/chart/facts.json`), and the names that a
/// later chart may add.
const OF_AIRFLOW: [&str; 8] = [
    "airflow-metadata",
    "airflow-fernet-key",
    "airflow-broker-url",
    "airflow-redis-password",
    "airflow-jwt-secret",
    "airflow-api-secret-key",
    "airflow-webserver-secret-key",
    "airflow-of-a-later-chart",
];

/// One pod for each way in which a pod can name the Secret.
fn naming(secret: &str) -> Vec<Value> {
    let container = |name: &str, change: Value| {
        let own = json!({
            "name": name,
            "image": "own",
            "securityContext": {"allowPrivilegeEscalation": false},
        });
        changed(&own, &change)
    };
    let variable = json!({"env": [
        {"name": "PLAIN", "value": "1"},
        {"name": "OWN", "valueFrom": {"secretKeyRef": {"name": secret, "key": "k", "optional": true}}},
    ]});
    let all = json!({"envFrom": [{"configMapRef": {"name": "own"}}, {"secretRef": {"name": secret}}]});
    let base = task_pod()["spec"]["containers"][0].clone();
    vec![
        json!({"spec": {"containers": [changed(&base, &variable)]}}),
        json!({"spec": {"containers": [changed(&base, &all)]}}),
        json!({"spec": {"containers": [base, container("beside", all)]}}),
        json!({"spec": {"initContainers": [container("before", variable)]}}),
        volume(json!({"secret": {"secretName": secret}})),
        volume(json!({"projected": {"sources": [
            {"configMap": {"name": "own"}}, {"secret": {"name": secret}}]}})),
        volume(json!({"azureFile": {"secretName": secret, "shareName": "own"}})),
        volume(
            json!({"csi": {"driver": "secrets-store.csi.k8s.io", "nodePublishSecretRef": {"name": secret}}}),
        ),
        attribute("file.csi.azure.com", "secretName", secret),
        attribute("blob.csi.azure.com", "SECRETname", secret),
    ]
}

/// A volume whose driver finds its Secret by an attribute.
fn attribute(driver: &str, key: &str, secret: &str) -> Value {
    volume(json!({"csi": {"driver": driver, "volumeAttributes": {key: secret, "shareName": "own"}}}))
}

pub(super) fn of_airflow_are_not_a_task_s(cluster: &Cluster) {
    let mut others = Vec::new();
    for secret in OF_AIRFLOW {
        for change in naming(secret) {
            let refusal = create(cluster, SCHEDULER, &changed(&task_pod(), &change)).err();
            let expected = format!("a task has no Secret of Airflow's own: {secret};");
            if !refusal
                .as_ref()
                .is_some_and(|refusal| refusal.contains(&expected))
            {
                others.push(format!("{change}: {refusal:?}"));
            }
        }
    }
    // Secrets of the team's own, and the key with which git-sync clones. Only the kubelet reads an image pull secret.
    for secret in ["sales-warehouse", "airflow-ssh-secret"] {
        for change in naming(secret) {
            let verdict = create(cluster, SCHEDULER, &changed(&task_pod(), &change));
            others.extend(verdict.err().map(|refusal| format!("{change}: {refusal}")));
        }
    }
    let images = json!({"spec": {"imagePullSecrets": [{"name": "airflow-registry"}]}});
    create(cluster, SCHEDULER, &changed(&task_pod(), &images)).unwrap();
    assert!(others.is_empty(), "{}", others.join("\n"));
    the_operator_names_them(cluster);
}

fn the_operator_names_them(cluster: &Cluster) {
    let pod = |secret: &str| changed(&task_pod(), &volume(json!({"secret": {"secretName": secret}})));
    let [database, own] = ["airflow-metadata", "company-database"].map(pod);
    // Airflow 2.11, and a database whose Secret has another name.
    patch_parameters(
        cluster,
        &json!({"taskSecrets": "airflow-ssh-secret airflow-metadata airflow-fernet-key", "secrets": "airflow- company-"}),
        || create(cluster, SCHEDULER, &database).ok(),
    );
    let refusal = create(cluster, SCHEDULER, &own).unwrap_err();
    assert!(refusal.contains("company-database"), "{refusal}");
    // An older ConfigMap lacks the field: then the chart's names apply.
    patch_parameters(cluster, &json!({"taskSecrets": null, "secrets": null}), || {
        create(cluster, SCHEDULER, &database).err()
    });
    create(cluster, SCHEDULER, &own).unwrap();
    patch_parameters(
        cluster,
        &json!({"taskSecrets": "airflow-ssh-secret", "secrets": "airflow-"}),
        || create(cluster, SCHEDULER, &pod("airflow-ssh-secret")).ok(),
    );
}
