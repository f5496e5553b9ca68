//! Extracts the facts from rendered objects.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::object::{Container, Kind, Object, Pods, Port, Service};
use crate::manifest;

/// The labels by which the files of `examples/` select pods, and the label that Istio reads.
const LABELS: [&str; 6] = [
    "app.kubernetes.io/name",
    "component",
    "release",
    "sidecar.istio.io/inject",
    "tier",
    "worker-set",
];

const POD_TEMPLATE: &str = "/data/pod_template_file.yaml";

const SETTINGS: &str = "/data/airflow.cfg";

/// The facts of an object.
pub(super) fn object(object: &Value) -> Result<Vec<Object>> {
    let name = text(object, "/metadata/name").context("an object without a name")?;
    let of = |kind| {
        Ok(vec![Object {
            name: name.to_owned(),
            kind,
        }])
    };
    let pods = |at: &str| {
        let pod = object
            .pointer(at)
            .with_context(|| format!("`{name}` has no pods"))?;
        pods(pod).with_context(|| format!("the pods of `{name}`"))
    };
    match text(object, "/kind").unwrap_or_default() {
        "Deployment" | "StatefulSet" | "Job" => of(Kind::Pods(pods("/spec/template")?)),
        "CronJob" => of(Kind::Pods(pods("/spec/jobTemplate/spec/template")?)),
        "ConfigMap" => {
            let mut found = Vec::new();
            if let Some(template) = text(object, POD_TEMPLATE) {
                let template = manifest::parse(template)?;
                found.push(Object {
                    name: "task".to_owned(),
                    kind: Kind::Pods(self::pods(&template).context("the pods of tasks")?),
                });
            }
            if let Some(settings) = text(object, SETTINGS) {
                found.extend(of(Kind::Settings(remote_logs(settings)))?);
            }
            Ok(found)
        }
        "Service" => of(Kind::Service(Service {
            selector: strings(object.pointer("/spec/selector")),
            ports: list(object, "/spec/ports")
                .map(|item| port(item, "port"))
                .collect::<Result<_>>()?,
        })),
        "ServiceAccount" => {
            let token = object.pointer("/automountServiceAccountToken");
            of(Kind::Account(token.and_then(Value::as_bool)))
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            let subjects = list(object, "/subjects").filter_map(|subject| text(subject, "/name"));
            of(Kind::Binding(subjects.map(str::to_owned).collect()))
        }
        "NetworkPolicy" => of(Kind::Traffic),
        _ => Ok(Vec::new()),
    }
}

