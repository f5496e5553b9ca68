//! The objects that the Helm chart makes, reduced to the parts that matter here.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use dagward_releases::{Release, secret};
use dagward_shipped::manifest;
use dagward_workbench::paths;

/// The namespace of Airflow.
pub const NAMESPACE: &str = "airflow";

/// The api-server's account and service.
const API_SERVER: &str = "airflow-api-server";

const SCHEDULER: &str = "airflow-scheduler";
const DAG_PROCESSOR: &str = "airflow-dag-processor";

/// The port of the api-server.
pub(super) const PORT: u16 = 8080;

/// The container of every component and of every task.
pub(super) const CONTAINER: &str = "base";

/// The folder of Airflow's own files in a container.
const HOME: &str = "/opt/airflow";

/// The secret with the values that components need and tasks must not get.
const SECRET: &str = "airflow";

/// The config map with the cluster policy, and its file.
const POLICY: &str = "airflow-local-settings";
const POLICY_FILE: &str = "airflow_local_settings.py";

/// The map of teams that the cluster policy reads, and the folder in which it looks for it.
const TEAMS: (&str, &str) = ("dagward-teams", "/etc/dagward/teams");

/// The config map with the executor's pod template, and its file.
const TEMPLATE: &str = "airflow-pod-template";
const TEMPLATE_FILE: &str = "pod_template_file.yaml";

/// The values that all objects of one Airflow share.
#[derive(Debug)]
pub(super) struct Manifests {
    image: String,
    environment: Vec<Value>,
    secret: Value,
    account: String,
    annotations: Value,
}

/// The names of the pods of api-server and scheduler, for the first pair or a later one.
pub(super) fn names(generation: u32) -> [String; 2] {
    [API_SERVER, SCHEDULER].map(|account| format!("{account}-{generation}"))
}

impl Manifests {
    /// The objects for DAGs in a folder of the workspace, which containers see at the same path.
    pub(super) fn new(release: Release, dags: &Path, database: &str, account: &str) -> Result<Self> {
        let files = paths::workspace().join("lab/airflow");
        let environment = [
            ("HOME", HOME),
            ("AIRFLOW_HOME", HOME),
            ("AIRFLOW_CONFIG", &files.join("airflow.cfg").display().to_string()),
            // The lab's own modules, which DAGs import.
            ("PYTHONPATH", &files.display().to_string()),
            ("AIRFLOW__CORE__DAGS_FOLDER", &dags.display().to_string()),
            ("AIRFLOW__CORE__EXECUTOR", "KubernetesExecutor"),
            // If another pod takes over a task's name, Airflow believes that the task runs for
            // ever.
            ("AIRFLOW__CORE__PARALLELISM", "64"),
            ("AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE", NAMESPACE),
            (
                "AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE",
                &format!("/template/{TEMPLATE_FILE}"),
            ),
            // The tests read the pods' logs after their end.
            ("AIRFLOW__KUBERNETES_EXECUTOR__DELETE_WORKER_PODS", "False"),
            (
                "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE",
                "16",
            ),
        ];
        let environment = environment.map(|(name, value)| json!({"name": name, "value": value}));
        let values = manifest::read("examples/helm/values.yaml")?;
        let annotations = values.get("airflowPodAnnotations");
        Ok(Self {
            annotations: annotations.context("no annotations of pods")?.clone(),
            image: format!("lab/airflow:{}", release.version),
            environment: environment.into(),
            secret: json!({
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
                "AIRFLOW__API_AUTH__JWT_SECRET": secret()?,
                "AIRFLOW__API__SECRET_KEY": secret()?,
            }),
            account: account.to_owned(),
        })
    }

    /// The objects that the pods depend on.
    pub(super) fn common(&self) -> Vec<Value> {
        let accounts = [API_SERVER, SCHEDULER, DAG_PROCESSOR];
        let accounts = accounts.map(|name| object("ServiceAccount", name, json!({})));
        let secret = object("Secret", SECRET, json!({"stringData": self.secret}));
        let ports = json!([{"name": "http-api-server", "port": PORT}]);
        let service = json!({"spec": {"selector": {"component": "api-server"}, "ports": ports}});
        let template = config(TEMPLATE, TEMPLATE_FILE, &self.template().to_string());
        let mut items = Vec::from(accounts);
        items.extend([secret, object("Service", API_SERVER, service), template]);
        items
    }

    /// The pods of api-server and scheduler, with a policy or without one.
    pub(super) fn components(&self, generation: u32, policy: Option<&str>) -> Vec<Value> {
        let [server, scheduler] = names(generation);
        let mut mounts = vec![(TEMPLATE, "/template")];
        if policy.is_some() {
            mounts.extend([(POLICY, "/opt/airflow/config"), TEAMS]);
        }
        // Airflow builds its execution API at the first request for it, which takes seconds.
        let probe = json!({"httpGet": {"path": "/execution/health", "port": PORT}});
        let serve = json!({
            "command": ["airflow", "api-server", "--port", PORT.to_string(), "--workers", "1"],
            "ports": [{"name": "api-server", "containerPort": PORT}],
            "readinessProbe": probe,
        });
        let schedule = json!({"command": ["airflow", "scheduler", "--skip-serve-logs"]});
        let policy = policy.map(|policy| config(POLICY, POLICY_FILE, policy));
        let pods = [
            self.component(&server, API_SERVER, &mounts, serve),
            self.component(&scheduler, SCHEDULER, &mounts, schedule),
        ];
        policy.into_iter().chain(pods).collect()
    }

