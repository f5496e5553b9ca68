//! The files of `examples/` against the objects that Airflow's official Helm chart renders from the shipped values, as
//! `lab/chart/facts.json` lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use dagward_shipped::chart::{Combination, Facts, Kind, Object, Pods};
use dagward_shipped::manifest;
use dagward_workbench::paths;
use serde_json::Value;

/// The secrets with which a task could do harm: the database's URL and password, the key that encrypts its passwords,
/// and the key that signs tokens of tasks.
const KEPT_FROM_TASKS: [&str; 5] = [
    "airflow-metadata",
    "airflow-fernet-key",
    "airflow-jwt-secret",
    "airflow-postgresql",
    "airflow-result-backend",
];

/// The components behind Airflow. They do not speak HTTP.
const BEHIND: [&str; 3] = ["pgbouncer", "redis", ""];

const ANNOTATIONS: [&str; 2] = ["proxy.istio.io/config", "sidecar.istio.io/nativeSidecar"];

/// Calls `look` for every combination.
fn each(look: impl Fn(&Combination, &[&Object])) {
    let facts = Facts::kept().unwrap();
    assert!(facts.renderings().count() > 0);
    for (combination, objects) in facts.renderings() {
        look(combination, &objects);
    }
}

fn pods<'a>(objects: &'a [&Object]) -> impl Iterator<Item = (&'a str, &'a Pods)> {
    objects
        .iter()
        .filter_map(|object| Some((&*object.name, object.pods()?)))
}

/// The names of the Secrets that pods have.
fn secrets(pods: &Pods) -> BTreeSet<&str> {
    pods.secrets()
        .map(|secret| secret.split('/').next().unwrap())
        .collect()
}

/// The documents of a file, by their names.
fn named(file: &str) -> BTreeMap<String, Value> {
    let documents = manifest::read_all(file).unwrap().into_iter();
    let name = |document: &Value| document["metadata"]["name"].as_str().unwrap().to_owned();
    documents.map(|document| (name(&document), document)).collect()
}

fn texts(list: &Value) -> BTreeSet<String> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

#[test]
fn tasks_have_no_way_into_the_database() {
    each(|combination, objects| {
        let tasks: Vec<_> = pods(objects).filter(|(_, pods)| pods.runs_tasks()).collect();
        let of_tasks = tasks.iter().filter(|(name, _)| *name == "task").count();
        assert_eq!(
            of_tasks > 0,
            combination.executor.has_task_pods(),
            "{combination}"
        );
        assert_eq!(
            tasks.len() > of_tasks,
            combination.executor.has_workers(),
            "{combination}"
        );
        for (name, pods) in tasks {
            let found = secrets(pods);
            if combination.is_airflow_2() {
                // As in values-airflow-2.yaml.
                assert!(found.contains("airflow-metadata"), "{combination}: {name}");
                continue;
            }
            let bad: Vec<_> = KEPT_FROM_TASKS
                .iter()
                .filter(|secret| found.contains(*secret))
                .collect();
            assert!(bad.is_empty(), "{combination}: {name} has {bad:?}");
            let allowed: &[&str] = match name {
                "task" => &[],
                _ => &["airflow-api-secret-key", "airflow-broker-url"],
            };
            assert_eq!(found, allowed.iter().copied().collect(), "{combination}: {name}");
        }
    });
}

#[test]
fn components_have_what_they_need() {
    each(|combination, objects| {
        let server = match combination.is_airflow_2() {
            true => "airflow-webserver",
            false => "airflow-api-server",
        };
        let mut need = vec![
            server,
            "airflow-scheduler",
            "airflow-triggerer",
            "airflow-run-airflow-migrations",
            "airflow-create-user",
            "airflow-database-cleanup",
        ];
        if !combination.is_airflow_2() {
            need.push("airflow-dag-processor");
        }
        let found: BTreeMap<_, _> = pods(objects).collect();
        for name in need {
            let secrets = secrets(found[name]);
            for secret in ["airflow-metadata", "airflow-fernet-key"] {
                assert!(secrets.contains(secret), "{combination}: {name} lacks {secret}");
            }
            for container in &found[name].containers {
                if container.name == "wait-for-airflow-migrations" {
                    assert_eq!(container.mounts, ["airflow-metadata"], "{combination}: {name}");
                }
            }
        }
        let signers: Vec<_> = pods(objects)
            .filter(|(_, pods)| secrets(pods).contains("airflow-jwt-secret"))
            .map(|(name, _)| name)
            .collect();
        match combination.is_airflow_2() {
            true => assert!(signers.is_empty(), "{combination}: {signers:?}"),
            false => assert_eq!(
                signers,
                ["airflow-api-server", "airflow-scheduler"],
                "{combination}"
            ),
        }
        let queue = pods(objects).filter(|(_, pods)| secrets(pods).contains("airflow-broker-url"));
        assert_eq!(
            queue.count() > 0,
            combination.executor.has_workers(),
            "{combination}"
        );
    });
}

