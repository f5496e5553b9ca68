//! One rendering of the chart, as objects for the API server.

use dagward_shipped::chart::{Container, Executor, Facts, Kind, Object, Pods};
use dagward_shipped::manifest;
use serde_json::{Value, json};

use super::{HERE, RELEASE};
use crate::objects::service_of_chart;

/// The folder into which git-sync writes the DAGs.
const DAGS: &str = "/git";

/// The objects that the chart makes for an executor, with remote logs and git-sync.
pub(super) struct Rendered {
    objects: Vec<Object>,
    repository: String,
}

impl Rendered {
    /// The rendering whose git-sync fetches `repository`.
    pub(super) fn of(executor: Executor, repository: &str) -> Self {
        let facts = Facts::kept().unwrap();
        let mut renderings = facts.renderings();
        let (_, objects) = renderings
            .find(|(combination, _)| {
                combination.executor == executor
                    && combination.git_sync
                    && combination.default_set
                    && combination.airflow == RELEASE
            })
            .unwrap();
        Self {
            objects: objects.into_iter().cloned().collect(),
            repository: repository.to_owned(),
        }
    }

    /// The accounts that the chart makes.
    pub(super) fn accounts(&self) -> Vec<Value> {
        let accounts = self.objects.iter().filter_map(|object| {
            let Kind::Account(token) = object.kind else {
                return None;
            };
            let metadata = json!({"name": object.name, "namespace": HERE});
            Some(json!({
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata,
                "automountServiceAccountToken": token,
            }))
        });
        accounts.collect()
    }

    /// The Service of this name.
    pub(super) fn service(&self, name: &str) -> Value {
        let mut found = self.objects.iter().filter(|object| object.name == name);
        found.find_map(|object| service_of_chart(HERE, object)).unwrap()
    }

    /// The connection that Airflow reads before a task starts, as its settings name it.
    pub(super) fn log_store(&self) -> &str {
        let settings = self.objects.iter().find_map(|object| match &object.kind {
            Kind::Settings(settings) => Some(settings),
            _ => None,
        });
        let settings = settings.unwrap();
        assert_eq!(settings["remote_logging"], "True");
        &settings["remote_log_conn_id"]
    }

    /// The pod of a workload.
    pub(super) fn pod(&self, name: &str) -> Value {
        self.pod_of(name, name)
    }

    /// The same under another name.
    pub(super) fn pod_of(&self, workload: &str, name: &str) -> Value {
        let mut found = self.objects.iter().filter(|object| object.name == workload);
        let pods = found.find_map(Object::pods).unwrap();
        let values = manifest::read("examples/helm/values.yaml").unwrap();
        let annotations = values["airflowPodAnnotations"].clone();
        let names: Vec<_> = annotations.as_object().unwrap().keys().collect();
        assert!(pods.annotations.iter().eq(names), "{:?}", pods.annotations);
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": HERE, "labels": pods.labels, "annotations": annotations},
            "spec": {
                "serviceAccountName": pods.account,
                "securityContext": {"runAsUser": pods.user, "runAsGroup": pods.group},
                "initContainers": self.containers(pods, true),
                "containers": self.containers(pods, false),
                "volumes": [{"name": "dags", "emptyDir": {}}],
            },
        })
    }

    fn containers(&self, pods: &Pods, init: bool) -> Vec<Value> {
        let containers = pods.containers.iter();
        let containers = containers.filter(|container| container.init == init);
        containers.map(|container| self.container(container)).collect()
    }

    /// A container with the test's own program, and git instead of git-sync.
    fn container(&self, container: &Container) -> Value {
        let ports = container.ports.iter();
        let ports = ports.map(|port| json!({"name": port.name, "containerPort": port.number}));
        let shell = |script: String| json!(["sh", "-c", script]);
        let repository = &self.repository;
        let command = match &*container.name {
            "git-sync-init" => shell(format!("git clone --quiet {repository} {DAGS}/dags")),
            "git-sync" => shell(format!("git ls-remote {repository} && exec sleep infinity")),
            _ if container.init => json!(["true"]),
            _ => json!(["sleep", "infinity"]),
        };
        json!({
            "name": container.name,
            "image": "none",
            "command": command,
            "env": [{"name": "HOME", "value": "/tmp"}],
            "ports": ports.collect::<Vec<_>>(),
            "securityContext": {
                "runAsUser": container.user,
                "runAsGroup": container.group,
                "allowPrivilegeEscalation": container.escalates,
            },
            "volumeMounts": [{"name": "dags", "mountPath": DAGS}],
        })
    }
}