    /// The pod of the DAG processor.
    pub(super) fn dag_processor(&self) -> Value {
        let container = json!({"command": ["airflow", "dag-processor"]});
        self.component(DAG_PROCESSOR, DAG_PROCESSOR, &[], container)
    }

    /// The executor's template for a task's pod.
    fn template(&self) -> Value {
        let metadata = json!({"name": "task", "labels": labels("worker"), "annotations": self.annotations});
        self.pod(metadata, &self.account, &[], json!({}))
    }

    /// A pod that has the secret.
    fn component(&self, name: &str, account: &str, mounts: &[(&str, &str)], container: Value) -> Value {
        let component = account.trim_start_matches("airflow-");
        let metadata = json!({
            "name": name,
            "namespace": NAMESPACE,
            "labels": labels(component),
            "annotations": self.annotations,
        });
        let secret = json!({"envFrom": [{"secretRef": {"name": SECRET}}]});
        self.pod(metadata, account, mounts, merged(container, secret))
    }

    fn pod(&self, metadata: Value, account: &str, mounts: &[(&str, &str)], container: Value) -> Value {
        let volume = |(name, _): &(&str, &str)| json!({"name": name, "configMap": {"name": name}});
        let mount = |(name, path): &(&str, &str)| json!({"name": name, "mountPath": path});
        let mut volumes = vec![json!({"name": "home", "emptyDir": {}})];
        volumes.extend(mounts.iter().map(volume));
        let mut volume_mounts = vec![json!({"name": "home", "mountPath": HOME})];
        volume_mounts.extend(mounts.iter().map(mount));
        let usual = json!({
            "name": CONTAINER,
            "image": self.image,
            "env": self.environment,
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": volume_mounts,
        });
        let spec = json!({
            "serviceAccountName": account,
            "restartPolicy": "Never",
            "securityContext": {"runAsUser": 50000, "runAsGroup": 0, "fsGroup": 0},
            "containers": [merged(usual, container)],
            "volumes": volumes,
        });
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    }
}

fn labels(component: &str) -> Value {
    json!({"tier": "airflow", "component": component, "release": "airflow"})
}

/// An object of the namespace.
fn object(kind: &str, name: &str, fields: Value) -> Value {
    let metadata = json!({"name": name, "namespace": NAMESPACE});
    merged(
        json!({"apiVersion": "v1", "kind": kind, "metadata": metadata}),
        fields,
    )
}

/// A config map with one file.
fn config(name: &str, file: &str, content: &str) -> Value {
    object("ConfigMap", name, json!({"data": {file: content}}))
}

/// The fields of both objects.
fn merged(mut object: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (object.as_object_mut(), more) {
        fields.extend(more);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use dagward_shipped::chart::{Executor, Facts, Object};

    #[test]
    fn pods_are_those_of_the_chart() {
        let facts = Facts::kept().unwrap();
        let release = Release::V3_3;
        let mut renderings = facts.renderings();
        let (_, objects) = renderings
            .find(|(combination, _)| {
                combination.executor == Executor::Kubernetes && combination.airflow == release.version
            })
            .unwrap();
        let manifests = Manifests::new(release, Path::new("/dags"), "", "airflow-worker").unwrap();
        let mut pods = manifests.components(1, None);
        pods.extend([manifests.dag_processor(), manifests.template()]);
        for (name, pod) in [API_SERVER, SCHEDULER, DAG_PROCESSOR, "task"].iter().zip(pods) {
            let mut of_name = objects.iter().filter(|object| object.name == *name);
            let expected = of_name.find_map(|object| Object::pods(object)).unwrap();
            let metadata = &pod["metadata"];
            assert_eq!(metadata["labels"], json!(expected.labels), "{name}");
            let annotations = metadata["annotations"].as_object().unwrap().keys();
            assert!(annotations.eq(&expected.annotations), "{name}");
            let spec = &pod["spec"];
            assert_eq!(spec["serviceAccountName"], expected.account, "{name}");
            assert_eq!(
                spec["securityContext"]["runAsUser"],
                json!(expected.user),
                "{name}"
            );
            assert_eq!(
                spec["securityContext"]["runAsGroup"],
                json!(expected.group),
                "{name}"
            );
            let ports = expected.containers.iter().flat_map(|container| &container.ports);
            let ports: Vec<_> = ports
                .map(|port| json!({"name": port.name, "containerPort": port.number}))
                .collect();
            let own = spec["containers"][0]
                .get("ports")
                .cloned()
                .unwrap_or_else(|| json!([]));
            assert_eq!(own, json!(ports), "{name}");
        }
    }
}
