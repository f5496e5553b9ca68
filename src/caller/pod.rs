//! Reads the task that a pod runs from the annotations and labels that Airflow has put on the pod.

use super::acting::{Acting, Proof};
use super::id;
use super::team::Team;

/// The pod's metadata.
pub trait Metadata {
    /// The annotation of this name.
    fn annotation(&self, name: &str) -> Option<String>;
    /// The label of this name.
    fn label(&self, name: &str) -> Option<String>;
}

/// The pod's identity according to the mesh's node metadata, for labels of outbound traffic only. The mesh's
/// id is the trust domain unless an operator has made them differ. Empty if the metadata lack a part.
pub fn pod_label(mesh: Option<&str>, namespace: Option<&str>, service_account: Option<&str>) -> String {
    match (mesh, namespace, service_account) {
        (Some(mesh), Some(namespace), Some(account)) => {
            format!("spiffe://{mesh}/ns/{namespace}/sa/{account}")
        }
        _ => String::new(),
    }
}

/// The task that the pod runs; `None` if its metadata name none.
///
/// An annotation that is not a DAG's id names no task, and then the labels are not read. A pod without a task
/// gains nothing from that: only Airflow's answer or the application itself can name a task for it, and no
/// rule takes that for the proof `pod`.
///
/// KubernetesExecutor's pods carry the raw ids as annotations. KubernetesPodOperator's pods have only labels,
/// in which Airflow shortens an id that is not a valid label value; see `from_label`.
pub fn pod_task(metadata: &impl Metadata) -> Option<Acting> {
    if metadata.annotation("dag_id").is_some() {
        return read(&|name| metadata.annotation(name));
    }
    read(&|name| metadata.label(name).and_then(from_label))
}

fn read(value: &dyn Fn(&str) -> Option<String>) -> Option<Acting> {
    let dag_id = value("dag_id").filter(|dag_id| id::is_id(dag_id))?;
    let ti_id = value("task_instance_id").or_else(|| value("ti_id"));
    Some(Acting {
        dag_id,
        run_id: value("run_id").filter(|run_id| id::is_run_id(run_id)),
        task_id: value("task_id").filter(|task_id| id::is_id(task_id)),
        map_index: value("map_index").and_then(|index| index.parse().ok()),
        try_number: value("try_number").and_then(|number| number.parse().ok()),
        ti_id: ti_id.filter(|ti_id| id::is_uuid(ti_id.as_bytes())),
        team: Team::Unknown,
        proof: Proof::Pod,
    })
}

/// The id that a label stands for; `None` if several ids could have this label.
///
/// Airflow's `make_safe_label_value` keeps an id that is a valid label value. Otherwise it appends `-` and
/// nine hex digits of the id's MD5. So a label with such an end may be either, and an attacker can find an id
/// with the same nine digits.
fn from_label(label: String) -> Option<String> {
    let digest = label.rsplit_once('-').map(|(_, digest)| digest);
    let may_be_digest = digest.is_some_and(|digest| {
        digest.len() == 9
            && digest
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    (!may_be_digest).then_some(label)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[derive(Default)]
    struct Pod {
        annotations: HashMap<&'static str, &'static str>,
        labels: HashMap<&'static str, &'static str>,
    }

    impl Metadata for Pod {
        fn annotation(&self, name: &str) -> Option<String> {
            self.annotations.get(name).map(|value| (*value).to_owned())
        }

        fn label(&self, name: &str) -> Option<String> {
            self.labels.get(name).map(|value| (*value).to_owned())
        }
    }

    #[test]
    fn annotations_come_before_labels() {
        let annotations = HashMap::from([("dag_id", "sales_daily"), ("task_id", "load"), ("map_index", "3")]);
        let labels = HashMap::from([("dag_id", "other"), ("run_id", "r1")]);
        let acting = pod_task(&Pod { annotations, labels }).unwrap();
        assert_eq!(
            (acting.dag_id.as_str(), acting.task_id.as_deref()),
            ("sales_daily", Some("load"))
        );
        assert_eq!(
            (acting.run_id, acting.map_index, acting.proof),
            (None, Some(3), Proof::Pod)
        );
    }

    #[test]
    fn labels_where_only_they_exist() {
        let labels = HashMap::from([
            ("dag_id", "sales_daily"),
            ("run_id", "scheduled__2026-01-01T0000000000-b36726f5d"),
            ("try_number", "1"),
        ]);
        let acting = pod_task(&Pod {
            labels,
            ..Pod::default()
        })
        .unwrap();
        assert_eq!(
            (acting.dag_id.as_str(), acting.run_id, acting.try_number),
            ("sales_daily", None, Some(1))
        );
    }

    #[test]
    fn no_task_pod() {
        assert_eq!(pod_task(&Pod::default()), None);
        let annotations = HashMap::from([("dag_id", "not an id")]);
        assert_eq!(
            pod_task(&Pod {
                annotations,
                ..Pod::default()
            }),
            None
        );
    }

    /// A label that is read as an id is always the id from which Airflow made it.
    #[test]
    fn a_label_is_its_id_or_unknown() {
        let vectors: Vec<HashMap<String, String>> =
            serde_json::from_str(include_str!("testdata/label_vectors.json")).unwrap();
        assert!(vectors.len() > 10);
        for vector in vectors {
            let read = from_label(vector["out"].clone());
            assert!(
                read.is_none() || read.as_ref() == Some(&vector["in"]),
                "{vector:?}"
            );
        }
        assert_eq!(from_label("foobar-327b6f074".into()), None);
    }

    #[test]
    fn a_label_needs_all_of_its_parts() {
        let (mesh, namespace, account) = (Some("cluster.local"), Some("airflow"), Some("worker"));
        let label = "spiffe://cluster.local/ns/airflow/sa/worker";
        assert_eq!(pod_label(mesh, namespace, account), label);
        for [mesh, namespace, account] in [
            [None, namespace, account],
            [mesh, None, account],
            [mesh, namespace, None],
        ] {
            assert_eq!(pod_label(mesh, namespace, account), "");
        }
    }
}