#[test]
fn every_port_of_airflow_is_http() {
    let protocols = manifest::read_all("examples/istio/protocols.yaml").unwrap();
    let mut declared = BTreeSet::new();
    for sidecar in &protocols {
        let component = sidecar["spec"]["workloadSelector"]["labels"]["component"].as_str();
        for ingress in sidecar["spec"]["ingress"].as_array().unwrap() {
            let port = &ingress["port"];
            assert_eq!(port["protocol"], "HTTP");
            let number = port["number"].as_u64().unwrap();
            assert_eq!(ingress["defaultEndpoint"], format!("0.0.0.0:{number}"));
            assert!(declared.insert((component.unwrap().to_owned(), number)));
        }
    }
    each(|combination, objects| {
        let airflow = |pods: &Pods| pods.in_mesh() && !BEHIND.contains(&pods.component());
        for (name, pods) in pods(objects).filter(|(_, pods)| airflow(pods)) {
            for container in &pods.containers {
                // git-sync does not declare its port.
                let own = (container.name == "git-sync").then_some(1234);
                let ports = container.ports.iter().map(|port| port.number).chain(own);
                for port in ports {
                    let key = (pods.component().to_owned(), u64::from(port));
                    assert!(declared.contains(&key), "{combination}: {port} of {name}");
                }
            }
        }
        for object in objects {
            let Some(service) = object.service() else { continue };
            let component = service.selector.get("component").map_or("", String::as_str);
            let airflow = pods(objects).any(|(_, pods)| airflow(pods) && pods.component() == component);
            for port in service.ports.iter().filter(|_| airflow) {
                let key = (component.to_owned(), u64::from(port.number));
                assert!(
                    declared.contains(&key),
                    "{combination}: {} of {}",
                    port.number,
                    object.name
                );
                // The sidecars of tasks must know the servers that tasks call. Only the api-server may ask for logs.
                let logs = [8793, 8794].contains(&port.number);
                let named = port.name.starts_with("http-") || port.app.as_deref() == Some("http");
                assert!(logs || named, "{combination}: {} of {}", port.name, object.name);
            }
        }
    });
}

#[test]
fn every_sidecar_starts_first_and_knows_the_labels() {
    each(|combination, objects| {
        for (name, pods) in pods(objects) {
            if pods.in_mesh() {
                assert_eq!(pods.annotations, ANNOTATIONS, "{combination}: {name}");
            } else {
                let alone = ["airflow-statsd", "airflow-otel-collector"];
                assert!(alone.contains(&name), "{combination}: {name}");
                assert!(secrets(pods).is_empty(), "{combination}: {name}");
            }
        }
    });
}

#[test]
fn each_account_is_made_once() {
    let teams: BTreeSet<_> = named("examples/istio/teams.yaml").into_keys().collect();
    each(|combination, objects| {
        let accounts = objects.iter().filter_map(|object| match object.kind {
            Kind::Account(token) => Some((&*object.name, token)),
            _ => None,
        });
        let accounts: BTreeMap<_, _> = accounts.collect();
        for (name, pods) in pods(objects) {
            let account = &*pods.account;
            let by_team = teams.contains(account);
            let by_chart = accounts.contains_key(account);
            // The template of a pod that no executor makes, and PostgreSQL's pod.
            let unused = name == "task" && !combination.executor.has_task_pods() || account == "default";
            assert!(
                by_team != by_chart || unused,
                "{combination}: {name} is {account}"
            );
            if pods.runs_tasks() || ["airflow-triggerer", "airflow-dag-processor"].contains(&account) {
                let token = accounts.get(account).copied().unwrap_or(Some(false));
                assert_eq!(token, Some(false), "{combination}: {account}");
            }
            // A team's name is the part behind `airflow-worker-`.
            let team = account.strip_prefix("airflow-worker-");
            assert!(team.is_none() || by_team, "{combination}: {account}");
        }
    });
}

#[test]
fn the_servers_account_is_the_one_in_the_policies() {
    each(|combination, objects| {
        let reader = objects
            .iter()
            .find(|object| object.name == "airflow-pod-log-reader-rolebinding");
        let expected = Kind::Binding(vec!["airflow-api-server".to_owned()]);
        assert_eq!(reader.unwrap().kind, expected, "{combination}");
        let server = pods(objects).find(|(_, pods)| ["api-server", "webserver"].contains(&pods.component()));
        assert_eq!(server.unwrap().1.account, "airflow-api-server", "{combination}");
        // Neither tasks nor triggerers may call the API server of Kubernetes.
        for object in objects {
            if let Kind::Binding(accounts) = &object.kind {
                let authors = accounts.iter().filter(|account| {
                    account.starts_with("airflow-worker") || *account == "airflow-triggerer"
                });
                assert_eq!(authors.count(), 0, "{combination}: {}", object.name);
            }
        }
    });
}

/// The requirements of `dagward-task-pods` in admission.yaml, before the sidecar is injected.
#[test]
fn admission_takes_the_pods_of_tasks() {
    each(|combination, objects| {
        for (name, pods) in pods(objects).filter(|(_, pods)| pods.runs_tasks()) {
            for container in &pods.containers {
                let at = format!("{combination}: {} of {name}", container.name);
                let user = container.user.or(pods.user).unwrap_or(0);
                let group = container.group.or(pods.group).unwrap_or(1337);
                assert!(user != 0 && user != 1337 && group != 1337, "{at}");
                assert!(!container.escalates && container.adds.is_empty(), "{at}");
            }
        }
    });
}

