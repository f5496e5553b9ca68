//! The map of teams as admission reads it: the API server itself decides about pods of many DAGs, under every account.

use std::thread;

use dagward_shipped::teams;
use dagward_workbench::wait;
use serde_json::{Value, json};

use crate::airflow::SOON;
use crate::files::text;
use crate::scene::Scene;

/// A namespace without injection, so that only the accounts decide.
const HERE: &str = "teams";

/// The cluster policy and the policies read it alike: `e2e/tests/airflow/cluster_policy.rs`,
/// `tests/examples/team_map.rs`.
#[test]
fn each_dag_has_the_account_of_the_map() {
    let scene = Scene::shared();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HERE}});
    let map = teams::MAP.iter().chain(&teams::ODD_MAP);
    let mut accounts: Vec<_> = map.flat_map(|(_, accounts)| accounts.split(' ')).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let objects = accounts
        .iter()
        .map(|name| of_kind("ServiceAccount", name, json!({})));
    scene.apply(&[namespace].into_iter().chain(objects).collect::<Vec<_>>());
    scene.cluster.kubernetes().apply(&policy()).unwrap();

    for map in [&teams::MAP[..], &teams::ODD_MAP] {
        follow(scene, map);
        let dag_ids = teams::dag_ids();
        let decided = |account: &str| {
            let admitted = admitted(scene, account, &dag_ids);
            for (dag_id, admitted) in dag_ids.iter().zip(admitted) {
                let expected = teams::accounts(map, dag_id).contains(&account);
                assert_eq!(admitted, expected, "{account}: {dag_id}");
            }
        };
        thread::scope(|scope| {
            for account in &accounts {
                scope.spawn(|| decided(account));
            }
        });
    }
}

/// The part of `admission.yaml` that is about accounts, for the namespace.
fn policy() -> String {
    let admission = text("examples/enforce/admission.yaml");
    let of_accounts = admission
        .split("\n---\n")
        .filter(|object| object.contains("\n  name: dagward-accounts"));
    let objects: Vec<_> = of_accounts.collect();
    assert_eq!(objects.len(), 2);
    objects
        .join("\n---\n")
        .replace("namespace: airflow", &format!("namespace: {HERE}"))
        .replace("metadata.name: airflow", &format!("metadata.name: {HERE}"))
        .replace(".airflow\n", &format!(".{HERE}\n"))
}

/// Gives the API server another map, and waits until it uses the map: an account that only that map has shows this.
fn follow(scene: &Scene, map: &teams::Map<'_>) {
    let mark = format!("mark_{}", map.len());
    let lines = map.iter().copied().chain([(&*mark, "default")]);
    let data: Value = lines
        .map(|(team, accounts)| (team.to_owned(), json!(accounts)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let path = format!("/api/v1/namespaces/{HERE}/configmaps/dagward-teams");
    scene.cluster.api().remove(&path).unwrap();
    wait::until("no map", SOON, || {
        Ok((!admitted(scene, "default", &[format!("{mark}_1")])[0]).then_some(()))
    })
    .unwrap();
    scene.apply(&[
        of_kind("ServiceAccount", "default", json!({})),
        of_kind("ConfigMap", "dagward-teams", json!({"data": data})),
    ]);
    wait::until("the map", SOON, || {
        Ok(admitted(scene, "default", &[format!("{mark}_1")])[0].then_some(()))
    })
    .unwrap();
}

/// Whether the API server would accept a task's pod of each DAG, all of them under one account.
fn admitted(scene: &Scene, account: &str, dag_ids: &[String]) -> Vec<bool> {
    let pods = dag_ids.iter().enumerate().map(|(number, dag_id)| {
        let mut pod = of_kind("Pod", &format!("task-{number}"), json!({}));
        pod["metadata"]["annotations"] = json!({"dag_id": dag_id});
        pod["spec"] =
            json!({"serviceAccountName": account, "containers": [{"name": "base", "image": "none"}]});
        pod
    });
    let list = json!({"apiVersion": "v1", "kind": "List", "items": pods.collect::<Vec<_>>()});
    let (printed, refusals) = scene.cluster.kubernetes().dry_run(&list).unwrap();
    let refusals: Vec<_> = refusals
        .lines()
        .filter(|line| line.contains("dagward-accounts"))
        .collect();
    let verdict = |number| {
        let name = format!("\"task-{number}\"");
        let admitted = printed.contains(&format!("pod/task-{number} created"));
        let refused = refusals.iter().any(|line| line.contains(&name));
        assert_ne!(admitted, refused, "{name}: {refusals:?}");
        admitted
    };
    (0..dag_ids.len()).map(verdict).collect()
}

fn of_kind(kind: &str, name: &str, fields: Value) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": HERE}});
    object
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    object
}