/// The settings of the remote log store in the section `[logging]` of Airflow's settings.
fn remote_logs(settings: &str) -> BTreeMap<String, String> {
    let lines = settings.lines().map(str::trim);
    let section = lines.skip_while(|line| *line != "[logging]").skip(1);
    let section = section.take_while(|line| !line.starts_with('['));
    let entries = section.filter_map(|line| line.split_once(" = "));
    entries
        .filter(|(name, _)| name.starts_with("remote_"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn pods(pod: &Value) -> Result<Pods> {
    let mut labels = strings(pod.pointer("/metadata/labels"));
    labels.retain(|name, _| LABELS.contains(&&**name));
    let annotations = strings(pod.pointer("/metadata/annotations"));
    let annotations = annotations.into_keys().filter(|name| name.contains("istio.io/"));
    let secrets: BTreeMap<_, _> = list(pod, "/spec/volumes")
        .filter_map(|volume| Some((text(volume, "/name")?, text(volume, "/secret/secretName")?)))
        .collect();
    let containers = [("/spec/initContainers", true), ("/spec/containers", false)];
    let containers = containers
        .into_iter()
        .flat_map(|(field, init)| list(pod, field).map(move |item| (item, init)));
    Ok(Pods {
        account: text(pod, "/spec/serviceAccountName")
            .unwrap_or("default")
            .to_owned(),
        token: pod
            .pointer("/spec/automountServiceAccountToken")
            .and_then(Value::as_bool),
        labels,
        annotations: annotations.collect(),
        user: number(pod, "/spec/securityContext/runAsUser"),
        group: number(pod, "/spec/securityContext/runAsGroup"),
        volumes: secrets.values().map(|secret| (*secret).to_owned()).collect(),
        containers: containers
            .map(|(item, init)| container(item, init, &secrets))
            .collect::<Result<_>>()?,
    })
}

fn container(container: &Value, init: bool, secrets: &BTreeMap<&str, &str>) -> Result<Container> {
    let name = text(container, "/name").context("a container without a name")?;
    let mut seen = BTreeSet::new();
    let mut from_secrets = BTreeMap::new();
    for variable in list(container, "/env") {
        let variable_name = text(variable, "/name").context("a variable without a name")?;
        ensure!(
            seen.insert(variable_name),
            "`{name}` has the variable `{variable_name}` twice"
        );
        let secret = variable.pointer("/valueFrom/secretKeyRef");
        if let Some(secret) = secret {
            let part = |field| text(secret, field).unwrap_or_default();
            from_secrets.insert(
                variable_name.to_owned(),
                format!("{}/{}", part("/name"), part("/key")),
            );
        }
    }
    for source in list(container, "/envFrom") {
        let secret = text(source, "/secretRef/name");
        from_secrets.extend(secret.map(|secret| (format!("all of {secret}"), secret.to_owned())));
    }
    let mounts: BTreeSet<_> = list(container, "/volumeMounts")
        .filter_map(|mount| secrets.get(text(mount, "/name")?))
        .collect();
    let escalates = container.pointer("/securityContext/allowPrivilegeEscalation");
    let adds = list(container, "/securityContext/capabilities/add").filter_map(Value::as_str);
    Ok(Container {
        name: name.to_owned(),
        init,
        ports: list(container, "/ports")
            .map(|item| port(item, "containerPort"))
            .collect::<Result<_>>()?,
        user: number(container, "/securityContext/runAsUser"),
        group: number(container, "/securityContext/runAsGroup"),
        escalates: escalates.and_then(Value::as_bool).unwrap_or(true),
        adds: adds.map(str::to_owned).collect(),
        secrets: from_secrets,
        mounts: mounts.into_iter().map(|secret| (*secret).to_owned()).collect(),
    })
}

fn port(port: &Value, number: &str) -> Result<Port> {
    let count = port
        .get(number)
        .and_then(Value::as_u64)
        .context("a port without a number")?;
    let target = port.get("targetPort").map(|target| match target {
        Value::String(name) => name.clone(),
        other => other.to_string(),
    });
    let protocol = text(port, "/protocol").filter(|protocol| *protocol != "TCP");
    Ok(Port {
        name: text(port, "/name").unwrap_or_default().to_owned(),
        number: count.try_into()?,
        target,
        protocol: protocol.map(str::to_owned),
        app: text(port, "/appProtocol").map(str::to_owned),
    })
}

fn text<'a>(value: &'a Value, at: &str) -> Option<&'a str> {
    value.pointer(at).and_then(Value::as_str)
}

fn number(value: &Value, at: &str) -> Option<i64> {
    value.pointer(at).and_then(Value::as_i64)
}

fn list<'a>(value: &'a Value, at: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(at).and_then(Value::as_array).into_iter().flatten()
}

fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    let fields = fields.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    fields.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(container: Value) -> Value {
        let pod = json!({"metadata": {"labels": {"component": "job", "chart": "1"}}, "spec": {"containers": [container]}});
        json!({"kind": "Job", "metadata": {"name": "job"}, "spec": {"template": pod}})
    }

    #[test]
    fn a_container_that_says_nothing_can_gain_privileges() {
        let facts = object(&job(json!({"name": "base"}))).unwrap();
        let pods = facts[0].pods().unwrap();
        assert_eq!(pods.account, "default");
        assert_eq!(
            pods.labels,
            BTreeMap::from([("component".to_owned(), "job".to_owned())])
        );
        assert!(pods.containers[0].escalates);
    }

    #[test]
    fn a_variable_that_is_there_twice_is_an_error() {
        let twice = json!([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]);
        let error = object(&job(json!({"name": "base", "env": twice}))).unwrap_err();
        assert!(
            format!("{error:#}").contains("`base` has the variable `A` twice"),
            "{error:#}"
        );
    }

    #[test]
    fn secrets_are_found_in_variables_and_volumes() {
        let secret = json!({"name": "airflow-metadata", "key": "connection"});
        let variable = json!({"name": "URL", "valueFrom": {"secretKeyRef": secret}});
        let facts = object(&job(json!({"name": "base", "env": [variable]}))).unwrap();
        let secrets: Vec<_> = facts[0].pods().unwrap().secrets().collect();
        assert_eq!(secrets, ["airflow-metadata/connection"]);
    }

    #[test]
    fn settings_of_the_log_store_are_found_in_their_section() {
        let settings = "[core]\nremote_x = 1\n[logging]\ncolored = False\nremote_logging = True\n\n[celery]\nremote_y = 2\n";
        let map =
            json!({"kind": "ConfigMap", "metadata": {"name": "config"}, "data": {"airflow.cfg": settings}});
        let found = object(&map).unwrap();
        let expected = BTreeMap::from([("remote_logging".to_owned(), "True".to_owned())]);
        assert_eq!(found[0].kind, Kind::Settings(expected));
    }
}