/// Its requirements for Secrets. A task of Airflow 2.11 has these two, as its comment on `taskSecrets` says.
#[test]
fn pods_of_tasks_have_no_secret_of_airflow_s() {
    let names = named("examples/enforce/admission.yaml");
    let names = &names["dagward-admission"]["data"];
    let [own, of_tasks] = ["secrets", "taskSecrets"].map(|name| names[name].as_str().unwrap());
    let text = fs::read_to_string(paths::workspace().join("examples/enforce/admission.yaml")).unwrap();
    let of_airflow_2 = ["airflow-fernet-key", "airflow-metadata"];
    assert!(text.contains("add `airflow-metadata airflow-fernet-key`"));
    each(|combination, objects| {
        for (_, pods) in pods(objects).filter(|(name, _)| *name == "task") {
            let mut found = secrets(pods);
            found.retain(|secret| secret.starts_with(own) && *secret != of_tasks);
            let expected = if combination.is_airflow_2() {
                &of_airflow_2[..]
            } else {
                &[]
            };
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{combination}");
        }
    });
}

/// The accounts that may connect to the pods of a document of `database.yaml`.
fn callers(policy: &Value) -> BTreeSet<String> {
    let rules = policy["spec"]["rules"].as_array().unwrap().iter();
    let principals = rules.filter_map(|rule| rule.pointer("/from/0/source/principals"));
    let account = |principal: String| {
        let account = principal.strip_prefix("cluster.local/ns/airflow/sa/");
        account.expect(&principal).to_owned()
    };
    principals.flat_map(texts).map(account).collect()
}

/// The accounts and the components of the pods of Airflow 3 that have a secret, over all combinations.
fn holders(secret: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut accounts, mut components) = (BTreeSet::new(), BTreeSet::new());
    let facts = Facts::kept().unwrap();
    for (combination, objects) in facts.renderings() {
        for (_, pods) in pods(&objects) {
            if !combination.is_airflow_2() && secrets(pods).contains(secret) {
                accounts.insert(pods.account.clone());
                components.insert(pods.component().to_owned());
            }
        }
    }
    (accounts, components)
}

#[test]
fn only_holders_of_its_password_connect_to_the_database() {
    let policies = named("examples/database/database.yaml");
    let (accounts, components) = holders("airflow-metadata");
    assert_eq!(callers(&policies["pgbouncer"]), accounts);
    let mut direct = callers(&policies["postgresql"]);
    assert!(direct.remove("airflow-pgbouncer"));
    assert_eq!(direct, accounts);

    let broker = holders("airflow-broker-url").0;
    let workers: BTreeSet<_> = broker
        .iter()
        .filter(|account| account.starts_with("airflow-worker"))
        .collect();
    assert_eq!(workers.len(), 3);
    let mut queue: BTreeSet<_> = broker
        .iter()
        .filter(|account| !workers.contains(account))
        .cloned()
        .collect();
    queue.insert("airflow-worker*".to_owned());
    assert_eq!(callers(&policies["redis"]), queue);

    // By labels, with Airflow 2's web server and a second server of a later chart.
    let policies = named("examples/database/network-policy.yaml");
    let chosen = |name: &str| {
        let from = "/spec/ingress/0/from/0/podSelector/matchExpressions/0/values";
        texts(policies[name].pointer(from).unwrap())
    };
    let mut databases = components;
    databases.extend(["webserver", "execution-api-server"].map(str::to_owned));
    assert_eq!(chosen("database"), databases);
    assert_eq!(chosen("redis"), holders("airflow-broker-url").1);
    databases.insert("pgbouncer".to_owned());
    assert_eq!(chosen("postgresql"), databases);
    let others = policies["tasks"]
        .pointer("/spec/podSelector/matchExpressions/0")
        .unwrap();
    assert_eq!(others["operator"], "NotIn");
    assert_eq!(texts(&others["values"]), databases);
}

#[test]
fn the_files_choose_pods_that_there_are() {
    let chosen = [
        ("pgbouncer", "component", "pgbouncer"),
        ("postgresql", "app.kubernetes.io/name", "postgresql"),
        ("redis", "component", "redis"),
    ];
    let policies = named("examples/database/database.yaml");
    each(|combination, objects| {
        for (policy, label, value) in chosen {
            assert_eq!(policies[policy]["spec"]["selector"]["matchLabels"][label], value);
            let found =
                pods(objects).any(|(_, pods)| pods.labels.get(label).is_some_and(|found| found == value));
            let expected = policy != "redis" || combination.executor.has_workers();
            assert_eq!(found, expected, "{combination}: {policy}");
        }
        // The chart's own policies would let tasks in.
        assert!(
            objects.iter().all(|object| object.kind != Kind::Traffic),
            "{combination}"
        );
    });
}
